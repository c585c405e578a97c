"""How good made sounds are: spoken digits, judged by a classifier of real ones.

    python tests/bench/bench_sound.py FOLDER --minutes 6

A small convolutional network learns to tell the kinds of real sounds apart, from those that the VAE
learns from; it is tested on held-out real ones, on held-out ones that the VAE described and played
again, and on made ones, asked for by kind. Beside them stand made ones whose kinds are shuffled:
what a classifier scores by chance.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.sounds import to_int16
from genstudio.domain import events
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.models.blocks.spectrogram import MelSpectrogram
from genstudio.models.protocol import Request
from genstudio.models.sampling import evaluating
from genstudio.models.sound.spectrogram_vae import SpectrogramVAE
from genstudio.services.decoding import dataset_of, decoded
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_EPOCHS = 40
_BATCH = 32


class Classifier(nn.Module):
    """Levels (N, 1, B, T) => logits of the kinds."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for one, other in ((1, 16), (16, 32), (32, 64), (64, 64)):
            conv = nn.Conv2d(one, other, 3, padding=1)
            layers += [conv, nn.BatchNorm2d(other), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(64, num_classes)

    def forward(self, levels: Tensor) -> Tensor:
        return self.last(functional.dropout(self.layers(levels).mean((2, 3)), 0.3, self.training))


def trained(levels: Tensor, labels: Tensor, num_classes: int) -> Classifier:
    torch.manual_seed(0)
    network = Classifier(num_classes)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-2)
    steps = _EPOCHS * (len(levels) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(_EPOCHS):
        for part in torch.randperm(len(levels)).split(_BATCH)[: len(levels) // _BATCH]:
            x = levels[part].roll(int(torch.randint(-4, 5, ())), dims=3)
            loss = functional.cross_entropy(network(x), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.inference_mode()
def accuracy(network: Classifier, levels: Tensor, labels: Tensor) -> float:
    return (network(levels).argmax(1) == labels).double().mean().item()


def main(folder: Path, minutes: float, per_kind: int, run_folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as place:
        run = Run(run_folder or _run_of(folder, minutes, Path(place)))
        data = run.data
        manifest = run.project().load_manifest(run.file.dataset)
        cache = drain(
            decoded(manifest, run.settings, run.project().dataset_folder(run.file.dataset))
        )
        dataset = dataset_of(
            manifest, cache, run.held_out, run.file.kinds, is_reversed=False, words={}
        )
        sounds = torch.from_numpy(dataset.fields["sounds"].values.astype(np.float32) / 2**15)
        labels = torch.from_numpy(dataset.fields["labels"].values)
        rate, length = data.layout.removesuffix(" samples").split(" Hz, ")
        mel = MelSpectrogram(rate_hz=int(rate), samples=int(length), hop=128, bands=64)
        learned, held_out = dataset.learned_from(), dataset.held_out_of()
        levels = mel.levels(sounds)[:, None]
        network = trained(levels[learned], labels[learned], len(data.classes))
        model = load_model(run, run.checkpoint("last"))
        assert isinstance(model, SpectrogramVAE)
        again = _again(model, sounds[held_out], labels[held_out], len(data.classes))
        made, kinds = _made(model, list(data.classes), per_kind)
    shuffled = kinds[torch.randperm(len(kinds), generator=torch.Generator().manual_seed(1))]
    again_levels, made_levels = mel.levels(again)[:, None], mel.levels(made)[:, None]
    print("kind named right by the classifier")
    print(f"  real, held out       {accuracy(network, levels[held_out], labels[held_out]):.3f}")
    print(f"  the same, played again {accuracy(network, again_levels, labels[held_out]):.3f}")
    print(f"  made ({len(kinds)})          {accuracy(network, made_levels, kinds):.3f}")
    print(f"  made, kinds shuffled {accuracy(network, made_levels, shuffled):.3f}")
    peaks, means = made.abs().amax(1), made.square().mean(1).sqrt()
    print(f"peak {peaks.min():.2f} … {peaks.max():.2f}")
    print(f"mean level (RMS) {means.min():.3f} … {means.max():.3f}")
    nearest = torch.cdist(made_levels.flatten(1), levels[learned].flatten(1)).min(1).values
    usual = torch.cdist(levels[held_out].flatten(1), levels[learned].flatten(1)).min(1).values
    print(f"nearest learned sound: made {nearest.median():.1f}, held out {usual.median():.1f}")


def _run_of(folder: Path, minutes: float, place: Path) -> Path:
    settings = TrainingSettings(
        model_key="spectrogram-vae",
        kinds=True,
        batch=16,
        budget=Budget(unit="minutes", amount=minutes),
        seed=1,
        device="cpu",
        preview_every_s=1e6,
        save_every_s=1e6,
    )
    request = NewRun(folder=folder, project=place / "Sounds", settings=settings)
    told = list(start_run(request, NoCommands()))
    assert isinstance(told[-1], events.Finished), told[-1]
    return told[-1].run


def _again(model: SpectrogramVAE, sounds: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    with evaluating(model.network):
        latents = model.describe({"sounds": sounds})
    latents = latents.clone()
    latents[:, -num_classes:] = functional.one_hot(labels, num_classes).float()
    settings = model.tasks[0].settings()
    return _stacked([it.data.samples for it in model.remake(latents, settings)])


def _made(model: SpectrogramVAE, kinds: Sequence[str], per_kind: int) -> tuple[Tensor, Tensor]:
    task = model.tasks[0]
    found: list[np.ndarray] = []
    for at, kind in enumerate(kinds):
        seeds = range(at * per_kind, (at + 1) * per_kind)
        request = Request(seeds=seeds, settings=task.settings(kind=kind))
        found += [it.data.samples for it in model.run(task.key, request)]
    return _stacked(found), torch.arange(len(kinds)).repeat_interleave(per_kind)


def _stacked(found: Sequence[np.ndarray]) -> Tensor:
    # As a file holds them.
    return torch.from_numpy(np.stack([to_int16(it) for it in found]).astype(np.float32) / 2**15)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--per-kind", type=int, default=40)
    parser.add_argument("--run", type=Path, help="A run that was trained before.")
    chosen = parser.parse_args()
    main(chosen.folder, chosen.minutes, chosen.per_kind, chosen.run)
