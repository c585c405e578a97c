"""How well a model of pictures with sounds knows what belongs together: digits.

    python tests/bench/bench_multimodal.py PICTURES SOUNDS --minutes 20

Both folders hold one folder for each class, of the same names. Of each class, 60 % are learned
from, 25 % teach two small classifiers, which the model never sees, and with the remaining 15 %
everything is tested: a sound is made for each picture and a picture for each sound, as a person has
it done, and pairs are invented. Coherence is the share of results that the classifier names as what
they were made for; beside it stand the same results with shuffled labels, and real ones.
"""

import argparse
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.protocol import Drawn
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.paired_layout import PairedLayout
from genstudio.data.modalities.protocol import FileModality
from genstudio.data.modalities.sound import SoundLayout
from genstudio.data.sounds import Sound
from genstudio.domain import events
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.models.blocks.sound_levels import SoundLevels
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_LEARNED, _JUDGED = 0.6, 0.85
_EPOCHS, _BATCH = 60, 32
_PAIRS = 200
_SHEET_PX = 64
_SEEDS = 5


class Classifier(nn.Module):
    """Grids (N, C, H, W) => logits of the classes."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for one, other in ((channels, 16), (16, 32), (32, 64), (64, 64)):
            conv = nn.Conv2d(one, other, 3, padding=1)
            layers += [conv, nn.BatchNorm2d(other), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(64, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(functional.dropout(self.layers(x).mean((2, 3)), 0.3, self.training))

    @torch.inference_mode()
    def named(self, x: Tensor) -> Tensor:
        return self(x).argmax(1)


def trained(x: Tensor, labels: Tensor, num_classes: int) -> Classifier:
    """Moved a little to the sides and with a little noise, so that neither decides."""
    torch.manual_seed(0)
    network = Classifier(x.shape[1], num_classes)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-2)
    in_epoch = len(x) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=_EPOCHS * in_epoch)
    for _ in range(_EPOCHS):
        for part in torch.randperm(len(x)).split(_BATCH)[:in_epoch]:
            seen = x[part].roll(int(torch.randint(-3, 4, ())), dims=3)
            loss = functional.cross_entropy(
                network(seen + 0.05 * torch.randn_like(seen)), labels[part]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


class Side:
    """One of the two materials: its files by what they are for, and how results are judged."""

    def __init__(self, folder: Path, read: Callable[[Path], Tensor]) -> None:
        self._read = read
        self.classes = sorted(it.name for it in folder.iterdir() if it.is_dir())
        self.learned: list[Path] = []
        self.tested: list[Path] = []
        judged: list[Path] = []
        for name in self.classes:
            files = sorted((folder / name).iterdir(), key=_rank)
            first, second = (round(share * len(files)) for share in (_LEARNED, _JUDGED))
            self.learned += files[:first]
            judged += files[first:second]
            self.tested += files[second:]
        self._judged = judged
        self._classifier: Classifier | None = None

    def label(self, path: Path) -> int:
        return self.classes.index(path.parent.name)

    def named(self, x: Tensor) -> Tensor:
        """What the classifier, trained when it is first asked, takes each for."""
        if self._classifier is None:
            seen = torch.cat([self._read(it) for it in self._judged])
            labels = torch.tensor([self.label(it) for it in self._judged])
            self._classifier = trained(seen, labels, len(self.classes))
        return self._classifier.named(x)

    def ceiling(self) -> float:
        labels = torch.tensor([self.label(it) for it in self.tested])
        return _share(self.named(torch.cat([self._read(it) for it in self.tested])) == labels)


def main(pictures: Path, sounds: Path, chosen: argparse.Namespace) -> None:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as place:
        out = chosen.out or Path(place)
        run = Run(chosen.run or _run_of(pictures, sounds, chosen, out))
        levels = SoundLevels(SoundLayout.parse(PairedLayout.parse(run.settings.layout).inside))
        modality = MODALITIES.get(run.settings.modality)
        assert isinstance(modality, FileModality)

        def seen_picture(path: Path) -> Tensor:
            return _seen_picture(modality.read_one(path, run.settings.layout)["images"])

        def seen_sound(path: Path) -> Tensor:
            row = modality.read_one(path, run.settings.layout)["sounds"]
            return levels.levels(torch.as_tensor(row)[None])

        def seen(artifact: Artifact) -> Tensor:
            if artifact.kind == IMAGE:
                return _seen_picture(artifact.data)
            return levels.levels(torch.from_numpy(artifact.data.samples)[None])

        ours, theirs = Side(pictures, seen_picture), Side(sounds, seen_sound)
        print(f"real, held apart: pictures {ours.ceiling():.3f}, sounds {theirs.ceiling():.3f}")
        for key, given, wanted in (
            ("picture-to-sound", ours, theirs),
            ("sound-to-picture", theirs, ours),
        ):
            made = list(_made(key, run, given.tested))
            labels = torch.tensor([given.label(it.source) for it in made if it.source])
            found = wanted.named(torch.cat([seen(it.artifact) for it in made]))
            shuffled = labels[torch.randperm(len(labels))]
            print(
                f"{key} ({len(made)}): {_share(found == labels):.3f}, "
                f"labels shuffled {_share(found == shuffled):.3f}"
            )
            _tell_levels([it.artifact for it in made])
            firsts = [next(it for it in given.tested if given.label(it) == at) for at in range(10)]
            several = list(_made(key, run, firsts, count=_SEEDS))
            _tell_variety(several, seen)
            _save_sheet(out / f"{key}.png", firsts, several)
        both = list(_made("generate-pairs", run, [], count=_PAIRS))
        first = ours.named(torch.cat([seen(it.artifact) for it in both[::2]]))
        second = theirs.named(torch.cat([seen(it.artifact) for it in both[1::2]]))
        chance = _share(first == second[torch.randperm(len(second))])
        print(f"pairs ({_PAIRS}): {_share(first == second):.3f}, partners shuffled {chance:.3f}")
        print(f"  classes among them: {len(first.unique())} and {len(second.unique())}")


def _run_of(pictures: Path, sounds: Path, chosen: argparse.Namespace, out: Path) -> Path:
    folder = out / "set"
    for name, source in (("pictures", pictures), ("sounds", sounds)):
        for path in Side(source, lambda _: torch.empty(0)).learned:
            place = folder / name / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    settings = TrainingSettings(
        model_key="any-to-any-vae",
        size=32,
        mirror=False,
        batch=chosen.batch,
        budget=Budget(unit="minutes", amount=chosen.minutes),
        seed=1,
        device="cpu",
        preview_every_s=1e6,
        save_every_s=300,
    )
    began, began_s = time.process_time(), time.monotonic()
    told = list(
        start_run(NewRun(folder=folder, project=out / "Pairs", settings=settings), NoCommands())
    )
    assert isinstance(told[-1], events.Finished), told[-1]
    minutes = (time.process_time() - began) / 60, (time.monotonic() - began_s) / 60
    print(f"{told[-1].step} steps; processors {minutes[0]:.1f} min, clock {minutes[1]:.1f} min")
    return told[-1].run


def _rank(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes()).digest()


def _share(is_right: Tensor) -> float:
    return is_right.double().mean().item()


def _seen_picture(pixels_HWC: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(pixels_HWC)).permute(2, 0, 1)[None].float() / 127.5 - 1


def _made(key: str, run: Run, files: Sequence[Path], count: int = 1) -> Iterator[Made]:
    # An operation takes so many files at once.
    for at in range(0, max(1, len(files)), 64):
        given = {"input": files[at : at + 64]} if files else {}
        for it in perform(key, run=run.path, inputs=given, count=count, checkpoint="last"):
            if isinstance(it, Made):
                yield it


def _tell_levels(artifacts: Sequence[Artifact]) -> None:
    found = [it.data.levels() for it in artifacts if isinstance(it.data, Sound)]
    if found:
        peaks, means = zip(*found, strict=True)
        print(
            f"  peak {min(peaks):.2f} … {max(peaks):.2f}, RMS {min(means):.3f} … {max(means):.3f}"
        )


def _tell_variety(several: Sequence[Made], seen: Callable[[Artifact], Tensor]) -> None:
    """Distance between results of one input, beside that between results of different ones."""
    rows = torch.cat([seen(it.artifact) for it in several]).flatten(1)
    distances = torch.cdist(rows, rows)
    inputs = torch.arange(len(rows)) // _SEEDS
    is_same = inputs[:, None] == inputs[None]
    own = distances[is_same & ~torch.eye(len(rows), dtype=torch.bool)].mean()
    print(f"  results of one input differ by {own / distances[~is_same].mean():.2f} of others")


def _save_sheet(path: Path, inputs: Sequence[Path], several: Sequence[Made]) -> None:
    """A row for each input: itself, and what was made for it."""
    rows: list[np.ndarray] = []
    for at, source in enumerate(inputs):
        kind = next(it for it in map(ARTIFACTS.get, ARTIFACTS.keys()) if _takes(it, source))
        given = kind.read(source) if kind.card.key != IMAGE else _picture(source)
        made = [it.artifact for it in several[at * _SEEDS : (at + 1) * _SEEDS]]
        rows.append(np.concatenate([_cell(it) for it in (given, *made)], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)


def _takes(kind: object, path: Path) -> bool:
    card = getattr(kind, "card", None)
    return path.suffix in (card.suffix, *card.also_taken) or (
        card.key == IMAGE and path.suffix in (".jpg", ".png")
    )


def _picture(path: Path) -> Artifact:
    return Artifact(kind=IMAGE, data=np.asarray(Image.open(path).convert("RGB")))


def _cell(artifact: Artifact) -> np.ndarray:
    if artifact.kind == IMAGE:
        image = Image.fromarray(artifact.data).resize((_SHEET_PX, _SHEET_PX))
        return np.asarray(image)
    kind = ARTIFACTS.get(artifact.kind)
    assert isinstance(kind, Drawn)
    return kind.draw(artifact, _SHEET_PX)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--run", type=Path, help="A run that was trained before.")
    parser.add_argument("--out", type=Path, help="Where the run and the sheets stay.")
    chosen = parser.parse_args()
    main(chosen.pictures, chosen.sounds, chosen)
