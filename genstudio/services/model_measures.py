"""Measures a model itself: the ways between its latents, what they tell, and what it redraws."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from genstudio.data.kinds import kind_of
from genstudio.data.split import held_out_index
from genstudio.domain.cards import ENCODE, INTERPOLATE, RECONSTRUCT
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.model_reports import Cost, ModelReport
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress, Working
from genstudio.domain.reports import Figure, WhyNot
from genstudio.domain.settings import Settings, parse_settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.threads import single_threaded
from genstudio.metrics.features import random_features
from genstudio.metrics.latent_structure import cross_fade, equal_steps, walk_figures
from genstudio.metrics.linear_probe import linear_probe
from genstudio.metrics.reconstruction import psnr_of_each, relative_distances
from genstudio.models.capabilities import Encodes, Interpolates, Reconstructs
from genstudio.models.catalog import model_class
from genstudio.models.latents import between
from genstudio.models.protocol import TrainableModel
from genstudio.models.sampling import over_white, to_uint8
from genstudio.models.tasks import task_of
from genstudio.services.drawing_costs import batch_of, cost_of, drawing_cost
from genstudio.services.evaluation import FIRST_SEED
from genstudio.services.generation import load_model
from genstudio.services.judged_pictures import JudgedPictures, basis_of, brought_down
from genstudio.services.judgements import keep_model_report, kept_model_report
from genstudio.services.runs import Run

NUM_PAIRS = 20
# Of models that draw one picture after the other, which takes them many times as long.
_FEW_PAIRS = 10
_STEPS_BETWEEN = 6
_SHOWN_WAYS = 2
# More say little more, and take longer.
_MOST_LEARNED = 1000
_MOST_HELD_OUT = 256
# Of fewer, a figure says more about chance than about a model.
_FEWEST_HELD_OUT = 16
_SHOWN_REDRAWN = 8
_AT_A_TIME = 16
# Of the model's own seeds: far from those that are judged, which nobody must wait for twice.
_FIRST_WAY_SEED = FIRST_SEED + 2**20
_WHAT = tr_noop("Looking into the model")
_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What was found.

    Attributes:
        report: The figures.
        cost: What it costs.
        ways: Pictures on some ways between two seeds, each uint8 (N, H, W, 3); may be none.
        held_out_NHWC: Held-out pictures, uint8; none where nothing is redrawn.
        redrawn_NHWC: The same, described and drawn again.
    """

    report: ModelReport
    cost: Cost
    ways: tuple[np.ndarray, ...] = ()
    held_out_NHWC: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))
    redrawn_NHWC: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))


@single_threaded
def measure(run: Run, checkpoint: Checkpoint, own: JudgedPictures) -> Working[Measures]:
    """Measure a checkpoint; figures that were measured before are read.

    Args:
        run: A run that makes pictures.
        checkpoint: Of this run.
        own: All pictures of its dataset.

    Raises:
        CheckpointError: The weights are damaged.
    """
    yield Progress(tr(_WHAT), 0, _PARTS)
    model = load_model(run, checkpoint)
    settings = parse_settings(task_of(model_class(run.settings.model_key), GENERATE).settings, {})
    drawing = drawing_cost(model, settings, _FIRST_WAY_SEED)
    yield Progress(tr(_WHAT), 1, _PARTS)
    looked = _Looked(run, model, settings, own)
    basis = basis_of(run, checkpoint, own, NUM_PAIRS)
    report = kept_model_report(basis)
    if report is None:
        report = yield from looked.figures()
        keep_model_report(basis, report)
    held_out_NHWC, redrawn_NHWC = looked.redrawn()
    found = Measures(
        report=report,
        cost=cost_of(run, checkpoint, drawing),
        ways=looked.ways(_SHOWN_WAYS),
        held_out_NHWC=held_out_NHWC,
        redrawn_NHWC=redrawn_NHWC,
    )
    yield Progress(tr(_WHAT), _PARTS, _PARTS)
    return found


