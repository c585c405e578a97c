"""Whether steering by choices gives a simulated artist more of what it likes, on a trained run.

    bench_taste.py RUN [--comparisons 100] [--made 200] [--flips 0.1]
    bench_taste.py RUN --part teach [--comparisons 300] [--minutes 5] [--likes warmth light middle]

The artist likes a hidden attribute and errs in so many choices. Told for each: the mean of the
attribute without and with guidance (a fifth unguided), the unguided 80th percentile, coverage of
other pictures of the same model before and after, what random choices give, and how long the first
picture takes from the request, with the ratings read and learned from.

Part ``teach`` works in a copy of the run's project: it fills a gallery, makes the artist's choices
in it, teaches the model as the window does, and compares plain samples of the same seeds before and
after: the mean of the attribute as a percentile of the untaught model's, and coverage of the
pictures that the run learned from. Then it asks for the same with random choices. Sheets of both
are written beside it.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_artist import Likes, compared, light, warmth

from genstudio.domain import events, metric_names
from genstudio.domain.places import Place
from genstudio.domain.progress import drain
from genstudio.engine.preview import tile
from genstudio.engine.trainer import NoCommands
from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.features import random_features
from genstudio.services.choices import choose
from genstudio.services.copy_meters import dataset_of_run
from genstudio.services.exploring import Explorer
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.runs import Run
from genstudio.services.steering import Steering
from genstudio.services.tastes import LearnedTaste, features_of, learned, usual_side
from genstudio.services.teaching import teach_run

_EXPLORED = 5


def middle(image_HWC: np.ndarray) -> float:
    """How much the middle differs from the edge, in brightness."""
    grey = image_HWC[..., :3].mean(axis=-1)
    quarter = len(grey) // 4
    inside = grey[quarter:-quarter, quarter:-quarter].mean()
    return float(inside - grey.mean())


ATTRIBUTES: dict[str, Likes] = {"warmth": warmth, "light": light, "middle": middle}


class Bench:
    """One run."""

    def __init__(self, run: Path, comparisons: int, made: int) -> None:
        self._run = Run(run)
        self._explorer = Explorer(self._run)
        self._settings = self._explorer.settings({})
        self._side = usual_side(self._run.settings.size)
        self._comparisons = comparisons
        self._made = made
        drain(self._explorer.find_directions())
        self._seen = self._drawn(10_000_000, 2 * comparisons)
        self._seen_features = features_of(self._seen, self._side)
        self._usual = self._drawn(20_000_000, made)
        self._real = Neighbourhoods(self._plain(self._drawn(30_000_000, made)))
        self._coverage = self._covered(self._usual)

    def row(self, name: str, likes: Likes, flips: float) -> str:
        """Teach, steer, and measure."""
        pairs = torch.tensor(compared(self._seen, likes, flips=flips, seed=7))
        taste = learned(
            self._seen_features, pairs, side=self._side, num_ratings=0, num_choices=len(pairs)
        )
        usual = np.array([likes(it) for it in self._usual])
        if taste.taste is None:
            return f"{name:8} flips {flips:.0%}: {taste.words}"
        made = self._steered(taste)
        reward = float(np.mean([likes(it) for it in made]))
        rank = float((usual < reward).mean())
        return (
            f"{name:8} flips {flips:.0%}: foretold {taste.taste.agreement.accuracy:.2f}; mean "
            f"{usual.mean():.1f} -> {reward:.1f} (percentile {rank:.0%}; 80th is "
            f"{np.percentile(usual, 80):.1f}); coverage {self._coverage:.2f} -> "
            f"{self._covered(made):.2f} (x {self._covered(made) / self._coverage:.2f})"
        )

    def first_picture(self) -> str:
        """Seconds from the request, the model already loaded and not, with so many choices."""
        begun = time.perf_counter()
        explorer = Explorer(self._run)
        loaded = time.perf_counter()
        pairs = torch.tensor(compared(self._seen, warmth, flips=0.0, seed=7))
        features = features_of(self._seen, self._side)
        taste = learned(features, pairs, side=self._side, num_ratings=0, num_choices=len(pairs))
        Steering(explorer, self._settings, taste).picture(0)
        done = time.perf_counter()
        return (
            f"first picture: {done - begun:.2f} s, of which {loaded - begun:.2f} s to load the "
            f"model; {len(self._seen)} pictures looked at"
        )

    def _drawn(self, first: int, count: int) -> np.ndarray:
        places = [Place(seeds=(seed,)) for seed in range(first, first + count)]
        return np.stack([self._explorer.picture(place, self._settings) for place in places])

    def _covered(self, images_NHWC: np.ndarray) -> float:
        return self._real(self._plain(images_NHWC)).coverage

    def _plain(self, images_NHWC: np.ndarray) -> torch.Tensor:
        """Features as quality is measured with, not those that the taste sees."""
        return random_features()(images_NHWC[..., :3])

    def _steered(self, taste: LearnedTaste) -> np.ndarray:
        steering = Steering(self._explorer, self._settings, taste)
        drain(steering.find_slope())
        makers = (steering.surprise, *[steering.picture] * (_EXPLORED - 1))
        return np.stack([makers[seed % _EXPLORED](seed).image_HWC for seed in range(self._made)])


class Lesson:
    """One copy of a run's project, with a gallery of pictures to choose between."""

    def __init__(self, run: Path, folder: Path, comparisons: int, made: int) -> None:
        project = folder / "project"
        shutil.copytree(run.parent.parent, project)
        self._run = Run(project / "runs" / run.name)
        self._folder = folder
        shutil.rmtree(self._run.project().gallery, ignore_errors=True)
        (self._run.project().path / "library.sqlite").unlink(missing_ok=True)
        seeds = range(10_000_000, 10_000_000 + 2 * comparisons)
        self._seen: list[np.ndarray] = []
        self._names: list[str] = []
        with Gallery(self._run.project()) as gallery:
            for it in generate(self._run, seeds, checkpoint="best"):
                self._names.append(gallery.hang(it.artifact, it.recipe).name)
                self._seen.append(it.image_HWC)
        self._made = made
        self._usual = self._drawn(self._run)
        images = dataset_of_run(self._run).fields["images"].values[..., :3]
        generator = np.random.default_rng(1)
        chosen = generator.choice(len(images), min(made, len(images)), replace=False)
        self._real = Neighbourhoods(random_features()(images[np.sort(chosen)]))
        self._count = len(chosen)

    def row(self, name: str, likes: Likes, flips: float, minutes: float) -> str:
        """Choose, teach, and measure."""
        project = self._run.project()
        (project.path / "choices.jsonl").unlink(missing_ok=True)
        for better, worse in compared(np.stack(self._seen), likes, flips=flips, seed=7):
            choose(project, self._names[better], self._names[worse])
        taught: Path | None = None
        begun, worked = time.perf_counter(), time.process_time()
        told = f"{name:8} flips {flips:.0%}:"
        for event in teach_run(self._run.path, NoCommands(), minutes=minutes):
            taught = getattr(event, "run", None) or taught
            match event:
                case events.Failed():
                    return f"{told} {event.title}. {event.message}"
                case events.MetricsReady() if metric_names.TASTE_GAIN in event.metrics:
                    print(f"  step {event.step}: {_figures(event.metrics)}", flush=True)
                case events.Advice(topic="taught too much"):
                    print(f"  step {event.step}: {event.title}. {event.evidence}", flush=True)
                case _:
                    pass
        assert taught is not None
        took = (time.perf_counter() - begun) / 60
        worked = (time.process_time() - worked) / 60
        run = Run(taught)
        made = self._drawn(run)
        for label, images in (("before", self._usual), ("after", made)):
            _sheet(images, self._folder / f"{name}-{label}.png")
        usual = np.array([likes(it) for it in self._usual])
        reward = float(np.mean([likes(it) for it in made]))
        before, after = self._covered(self._usual), self._covered(made)
        best = run.checkpoint("best").state.step - self._run.checkpoint("best").state.step
        return (
            f"{told} mean {usual.mean():.1f} -> {reward:.1f} (percentile "
            f"{float((usual < reward).mean()):.0%}); coverage of real pictures {before:.2f} -> "
            f"{after:.2f} (x {after / before:.2f}); best after {best} steps; {took:.1f} minutes, "
            f"{worked:.1f} of the processor"
        )

    def _drawn(self, run: Run) -> np.ndarray:
        seeds = range(20_000_000, 20_000_000 + self._made)
        return np.stack([it.image_HWC for it in generate(run, seeds, checkpoint="best")])

    def _covered(self, images_NHWC: np.ndarray) -> float:
        return self._real(random_features()(images_NHWC[: self._count])).coverage


