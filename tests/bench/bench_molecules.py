"""How good molecules are: valid, unique, new, like held-out ones; beside peers' on the same set.

    python tests/bench/bench_molecules.py train --data FOLDER --project DIR --minutes 10
    python tests/bench/bench_molecules.py judge --train train.smi --test test.smi --count 2000 \
        --run DIR/runs/RUN --peer vae.json --peer char-rnn.json

``train`` trains ours on one thread until the *processor* has worked for so long, previews and
checkpoints with it; ``molecule_peers.py`` counts alike, so neighbours on the machine are nobody's
disadvantage. ``judge`` takes what each has drawn: of ours as the program does by default, which
tries again what is no molecule; without trying again; and without the rules of writing as well.
Drawn a second counts texts; the last column, their properties with it. FCD
(Preuer et al. 2018, arXiv:1803.09518) is that of fcd_torch 1.0.7 (``pip install --no-deps
fcd-torch==1.0.7``), against
the test molecules and beside that of as many training ones, which is its floor at that number.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from genstudio.data import chemistry
from genstudio.domain import commands, events
from genstudio.domain.operations import GENERATE
from genstudio.domain.settings import parse_settings
from genstudio.models.protocol import Request
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.presets import resolve_settings
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "at one try": {"valid_only": False},
    "raw": {"valid_only": False, "grammar": False},
}


class _Clock:
    """Stops a run when the processor has worked for so long since it began."""

    def __init__(self) -> None:
        self.until_s = float("inf")

    @property
    def is_stop_wanted(self) -> bool:
        return time.process_time() > self.until_s

    def poll(self, timeout_s: float) -> commands.Command | None:
        del timeout_s
        return commands.Stop() if self.is_stop_wanted else None


def _train(chosen: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    model = dict(it.split("=") for it in chosen.set)
    settings = resolve_settings(
        preset="quick",
        model_key="smiles-vae",
        training={
            "seed": chosen.seed,
            "device": "cpu",
            "batch": chosen.batch,
            "held_out": 0.02,
            "notation": chosen.notation,
            "budget": {"unit": "minutes", "amount": 600},
        },
        model={name: float(value) if "." in value else int(value) for name, value in model.items()},
    )
    request = NewRun(folder=chosen.data, project=chosen.project, settings=settings)
    clock = _Clock()
    for event in start_run(request, clock):
        if isinstance(event, events.RunStarted):
            clock.until_s = time.process_time() + chosen.minutes * 60
        if isinstance(event, events.StepDone) and event.step % 100 < 3:
            print(event.step, event.images_seen, event.losses, flush=True)
        if isinstance(event, (events.Finished, events.Stopped, events.Failed)):
            print(event, flush=True)


def _ours(
    path: Path, count: int, sampling: dict[str, Any]
) -> tuple[list[str], float, dict[str, float]]:
    run = Run(path)
    checkpoint = run.checkpoint("last")
    model = load_model(run, checkpoint)
    settings = parse_settings(task_of(model, GENERATE).settings, sampling)
    list(model.run(GENERATE, Request(seeds=[1], settings=settings)))
    request = Request(seeds=range(10**6, 10**6 + count), settings=settings)
    began_s = time.process_time()
    with mock.patch.object(chemistry, "properties", return_value={}):
        made = [str(it.data) for it in model.run(GENERATE, request)]
    per_s = count / (time.process_time() - began_s)
    began_s = time.process_time()
    assert made == [str(it.data) for it in model.run(GENERATE, request)]
    state = checkpoint.state
    about = {
        "step": state.step,
        "seen": state.images_seen,
        "with properties/s": count / (time.process_time() - began_s),
    }
    return made, per_s, about


def _scaffold_cosine(made: Sequence[str], test: Sequence[str]) -> float:
    one, other = (Counter(filter(None, map(chemistry.scaffold, it))) for it in (made, test))
    keys = [*one.keys() | other.keys()]
    first, second = (np.array([it[key] for key in keys], float) for it in (one, other))
    return float(first @ second / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-12))


class _Judge:
    def __init__(self, train: Sequence[str], test: Sequence[str], count: int) -> None:
        from fcd_torch import FCD

        self._known = {chemistry.canonical(it) for it in train}
        self._test = list(test)
        self._count = count
        self._fcd = FCD(device="cpu", n_jobs=1, batch_size=256)
        self._real = self._fcd.precalc(self._test[:count])

    def __call__(self, made: Sequence[str]) -> dict[str, float]:
        canonical = [chemistry.canonical(it) for it in made]
        valid = [it for it in canonical if it]
        thousand = valid[:1000]
        figures = {
            "valid": len(valid) / len(made),
            "unique@1k": len(set(thousand)) / max(1, len(thousand)),
            "novel": sum(it not in self._known for it in set(valid)) / max(1, len(set(valid))),
            "scaffold cosine": _scaffold_cosine(valid, self._test),
        }
        if len(valid) > 100:
            figures["FCD"] = float(self._fcd(gen=valid[: self._count], pref=self._real))
        return figures


def _judge(chosen: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    train, test = (path.read_text().split() for path in (chosen.train, chosen.test))
    judge = _Judge(train, test, chosen.count)
    rows: dict[str, dict[str, float]] = {}
    rows["training set (floor)"] = judge(train[: chosen.count])
    print(rows, flush=True)
    sampling = dict(it.split("=") for it in chosen.set)
    for path, (way, how) in product(chosen.run, _WAYS.items()):
        wanted = {**how, **{name: float(value) for name, value in sampling.items()}}
        made, per_s, about = _ours(path, chosen.count, wanted)
        rows[f"ours {path.name}, {way}"] = {**judge(made), "drawn/s": per_s, **about}
        print(made[:5], rows, flush=True)
    for path in chosen.peer:
        told = json.loads(path.read_text())
        rows[told["peer"]] = {
            **judge(told["smiles"][: chosen.count]),
            "drawn/s": told["drawn_per_s"],
            "seen": told["seen"],
        }
        print(rows, flush=True)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    print("| | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for name, row in rows.items():
        print(
            f"| {name} | "
            + " | ".join(f"{row[it]:.4g}" if it in row else "" for it in names)
            + " |"
        )


def main() -> None:
    """Train or judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands_of = parser.add_subparsers(required=True)
    train = commands_of.add_parser("train")
    train.add_argument("--data", type=Path, required=True)
    train.add_argument("--project", type=Path, required=True)
    train.add_argument("--minutes", type=float, default=10)
    train.add_argument("--batch", type=int, default=32)
    train.add_argument("--notation", choices=("SMILES", "SELFIES"), default="SMILES")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--set", action="append", default=[])
    train.set_defaults(does=_train)
    judge = commands_of.add_parser("judge")
    judge.add_argument("--train", type=Path, required=True)
    judge.add_argument("--test", type=Path, required=True)
    judge.add_argument("--count", type=int, default=2000)
    judge.add_argument("--run", type=Path, action="append", default=[])
    judge.add_argument("--peer", type=Path, action="append", default=[])
    judge.add_argument("--set", action="append", default=[])
    judge.set_defaults(does=_judge)
    chosen = parser.parse_args()
    chosen.does(chosen)


if __name__ == "__main__":
    main()
