"""Does augmentation help? Three sets, as a person would have them tested, each in a few minutes.

    python tests/bench/bench_augment.py fashion --data FOLDER [--model residual-vae] [--steps 1500]
    python tests/bench/bench_augment.py random --data FOLDER
    python tests/bench/bench_augment.py leaked --data FOLDER

FOLDER holds ``train`` and ``test`` with a folder for each class. "fashion" takes 50 pictures of
each class and doubles them; all tests are asked. "random" shuffles the labels of the same pictures,
so that nothing can help. "leaked" puts pictures of one group into both halves: it must be refused.
"""

import argparse
import csv
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch

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


def trained(folder: Path, project: Path, key: str, steps: int, **data: Any) -> Path:
    """A run that tells the classes apart."""
    settings = TrainingSettings(
        model_key=key, size=32, batch=32, seed=0, device="cpu", kinds=True, mirror=False,
        budget=Budget(unit="steps", amount=steps), preview_every_s=1e6, save_every_s=1e6,
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
    parser.add_argument("what", choices=["fashion", "random", "leaked"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="residual-vae")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        work = given.keep or Path(place)
        pictures = work / "pictures"
        if not pictures.exists():
            few(given.data, pictures, 50, shuffled=given.what == "random")
        if given.what == "leaked":
            names = [path.relative_to(pictures).as_posix() for path in pictures.rglob("*.png")]
            with (pictures / "groups.csv").open("w", newline="") as file:
                csv.writer(file).writerows([["file", "group"], *([name, "one"] for name in names)])
            run = trained(pictures, work / "P", given.model, 2)
            try:
                asked(run, [], work / "out")
            except DatasetError as error:
                print(f"refused: {error}")
            return
        held_out = {"held_out": 0.0} if given.what == "fashion" else {}
        run = trained(pictures, work / "P", given.model, given.steps, **held_out)
        tests = sorted((given.data / "test").rglob("*.png")) if given.what == "fashion" else []
        asked(run, tests, work / "out", goal="multiply", factor=2.0)
        print((work / "out" / "does-it-help.html").read_text().partition("<tbody>")[2])


if __name__ == "__main__":
    main()