class _Looked:
    """A model beside the pictures that it learned from, and those that it did not."""

    def __init__(
        self, run: Run, model: TrainableModel, settings: Settings, own: JudgedPictures
    ) -> None:
        self._model = model
        self._settings = settings
        self._own = own
        self._capabilities = model.card.capabilities
        self._num_classes = len(run.data.classes)
        self._drawn: tuple[np.ndarray, ...] = ()
        held_out = held_out_index(own.names, run.held_out)
        learned = np.setdiff1d(np.arange(len(own.names)), held_out)
        self._held_out = _some(held_out, _MOST_HELD_OUT)
        self._learned = _some(learned, _MOST_LEARNED)

    def figures(self) -> Working[ModelReport]:
        """Take all figures."""
        missing: dict[str, WhyNot] = {}
        told: dict[str, Figure | float | int | bool] = {"knew_kinds": self._num_classes > 0}
        for part, take in enumerate((self._walk, self._probe, self._redraw), start=2):
            found = take()
            if isinstance(found, WhyNot):
                missing |= dict.fromkeys(_FIGURES[part], found)
            else:
                told |= found
            yield Progress(tr(_WHAT), part, _PARTS)
        return ModelReport.model_validate({**told, "missing": missing})

    # --- ways between two seeds ---------------------------------------------------------------

    def ways(self, count: int) -> tuple[np.ndarray, ...]:
        """Pictures on so many ways between two seeds, each uint8 (N, H, W, 3); none without."""
        model = self._model
        if not isinstance(model, Interpolates) or INTERPOLATE not in self._capabilities:
            return ()
        if len(self._drawn) >= count:
            return self._drawn[:count]
        latents = torch.cat([self._way(model, number) for number in range(count)])
        together = batch_of(model)
        pictures: list[np.ndarray] = []
        for first in range(0, len(latents), together):
            part = latents[first : first + together]
            # As everywhere, the network is given batches of one size.
            full = torch.cat([part, part[-1:].expand(together - len(part), -1)])
            drawn_NHWC = model.decode(full, self._settings)[: len(part)]
            pictures += [brought_down(over_white(it)[None])[0] for it in drawn_NHWC]
        steps = _STEPS_BETWEEN + 1
        self._drawn = tuple(
            np.stack(pictures[at * steps : (at + 1) * steps]) for at in range(count)
        )
        return self._drawn

    def _way(self, model: Interpolates, number: int) -> Tensor:
        seeds = [_FIRST_WAY_SEED + 2 * number, _FIRST_WAY_SEED + 2 * number + 1]
        start, end = model.latents(seeds, self._settings)
        if self._num_classes:
            # Both of one kind: what changes on the way are the latents alone.
            end = torch.cat([end[: -self._num_classes], start[-self._num_classes :]])
        shares = equal_steps(_STEPS_BETWEEN)
        return torch.stack([between(start, end, share, self._num_classes) for share in shares])

    def _walk(self) -> dict[str, Figure | float | int] | WhyNot:
        ways = self.ways(NUM_PAIRS if batch_of(self._model) > 1 else _FEW_PAIRS)
        if not ways:
            return WhyNot.NO_LATENTS
        found = walk_figures(torch.stack([random_features()(way_NHWC) for way_NHWC in ways]))
        faded = walk_figures(torch.stack([random_features()(cross_fade(way)) for way in ways]))
        if found is None or faded is None:
            return WhyNot.ALL_ALIKE
        return {
            "path_length": _figure(found.path_length, found.path_length_sd, faded.path_length),
            "evenness": _figure(found.evenness, found.evenness_sd, faded.evenness),
            "perceptual_path_length": found.perceptual_path_length,
            "num_pairs": found.num_pairs,
        }

    # --- kinds in the latents -----------------------------------------------------------------

    def _probe(self) -> dict[str, Figure | float | int] | WhyNot:
        model = self._model
        kinds = [kind_of(name) for name in self._own.names]
        if len(set(kinds)) < 2:
            return WhyNot.NO_KINDS
        if not isinstance(model, Encodes) or ENCODE not in self._capabilities:
            return WhyNot.NO_ENCODER
        numbers = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
        labels_N = np.array([numbers[kind] for kind in kinds])
        if len(self._held_out) < _FEWEST_HELD_OUT or len(self._learned) < 2:
            return WhyNot.NO_HELD_OUT_PICTURES
        found = linear_probe(
            self._encoded(model, self._learned),
            labels_N[self._learned],
            self._encoded(model, self._held_out),
            labels_N[self._held_out],
        )
        return {
            "probe": _figure(found.accuracy, found.sd, found.by_guessing),
            "num_held_out": found.count,
            "num_kinds": len(numbers),
        }

    def _encoded(self, model: Encodes, index: Sequence[int]) -> np.ndarray:
        parts = [model.encode(part).float().cpu() for part in self._parts(index)]
        return torch.cat(parts).numpy()

    # --- redrawing ----------------------------------------------------------------------------

    def redrawn(self, count: int = _SHOWN_REDRAWN) -> tuple[np.ndarray, np.ndarray]:
        """Held-out pictures and what is redrawn of them: uint8 (N, H, W, 3), brought down."""
        model = self._model
        nothing = np.empty((0, 0, 0, 3), np.uint8)
        if not isinstance(model, Reconstructs) or RECONSTRUCT not in self._capabilities:
            return nothing, nothing
        # From all over: names may be sorted by kind.
        step = max(1, len(self._held_out) // count)
        chosen = self._held_out[::step][:count]
        pairs = list(self._redrawn_parts(model, chosen))
        if not pairs:
            return nothing, nothing
        before, after = (np.concatenate(side) for side in zip(*pairs, strict=True))
        return brought_down(before), brought_down(after)

    def _redraw(self) -> dict[str, Figure | float | int] | WhyNot:
        model = self._model
        if not isinstance(model, Reconstructs) or RECONSTRUCT not in self._capabilities:
            return WhyNot.NO_REDRAWING
        if len(self._held_out) < _FEWEST_HELD_OUT:
            return WhyNot.NO_HELD_OUT_PICTURES
        mean_HWC = self._mean_picture()
        psnr: list[float] = []
        of_mean: list[float] = []
        features: list[tuple[Tensor, Tensor]] = []
        for before, after in self._redrawn_parts(model, self._held_out):
            psnr += psnr_of_each(before, after).tolist()
            of_mean += psnr_of_each(before, mean_HWC[None]).tolist()
            features.append((random_features()(before), random_features()(after)))
        distances = relative_distances(*(torch.cat(side) for side in zip(*features, strict=True)))
        return {
            "psnr": _figure_of(psnr, fmean(of_mean)),
            "redrawn_distance": _figure_of(distances.numpy(), 1.0),
            "num_held_out": len(psnr),
        }

    def _redrawn_parts(
        self, model: Reconstructs, index: Sequence[int]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for part in self._parts(index):
            sides = (to_uint8(part), to_uint8(model.reconstruct(part).float()))
            before, after = (np.stack([over_white(it) for it in side]) for side in sides)
            yield before, after

    def _mean_picture(self) -> np.ndarray:
        """The mean of the pictures learned from, uint8 on white."""
        sums = sum(part.double().sum(0) for part in self._parts(self._learned))
        assert isinstance(sums, Tensor), "a run learned from some pictures"
        (mean_HWC,) = to_uint8((sums / len(self._learned))[None].float())
        return over_white(mean_HWC)

    def _parts(self, index: Sequence[int]) -> Iterator[Tensor]:
        """Some pictures, a few at a time, as models take them: float in [-1, 1], (n, C, S, S)."""
        for first in range(0, len(index), _AT_A_TIME):
            yield _numbers(self._own.whole_NHWC[np.asarray(index[first : first + _AT_A_TIME])])


_FIGURES = {
    2: ("path_length", "evenness"),
    3: ("probe",),
    4: ("psnr", "redrawn_distance"),
}


def _numbers(levels_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(levels_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _some(index: np.ndarray, most: int) -> list[int]:
    """All of few, and of many always the same ones, from all over."""
    if len(index) <= most:
        return index.tolist()
    order = np.random.default_rng(0).permutation(len(index))[:most]
    return index[np.sort(order)].tolist()


def _figure(value: float, sd: float, floor: float) -> Figure:
    return Figure(value=value, sd=sd, floor=floor, floor_sd=0.0)


def _figure_of(values: Sequence[float] | np.ndarray, floor: float) -> Figure:
    numbers = np.asarray(values, np.float64)
    return _figure(float(numbers.mean()), float(numbers.std(ddof=1) / len(numbers) ** 0.5), floor)
