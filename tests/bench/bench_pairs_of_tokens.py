"""How well the model of pairs knows which captions, or which phrases, belong to pictures: digits.

    python tests/bench/bench_pairs_of_tokens.py PICTURES captions --minutes 12
    python tests/bench/bench_pairs_of_tokens.py PICTURES notes --minutes 12

The folder holds one folder of photographs for each digit. Each picture gets a caption, worded in
one of several ways, which names its digit, or a phrase of two bars, whose rhythm and contour are
those of its digit, in any key, on any instrument, with a note left out here and there. Of each
digit, 60 % are learned from, 25 % teach two classifiers, which the model never sees, and with the
remaining 15 % everything is tested through the operations and their files. Beside each share stands
the same with shuffled labels.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_multimodal import Side, _made, _seen_picture, _share
from sklearn.linear_model import LogisticRegression

from genstudio.data.phrases import FIRST_NOTE, HOLD, LOWEST, REST, to_score, tokens_of
from genstudio.data.scores import Score, read_score, score_bytes
from genstudio.data.squares import decode_picture
from genstudio.domain import events
from genstudio.domain.artifacts import TEXT
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_WORDINGS = (
    "{}",
    "a hand shows {}",
    "the number {}",
    "this is {} in signs",
    "{} shown by one hand",
    "here somebody signs a {}",
)
_PAIRS = 200
_SIZE = 32
# Steps at which a note begins in a bar, and how it goes from note to note, for each digit.
_RHYTHMS = (
    (0, 4, 8, 12), (0, 8), (0, 3, 6, 9, 12), (0, 2, 4, 6, 8, 10, 12, 14), (0, 6, 12),
    (0, 4, 8, 12), (0, 8), (0, 3, 6, 9, 12), (0, 2, 4, 6, 8, 10, 12, 14), (0, 6, 12),
)  # fmt: skip
_CONTOURS = (2, 4, 1, 2, 5, -2, -4, -1, -2, -5)
_INSTRUMENTS = 8
_FEATURE_STEPS = 32


def caption(digit: int, chance: random.Random) -> str:
    return chance.choice(_WORDINGS).format(_NAMES[digit])


def phrase(digit: int, chance: random.Random) -> Score:
    """Two bars of a digit's rhythm and contour; a note in eight is left out."""
    pitch = chance.randint(55, 67)
    tokens = np.full(_FEATURE_STEPS, HOLD, np.int64)
    tokens[0] = REST
    for bar in (0, 16):
        for number, step in enumerate(_RHYTHMS[digit]):
            if step and chance.random() < 1 / 8:
                continue
            tokens[bar + step] = FIRST_NOTE + pitch + _CONTOURS[digit] * number - LOWEST
    return to_score(tokens, chance.randrange(_INSTRUMENTS), 120.0)


def features_of(score: Score) -> np.ndarray:
    """Which steps begin a note, and by how much it is higher than the one before."""
    tokens = tokens_of(score.parts[0], 0, 2)
    begins = (tokens >= FIRST_NOTE).astype(np.float64)
    jumps = np.zeros(len(tokens))
    last = None
    for step, token in enumerate(tokens.tolist()):
        if token >= FIRST_NOTE:
            jumps[step] = 0.0 if last is None else np.clip(token - last, -12, 12) / 6
            last = token
    return np.concatenate([begins, jumps])


def word_in(text: str) -> int:
    """The digit that a caption names; -1 of none or several."""
    found = [at for at, name in enumerate(_NAMES) if name in text.split() and name != "one"]
    # "One hand" names none.
    if "one" in text.replace("one hand", "").split():
        found.append(1)
    return found[0] if len(found) == 1 else -1


