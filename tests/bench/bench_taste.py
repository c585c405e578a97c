"""Whether steering by choices gives a simulated artist more of what it likes, on a trained run.

    bench_taste.py RUN [--comparisons 100] [--made 200] [--flips 0.1]

The artist likes a hidden attribute and errs in so many choices. Told for each: the mean of the
attribute without and with guidance (a fifth unguided), the unguided 80th percentile, coverage of
other pictures of the same model before and after, what random choices give, and how long the first
picture takes from the request, with the ratings read and learned from.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_artist import Likes, compared, light, warmth

from genstudio.domain.places import Place
from genstudio.domain.progress import drain
from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.features import random_features
from genstudio.services.exploring import Explorer
from genstudio.services.runs import Run
from genstudio.services.steering import Steering
from genstudio.services.tastes import LearnedTaste, features_of, learned, usual_side

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


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--comparisons", type=int, default=100)
    parser.add_argument("--made", type=int, default=200)
    parser.add_argument("--flips", type=float, default=0.1)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    bench = Bench(chosen.run, chosen.comparisons, chosen.made)
    print(bench.first_picture())
    for flips in (chosen.flips, 0.5):
        for name, likes in ATTRIBUTES.items():
            print(bench.row(name, likes, flips), flush=True)


if __name__ == "__main__":
    main()
