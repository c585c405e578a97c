"""Does augmentation help? Five sets, as a person would have them tested.

    python tests/bench/bench_augment.py shapes [--minutes 15] [--keep FOLDER]
    python tests/bench/bench_augment.py rare --data FOLDER [--minutes 12]
    python tests/bench/bench_augment.py fashion --data FOLDER [--model residual-vae] [--steps 1500]
    python tests/bench/bench_augment.py random --data FOLDER
    python tests/bench/bench_augment.py leaked --data FOLDER

Pictures are varied where the model can do so; with ``--source nothing`` they are invented.

"shapes" are six painted ones, turned, moved, as large and as bright as chance has it: three of them
400 times, three 10 times. All vary alike, so that what is learned of the frequent ones tells how
the rare ones vary; synthetic pictures balance them. Of "rare", every third class of FOLDER has 12
pictures, the others 200.

FOLDER holds ``train`` and ``test`` with a folder for each class. "fashion" takes 50 pictures of
each class and doubles them; all tests are asked. "random" shuffles the labels of the same pictures,
so that nothing can help. "leaked" puts pictures of one group into both halves: it must be refused.
"""

import argparse
import csv
import math
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from genstudio.domain import events
from genstudio.domain.errors import DatasetError
from genstudio.domain.operations import AUGMENT, Report
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.training import NewRun, start_run


def few(data: Path, to: Path, per_class: int, *, shuffled: bool) -> None:
    """Copy so many pictures of each class, or the same ones with labels in random order."""
    found = [
        (path, folder.name)
        for folder in sorted((data / "train").iterdir())
        for path in sorted(folder.iterdir())[:per_class]
    ]
    labels = [label for _, label in found]
    if shuffled:
        random.Random(0).shuffle(labels)
    for (path, _), label in zip(found, labels, strict=True):
        (to / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to / label / f"{path.parent.name}-{path.name}")


def unbalanced(data: Path, to: Path, *, rare: int, frequent: int) -> None:
    """Copy few pictures of every third class, and many of the others."""
    for number, folder in enumerate(sorted((data / "train").iterdir())):
        (to / folder.name).mkdir(parents=True)
        count = frequent if number % 3 else rare
        for path in sorted(folder.iterdir())[:count]:
            shutil.copy(path, to / folder.name / path.name)


def shapes(pictures: Path, tests: Path) -> None:
    """Paint three frequent and three rare shapes, and as many tests of each."""
    rng = np.random.default_rng(0)
    for number, kind in enumerate(OUTLINES):
        for folder, count in ((pictures, 400 if number % 2 else 10), (tests, 150)):
            (folder / kind).mkdir(parents=True)
            for index in range(count):
                painted(OUTLINES[kind], rng).save(folder / kind / f"{index:04}.png")


def painted(outline: list[list[tuple[float, float]]], rng: np.random.Generator) -> Image.Image:
    """A shape somewhere, turned, in some grey on another, with grain: 32 px."""
    side = 128
    angle, scale = rng.uniform(0, 2 * math.pi), rng.uniform(0.45, 0.8) * side / 2
    left, top = side / 2 + rng.uniform(-0.2, 0.2, 2) * side / 2
    ground = rng.uniform(0, 1)
    ink = (ground + rng.uniform(0.25, 0.75)) % 1
    image = Image.new("L", (side, side), int(255 * ground))
    cosine, sine = math.cos(angle), math.sin(angle)
    for polygon in outline:
        corners = [
            (left + scale * (x * cosine - y * sine), top + scale * (x * sine + y * cosine))
            for x, y in polygon
        ]
        ImageDraw.Draw(image).polygon(corners, fill=int(255 * ink))
    small = np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS), float)
    return Image.fromarray((small + rng.normal(0, 8, small.shape)).clip(0, 255).astype(np.uint8))


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