def _figures(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in metrics.items())


def _sheet(images_NHWC: np.ndarray, path: Path) -> None:
    Image.fromarray(tile(list(images_NHWC[:96]), columns=12)).resize(
        (12 * 68, 8 * 68), Image.Resampling.NEAREST
    ).save(path)


def _teach(chosen: Any) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-teach-"))
    print(f"working in {folder}", flush=True)
    lesson = Lesson(chosen.run, folder, chosen.comparisons, chosen.made)
    print(lesson.row("chance", light, 0.5, chosen.minutes), flush=True)
    for name in chosen.likes:
        print(lesson.row(name, ATTRIBUTES[name], chosen.flips, chosen.minutes), flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--comparisons", type=int, default=100)
    parser.add_argument("--made", type=int, default=200)
    parser.add_argument("--flips", type=float, default=0.1)
    parser.add_argument("--part", choices=["steer", "teach"], default="steer")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--likes", nargs="+", choices=list(ATTRIBUTES), default=["warmth"])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.part == "teach":
        _teach(chosen)
        return
    bench = Bench(chosen.run, chosen.comparisons, chosen.made)
    print(bench.first_picture())
    for flips in (chosen.flips, 0.5):
        for name, likes in ATTRIBUTES.items():
            print(bench.row(name, likes, flips), flush=True)


if __name__ == "__main__":
    main()
