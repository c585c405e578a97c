"""Whether music follows pictures: rank correlations of what is seen and what is heard.

    python tests/bench/bench_picture_music.py RUN PICTURES…

Each picture is played by the model of a run; Spearman's ρ is taken between each attribute of the
pictures and what should follow it, measured in the notes that came out, and for pictures in a
random order, as the mean over many of them and as the mean of its size, which shrinks only with
the number of pictures.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genstudio.data.picture_attributes import attributes_of
from genstudio.models.music.phrase_vae import PhraseVAE
from genstudio.services.generation import load_model
from genstudio.services.operations.pictures import read_picture
from genstudio.services.picture_music import (
    Composer,
    Mapping,
    joined,
    phrase_attributes,
    position_of,
)
from genstudio.services.runs import Run

_PERMUTATIONS = 200


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    found = np.asarray(values, float)
    # Ties share the mean of their ranks.
    return np.array([(found < it).sum() + (found == it).sum() / 2 for it in found])


def main(run_folder: Path, paths: Sequence[Path]) -> None:
    run = Run(run_folder)
    model = load_model(run, run.checkpoint("last"))
    assert isinstance(model, PhraseVAE)
    composer = Composer(model, 0, Mapping())
    seen, heard = [], []
    for number, path in enumerate(paths):
        found = attributes_of(read_picture(path, for_what="played", largest_side=256))
        music = phrase_attributes(joined(composer.compose(found, number, 4)))
        seen.append((found.brightness, found.saturation, found.edges, found.hue))
        heard.append((music.register, music.mode, music.density, position_of(music.tonic)))
    random = np.random.default_rng(0)
    names = ("brightness → register", "saturation → mode", "edges → density", "hue → key")
    print(f"{len(paths)} pictures, a piece of four phrases each")
    for at, name in enumerate(names):
        one, other = [row[at] for row in seen], [row[at] for row in heard]
        by_chance = [
            spearman(one, random.permutation(other).tolist()) for _ in range(_PERMUTATIONS)
        ]
        print(
            f"{name:24} ρ {spearman(one, other):+.2f}; permuted {np.mean(by_chance):+.3f}, "
            f"|ρ| {np.abs(by_chance).mean():.2f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    chosen = parser.parse_args()
    main(chosen.run, chosen.pictures)