_TURNS = np.linspace(0, 2 * math.pi, 24)[:17]
OUTLINES = {
    "arrow": [_box(-0.9, -0.18, 0.2, 0.18), [(0.1, -0.65), (0.95, 0.0), (0.1, 0.65)]],
    "bar": [_box(-0.9, -0.22, 0.9, 0.22)],
    "cross": [_box(-0.9, -0.2, 0.9, 0.2), _box(-0.2, -0.9, 0.2, 0.9)],
    "ell": [_box(-0.7, -0.9, -0.25, 0.9), _box(-0.7, 0.45, 0.8, 0.9)],
    "ring": [
        [(0.85 * math.cos(it), 0.85 * math.sin(it)) for it in _TURNS]
        + [(0.45 * math.cos(it), 0.45 * math.sin(it)) for it in _TURNS[::-1]]
    ],
    "wedge": [[(-0.85, -0.7), (0.85, -0.7), (0.0, 0.95)]],
}


def trained(folder: Path, project: Path, key: str, budget: Budget, **data: Any) -> Path:
    """A run that tells the classes apart."""
    settings = TrainingSettings(
        model_key=key, size=32, batch=32, seed=0, device="cpu", kinds=True, mirror=False,
        budget=budget, preview_every_s=1e6, save_every_s=1e6,
        ema_half_life_kimg=2.0, **data,
    )  # fmt: skip
    *_, ending = start_run(NewRun(folder=folder, project=project, settings=settings), NoCommands())
    assert isinstance(ending, events.Finished), ending
    assert ending.run is not None
    return ending.run


def asked(run: Path, tests: list[Path], to: Path, **settings: Any) -> None:
    """Have the operation done and print what it says."""
    folder = ResultFolder(to)
    work = perform(AUGMENT, run=run, inputs={"tests": tests}, checkpoint="last", settings=settings)
    for step in work:
        if isinstance(step, Made):
            folder.save(step)
        elif isinstance(step.item, Report):
            folder.write(step.item)
            print(step.item.words, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["shapes", "rare", "fashion", "random", "leaked"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--model", default="residual-vae")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--source", choices=["pictures", "nothing"], default="pictures")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        work = given.keep or Path(place)
        pictures = work / "pictures"
        tests_folder = work / "tests"
        if given.what != "shapes":
            assert given.data is not None, "--data says where the pictures are"
            tests_folder = given.data / "test"
        budget = Budget(unit="steps", amount=given.steps)
        if given.minutes:
            budget = Budget(unit="minutes", amount=given.minutes)
        if given.what in ("shapes", "rare"):
            if not pictures.exists() and given.what == "shapes":
                shapes(pictures, tests_folder)
            elif not pictures.exists():
                unbalanced(given.data, pictures, rare=12, frequent=200)
            own = {"held_out": 0.0, "colours": "grey", "model": {"width": 32}}
            run = trained(pictures, work / "P", given.model, budget, **own)
            wanted = {"goal": "balance", "source": given.source}
            asked(run, sorted(tests_folder.rglob("*.png")), work / "out", **wanted)
            print((work / "out" / "does-it-help.html").read_text().partition("<tbody>")[2])
            return
        if not pictures.exists():
            few(given.data, pictures, 50, shuffled=given.what == "random")
        if given.what == "leaked":
            names = [path.relative_to(pictures).as_posix() for path in pictures.rglob("*.png")]
            with (pictures / "groups.csv").open("w", newline="") as file:
                csv.writer(file).writerows([["file", "group"], *([name, "one"] for name in names)])
            run = trained(pictures, work / "P", given.model, Budget(unit="steps", amount=2))
            try:
                asked(run, [], work / "out")
            except DatasetError as error:
                print(f"refused: {error}")
            return
        held_out = {"held_out": 0.0} if given.what == "fashion" else {}
        run = trained(pictures, work / "P", given.model, budget, **held_out)
        tests = sorted((given.data / "test").rglob("*.png")) if given.what == "fashion" else []
        wanted = {"goal": "multiply", "factor": 2.0, "source": given.source}
        asked(run, tests, work / "out", **wanted)
        print((work / "out" / "does-it-help.html").read_text().partition("<tbody>")[2])


if __name__ == "__main__":
    main()