def main(pictures: Path, partner: str, chosen: argparse.Namespace) -> None:
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as place:
        out = chosen.out or Path(place)
        side = Side(pictures, lambda path: _seen_picture(decode_picture(path, size=_SIZE)))
        run = Run(chosen.run or _run_of(side, partner, chosen, out, chance))
        print(f"real pictures, held apart: {side.ceiling():.3f}")
        if partner == "captions":
            named: Callable[[Made], int] = lambda made: word_in(str(made.artifact.data))  # noqa: E731
            keys, suffix = ("picture-to-words", "words-to-picture"), ".txt"
        else:
            judge = _judge_of_phrases(chance)
            named = lambda made: int(judge.predict([features_of(made.artifact.data)])[0])  # noqa: E731
            keys, suffix = ("picture-to-notes", "notes-to-picture"), ".mid"
        made = list(_made(keys[0], run, side.tested))
        labels = torch.tensor([side.label(it.source) for it in made if it.source])
        _tell(keys[0], torch.tensor([named(it) for it in made]), labels)
        given: list[Path] = []
        (out / "given").mkdir(parents=True, exist_ok=True)
        for number in range(len(side.tested)):
            path = out / "given" / f"{number % 10}-{number}{suffix}"
            _write(path, number % 10, partner, chance)
            given.append(path)
        made = list(_made(keys[1], run, given))
        labels = torch.tensor([int(it.source.name[0]) for it in made if it.source])
        found = side.named(torch.cat([_seen_picture(it.artifact.data) for it in made]))
        _tell(keys[1], found, labels)
        both = [
            it
            for it in perform("generate-pairs", run=run.path, count=_PAIRS, checkpoint="last")
            if isinstance(it, Made)
        ]
        first = side.named(torch.cat([_seen_picture(it.artifact.data) for it in both[::2]]))
        second = torch.tensor([named(it) for it in both[1::2]])
        _tell("pairs", second, first)
        print(f"  digits among them: {len(first.unique())} and {len(second.unique())}")
        if both[1].artifact.kind == TEXT:
            texts = {str(it.artifact.data) for it in both[1::2]}
            known = {way.format(name) for way in _WORDINGS for name in _NAMES}
            print(
                f"  {len(texts)} different captions, {len(texts & known)} of them worded as known"
            )


def _tell(what: str, found: torch.Tensor, labels: torch.Tensor) -> None:
    shuffled = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    right, chance = _share(found == labels), _share(found == shuffled)
    print(f"{what} ({len(labels)}): {right:.3f}, shuffled {chance:.3f}", flush=True)


def _judge_of_phrases(chance: random.Random) -> LogisticRegression:
    digits = np.arange(1000) % 10
    seen = [features_of(phrase(int(at), chance)) for at in digits]
    judge = LogisticRegression(max_iter=1000).fit(seen[:600], digits[:600])
    print(f"real phrases, held apart: {judge.score(seen[600:], digits[600:]):.3f}")
    return judge


def _write(path: Path, digit: int, partner: str, chance: random.Random) -> None:
    if partner == "captions":
        path.write_text(caption(digit, chance), encoding="utf-8")
    else:
        path.write_bytes(score_bytes(phrase(digit, chance)))
        assert read_score(path).num_notes


def _run_of(
    side: Side, partner: str, chosen: argparse.Namespace, out: Path, chance: random.Random
) -> Path:
    folder = out / "set"
    folder.mkdir(parents=True)
    for number, path in enumerate(side.learned):
        place = folder / f"{number:04}{path.suffix}"
        shutil.copy(path, place)
        beside = place.with_suffix(".txt" if partner == "captions" else ".mid")
        _write(beside, side.label(path), partner, chance)
    settings = TrainingSettings(
        model_key="any-to-any-vae",
        size=_SIZE,
        mirror=False,
        batch=chosen.batch,
        budget=Budget(unit="minutes", amount=chosen.minutes),
        seed=1,
        device="cpu",
        preview_every_s=1e6,
        save_every_s=120,
    )
    began, began_s = time.process_time(), time.monotonic()
    told = list(
        start_run(NewRun(folder=folder, project=out / "Pairs", settings=settings), NoCommands())
    )
    assert isinstance(told[-1], events.Finished), told[-1]
    minutes = (time.process_time() - began) / 60, (time.monotonic() - began_s) / 60
    print(f"{told[-1].step} steps; processors {minutes[0]:.1f} min, clock {minutes[1]:.1f} min")
    assert told[-1].run is not None
    return told[-1].run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("partner", choices=("captions", "notes"))
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--run", type=Path, help="A run that was trained before.")
    parser.add_argument("--out", type=Path, help="Where the run stays.")
    chosen = parser.parse_args()
    main(chosen.pictures, chosen.partner, chosen)
