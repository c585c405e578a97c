"""Trains the VAE and the CharRNN of MOSES by their own code, and keeps what they draw.

They come from ``pip install --no-deps --target FOLDER molsets==0.3.1``; what that package imports
for other things than training (pandas, matplotlib, its metrics) is not needed and left out.

    python tests/bench/molecule_peers.py --moses FOLDER --data train.smi --peer vae --minutes 20 \
        --count 3000 --out vae.json
"""

import argparse
import json
import sys
import time
import types
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

_DRAWN_AT_ONCE = 256


class _Torch(types.ModuleType):
    """torch as it was when masks were bytes: only so their VAE can draw."""

    def __getattr__(self, name: str) -> Any:
        return torch.bool if name == "uint8" else getattr(torch, name)


class _Budget:
    """Batches until the processor's time is spent; behaves as tqdm does, without showing it."""

    def __init__(self, loader: Any, seconds: float, began_s: float) -> None:
        self._loader, self._seconds, self._began_s = loader, seconds, began_s
        self.is_spent, self.seen = False, 0

    def __iter__(self) -> Iterator[Any]:
        for batch in self._loader:
            if time.process_time() - self._began_s > self._seconds:
                self.is_spent = True
                return
            yield batch
            self.seen += len(batch[0]) if isinstance(batch, tuple) else len(batch)

    def set_postfix(self, _: Any) -> None:
        """Shown by tqdm."""

    def set_postfix_str(self, _: str) -> None:
        """Shown by tqdm."""


def _import_moses(folder: Path) -> None:
    """Find the package's parts without running its ``__init__``."""
    package = types.ModuleType("moses")
    package.__path__ = [str(folder / "moses")]
    sys.modules["moses"] = package
    stubs = {name: types.ModuleType(name) for name in ("pandas", "matplotlib", "matplotlib.pyplot")}
    stubs["matplotlib"].pyplot = stubs["matplotlib.pyplot"]  # type: ignore[attr-defined]
    sys.modules.update(stubs)
    import_module("moses.utils")
    for name in stubs:
        del sys.modules[name]


def main() -> None:
    """Train one peer and write what it drew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moses", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", choices=("vae", "char-rnn"), required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    _import_moses(chosen.moses)
    torch.set_num_threads(1)
    torch.manual_seed(chosen.seed)
    smiles = chosen.data.read_text().split()
    if chosen.peer == "vae":
        from moses.vae import VAE, VAETrainer, vae_parser

        sys.modules["moses.vae.model"].torch = _Torch("torch")  # type: ignore[attr-defined]

        config = vae_parser().parse_args([])
        trainer, kind = VAETrainer(config), VAE
    else:
        from moses.char_rnn import CharRNN, CharRNNTrainer, char_rnn_parser

        config = char_rnn_parser().parse_args([])
        trainer, kind = CharRNNTrainer(config), CharRNN
    model = kind(trainer.get_vocabulary(smiles), config)
    loader = trainer.get_dataloader(model, smiles)
    seconds = chosen.minutes * 60
    seen, epoch = 0, 0
    if chosen.peer == "vae":
        from moses.vae.misc import KLAnnealer

        optimizer = torch.optim.Adam(trainer.get_optim_params(model), lr=config.lr_start)
        annealer = KLAnnealer(trainer._n_epoch(), config)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    began_s = time.process_time()
    while True:
        budget = _Budget(loader, seconds, began_s)
        if chosen.peer == "vae":
            last = trainer._train_epoch(model, epoch, budget, annealer(epoch), optimizer)
        else:
            loss = torch.nn.CrossEntropyLoss()
            last = trainer._train_epoch(model, budget, loss, optimizer)
        seen += budget.seen
        print(epoch, seen, time.process_time() - began_s, last, flush=True)
        epoch += 1
        if budget.is_spent:
            break
    trained_s = time.process_time() - began_s
    model.eval()
    began_s = time.process_time()
    drawn: list[str] = []
    while len(drawn) < chosen.count:
        drawn += model.sample(_DRAWN_AT_ONCE, 100)
    drawing_s = time.process_time() - began_s
    chosen.out.write_text(
        json.dumps(
            {
                "peer": chosen.peer,
                "trained_s": trained_s,
                "seen": seen,
                "drawn_per_s": len(drawn) / drawing_s,
                "smiles": drawn[: chosen.count],
            }
        )
    )


if __name__ == "__main__":
    main()
