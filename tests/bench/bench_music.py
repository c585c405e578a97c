"""How well phrases are learned: beside 5-grams of the same tokens, and how much is copied.

    python tests/bench/bench_music.py FOLDER --minutes 12

The model's negative log-likelihood of held-out phrases is an upper bound: minus the logarithm of
the mean of importance weights (Burda et al. 2016, arXiv:1509.00519, eq. 8) of so many samples of
the latent. The n-grams are interpolated (Witten & Bell 1991), and learn from the same phrases, as
they are and in twelve keys, as the model does.
"""

import argparse
import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from genstudio.data.phrases import FIRST_NOTE, NUM_TOKENS, notes_of, tokens_of, transposed
from genstudio.data.scores import Score
from genstudio.domain import events
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.models.blocks.phrases import BEGIN, NUM_INSTRUMENTS
from genstudio.models.music.phrase_vae import PhraseVAE
from genstudio.models.sampling import evaluating
from genstudio.services.copy_meters import PatternMeter, dataset_of_run
from genstudio.services.generation import generate, load_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

_SAMPLES = 64
_MOST_PHRASES = 400
_NUM_MADE = 200


class NGram:
    """Interpolated by Witten and Bell: all orders from 1 on, above a uniform guess."""

    def __init__(self, rows: Sequence[np.ndarray], order: int) -> None:
        self._order = order
        self._counts = [defaultdict[tuple[int, ...], Counter[int]](Counter) for _ in range(order)]
        for row in rows:
            tokens = [-1] * (order - 1) + row.tolist()
            for at in range(order - 1, len(tokens)):
                for length in range(order):
                    self._counts[length][tuple(tokens[at - length : at])][tokens[at]] += 1

    def nll(self, rows: Sequence[np.ndarray]) -> float:
        """Nats per token."""
        total, count = 0.0, 0
        for row in rows:
            tokens = [-1] * (self._order - 1) + row.tolist()
            for at in range(self._order - 1, len(tokens)):
                chance = 1 / NUM_TOKENS
                for length in range(self._order):
                    seen = self._counts[length].get(tuple(tokens[at - length : at]))
                    if seen:
                        kinds = len(seen)
                        chance = (seen[tokens[at]] + kinds * chance) / (seen.total() + kinds)
                total -= math.log(chance)
                count += 1
        return total / count


@torch.inference_mode()
def bounds(model: PhraseVAE, tokens: torch.Tensor, groups: torch.Tensor) -> tuple[float, float]:
    """Bound with one and with many samples, in nats per token."""
    single, many = 0.0, 0.0
    one_hot = functional.one_hot(groups, NUM_INSTRUMENTS).float()
    with evaluating(model.network):
        for row, group in zip(tokens, one_hot, strict=True):
            phrase, own = row[None], group[None]
            mean, log_variance = model.network["encoder"](phrase, own)
            sd = (log_variance / 2).exp()
            noise = torch.randn(_SAMPLES, mean.shape[1])
            z = mean + sd * noise
            before = functional.pad(phrase[:, :-1], (1, 0), value=BEGIN).expand(_SAMPLES, -1)
            logits = model.network["decoder"](z, own.expand(_SAMPLES, -1), before)
            likelihood = -functional.cross_entropy(
                logits.transpose(1, 2), phrase.expand(_SAMPLES, -1), reduction="none"
            ).sum(1)
            prior = -0.5 * z.square().sum(1)
            posterior = -0.5 * noise.square().sum(1) - log_variance.sum() / 2
            weights = likelihood + prior - posterior
            single -= weights.mean().item()
            many -= (weights.logsumexp(0) - math.log(_SAMPLES)).item()
    return single / tokens.numel(), many / tokens.numel()


def reconstructed(
    model: PhraseVAE, tokens: torch.Tensor, groups: torch.Tensor
) -> tuple[float, float, float]:
    """Share of tokens played again: each after the true ones before it, and all by themselves.

    The third is the share of what begins notes, played after the true ones.
    """
    latents = model.describe({"notes": tokens, "instruments": groups})
    z, one_hot = latents[:, :-NUM_INSTRUMENTS], latents[:, -NUM_INSTRUMENTS:]
    with evaluating(model.network):
        before = functional.pad(tokens[:, :-1], (1, 0), value=BEGIN)
        guided = model.network["decoder"](z, one_hot, before).argmax(-1)
    alone = np.stack(
        [
            model.play(row[None], int(group), temperature=0, seed=0)
            for row, group in zip(z, groups, strict=True)
        ]
    )
    begins = tokens >= FIRST_NOTE
    right = guided == tokens
    return (
        right.double().mean().item(),
        float((alone == tokens.numpy()).mean()),
        right[begins].double().mean().item(),
    )


