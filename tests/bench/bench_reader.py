"""Whether a language model that is taught by a simulated reader writes more of what it likes.

    bench_reader.py RUN [--pairs 250] [--minutes 5] [--flips 0.1] [--words 45]

Works in a copy of the run's project: texts with some beginnings are hung in its gallery, the
reader chooses between two of one beginning (short sentences, or the letter e) and errs in so many;
then the model is taught as the window does. Told: how often what the taught model writes, after
beginnings and with seeds that were not asked about, is liked more than what the untaught one writes
with the same; and perplexity per token of all held-out rows. First it is asked for the same with
random
choices.
"""

import argparse
import math
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from genstudio.domain import events
from genstudio.domain.words import PADDING
from genstudio.engine.trainer import NoCommands
from genstudio.models.capabilities import Writes
from genstudio.services.choices import choose
from genstudio.services.copy_meters import dataset_of_run
from genstudio.services.gallery import Gallery
from genstudio.services.generation import Generated, generate, load_model
from genstudio.services.runs import Run
from genstudio.services.teaching import teach_run

_ASKED = ("And it came to pass", "And the king said", "In those days", "Now the people", "Behold,")
_NEW = ("And David", "The LORD spake unto", "These are the", "Then Moses")
_NEW_SEED = 50_000_000
_NUM_NEW = 30


def short_sentences(text: str) -> float:
    """Fewer words for each full stop."""
    return -len(text.split()) / max(sum(text.count(end) for end in ".?!"), 0.5)


def letter_e(text: str) -> float:
    """Share of the letter e."""
    letters = [it for it in text.casefold() if it.isalpha()]
    return letters.count("e") / max(len(letters), 1)


LIKES: dict[str, Callable[[str], float]] = {"short": short_sentences, "letter e": letter_e}


class Bench:
    """A copy of a run's project, with texts to choose between."""

    def __init__(self, run: Path, pairs: int, words: int) -> None:
        folder = Path(tempfile.mkdtemp(prefix="bench-reader-"))
        shutil.copytree(run.parent.parent, folder / "project")
        self._run = Run(folder / "project" / "runs" / run.name)
        self._words = words
        shutil.rmtree(self._run.project().gallery, ignore_errors=True)
        (self._run.project().path / "library.sqlite").unlink(missing_ok=True)
        self._texts: list[tuple[str, str, str]] = []
        each = math.ceil(2 * pairs / len(_ASKED))
        with Gallery(self._run.project()) as gallery:
            for number, beginning in enumerate(_ASKED):
                seeds = range(1000 * number, 1000 * number + each)
                for it in self._written(self._run, beginning, seeds):
                    name = gallery.hang(it.artifact, it.recipe).name
                    self._texts.append((beginning, str(it.artifact.data), name))
        self._pairs = pairs
        self._usual = self._new_texts(self._run)

    def _written(self, run: Run, beginning: str, seeds: Sequence[int]) -> Iterator[Generated]:
        sampling = {"beginning": beginning, "words": self._words}
        return generate(run, seeds, checkpoint="best", sampling=sampling)

    def _new_texts(self, run: Run) -> list[str]:
        seeds = range(_NEW_SEED, _NEW_SEED + _NUM_NEW)
        return [
            str(it.artifact.data)
            for beginning in (*_ASKED[:2], *_NEW)
            for it in self._written(run, beginning, seeds)
        ]

    def row(self, name: str, flips: float, minutes: float) -> str:
        """Choose, teach, and measure."""
        likes, generator = LIKES[name], random.Random(5)
        project = self._run.project()
        (project.path / "choices.jsonl").unlink(missing_ok=True)
        for beginning in _ASKED:
            own = [(text, file) for begun, text, file in self._texts if begun == beginning]
            for (one, first), (other, second) in zip(own[::2], own[1::2], strict=False):
                is_better = likes(one) > likes(other)
                if generator.random() < flips:
                    is_better = not is_better
                choose(project, *((first, second) if is_better else (second, first)))
        begun, worked = time.perf_counter(), time.process_time()
        taught: Path | None = None
        told = f"{name:9} flips {flips:.0%}:"
        for event in teach_run(self._run.path, NoCommands(), minutes=minutes):
            taught = getattr(event, "run", None) or taught
            match event:
                case events.Failed():
                    return f"{told} {event.title}. {event.message}"
                case events.MetricsReady():
                    print(f"  step {event.step}: {event.metrics}", flush=True)
                case events.Advice(topic="taught too much"):
                    print(f"  step {event.step}: {event.title}. {event.evidence}", flush=True)
                case _:
                    pass
        assert taught is not None
        took, worked = (time.perf_counter() - begun) / 60, (time.process_time() - worked) / 60
        run = Run(taught)
        made = self._new_texts(run)
        wins = [
            1.0 if likes(one) > likes(other) else 0.5 if likes(one) == likes(other) else 0.0
            for one, other in zip(made, self._usual, strict=True)
        ]
        before, after = _perplexity(self._run), _perplexity(run)
        for text in made[-3:]:
            print(f"    {text!r}", flush=True)
        best = run.checkpoint("best").state.step - self._run.checkpoint("best").state.step
        return (
            f"{told} win rate {sum(wins) / len(wins):.2f} of {len(wins)}; perplexity per token "
            f"{before:.1f} -> {after:.1f} (x {after / before:.3f}); best after {best} steps; "
            f"{took:.1f} minutes, {worked:.1f} of the processor"
        )


def _perplexity(run: Run) -> float:
    dataset = dataset_of_run(run)
    rows = torch.as_tensor(dataset.fields["tokens"].take(dataset.held_out_of()))
    model = load_model(run, run.checkpoint("best"))
    assert isinstance(model, Writes)
    return math.exp(float(model.nats({"tokens": rows}).sum() / (rows[:, 1:] != PADDING).sum()))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--pairs", type=int, default=250)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--flips", type=float, default=0.1)
    parser.add_argument("--words", type=int, default=45)
    parser.add_argument("--likes", nargs="+", choices=list(LIKES), default=["short"])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    bench = Bench(chosen.run, chosen.pairs, chosen.words)
    print(bench.row("short", 0.5, chosen.minutes), flush=True)
    for name in chosen.likes:
        print(bench.row(name, chosen.flips, chosen.minutes), flush=True)


if __name__ == "__main__":
    main()