def histograms(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pitch classes, and lengths of notes, as shares."""
    notes = np.concatenate([notes_of(row) for row in rows])
    pitches = np.bincount(notes[:, 2] % 12, minlength=12)
    lengths = np.bincount(np.minimum(notes[:, 1], 16), minlength=17)
    return pitches / pitches.sum(), lengths / lengths.sum()


def distances(rows: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> tuple[float, float]:
    return tuple(
        float(np.abs(one - other).sum() / 2)
        for one, other in zip(histograms(rows), histograms(real), strict=True)
    )  # pyright: ignore[reportReturnType]


def control(rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Phrases of the right alphabet in no order: each token drawn from all kinds that occur."""
    random = np.random.default_rng(0)
    known = np.unique(np.concatenate(rows))
    return [random.choice(known, len(row)) for row in rows]


def main(folder: Path, minutes: float, run_folder: Path | None) -> None:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as place:
        run = Run(run_folder or _run_of(folder, minutes, Path(place)))
        dataset = dataset_of_run(run)
        learned, held_out = dataset.learned_from(), dataset.held_out_of()
        field = dataset.fields["notes"]
        train, test = list(field.take(learned)), list(field.take(held_out))
        print(f"{len(train)} phrases learned from, {len(test)} held out, of other pieces")
        keys = [transposed(row, up) for row in train for up in range(-5, 7)]
        for name, rows in (("as they are", train), ("in 12 keys", keys)):
            found = ", ".join(
                f"{order}-gram {NGram(rows, order).nll(test):.3f}" for order in (3, 5)
            )
            print(f"NLL per token, nats: {found} ({name})")
        some = held_out[np.linspace(0, len(held_out) - 1, _MOST_PHRASES).astype(int)]
        tokens = torch.as_tensor(field.take(some))
        groups = torch.as_tensor(dataset.fields["instruments"].take(some))
        model = load_model(run, run.checkpoint("last"))
        assert isinstance(model, PhraseVAE)
        single, many = bounds(model, tokens, groups)
        print(
            f"NLL per token, nats: model ≤ {many:.3f} ({_SAMPLES} samples; {single:.3f} with one)"
        )
        guided, alone, begins = reconstructed(model, tokens, groups)
        print(f"held-out tokens reconstructed: {guided:.3f}; all by itself {alone:.3f}; ", end="")
        print(f"beginnings of notes {begins:.3f}")
        made = [it.artifact for it in generate(run, range(_NUM_MADE))]
        meter = PatternMeter(dataset)
        rows = [_tokens_of(it.data) for it in made]
        for name, found in (("made", rows), ("shuffled control", control(train))):
            pitch, length = distances(found, test)
            print(f"distance to held-out: pitch classes {pitch:.3f}, lengths {length:.3f} ({name})")
        pitch, length = distances(train, test)
        print(f"distance to held-out: pitch classes {pitch:.3f}, lengths {length:.3f} (learned)")
        known = [float(meter(it)["known patterns"]) for it in made if meter(it)]
        print(f"known patterns of six notes: made {np.mean(known):.3f}, held out {meter.usual:.3f}")


def _tokens_of(score: Score) -> np.ndarray:
    return tokens_of(score.parts[0], 0, 2)


def _run_of(folder: Path, minutes: float, place: Path) -> Path:
    settings = TrainingSettings(
        model_key="phrase-vae",
        batch=32,
        budget=Budget(unit="minutes", amount=minutes),
        seed=1,
        device="cpu",
        preview_every_s=1e6,
        save_every_s=1e6,
    )
    request = NewRun(folder=folder, project=place / "Music", settings=settings)
    told = list(start_run(request, NoCommands()))
    assert isinstance(told[-1], events.Finished), told[-1]
    return told[-1].run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--run", type=Path, help="A run that was trained before.")
    chosen = parser.parse_args()
    main(chosen.folder, chosen.minutes, chosen.run)
