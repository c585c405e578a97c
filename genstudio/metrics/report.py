"""Judges generated images against real ones; each figure stands beside its floor.

The floor is what real pictures get against other real ones at equal numbers: no model can be
expected to do better, and a figure without it says nothing.
"""

from collections.abc import Sequence
from statistics import fmean, stdev

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.progress import Progress, Working, drain
from genstudio.domain.reports import CopyingFigure, Figure, LevelFigure, Pair, Report
from genstudio.metrics import verdicts
from genstudio.metrics.comparison import Likeness, PictureSet, Yardstick
from genstudio.metrics.copying import CopyFinder
from genstudio.metrics.features import random_features
from genstudio.metrics.kid import KernelDistance, distance_by_chance

_SPLITS = 6
_SEED = 0
# On each side: with fewer, chance is larger than any difference.
FEWEST = 16
_MOST_PAIRS = 16
_AT_A_TIME = 256
_WHAT = tr_noop("Comparing pictures")


def judge(
    made_NHWC: np.ndarray,
    real_NHWC: np.ndarray,
    *,
    training_NHWC: np.ndarray | None = None,
    held_out_NHWC: np.ndarray | None = None,
    count: int | None = None,
) -> Report:
    """Judge generated images in one go; see :func:`judging`."""
    return drain(
        judging(
            made_NHWC,
            real_NHWC,
            training_NHWC=training_NHWC,
            held_out_NHWC=held_out_NHWC,
            count=count,
        )
    )


def judging(
    made_NHWC: np.ndarray,
    real_NHWC: np.ndarray,
    *,
    training_NHWC: np.ndarray | None = None,
    held_out_NHWC: np.ndarray | None = None,
    count: int | None = None,
) -> Working[Report]:
    """Judge generated images; the same pictures always get the same report.

    Real pictures are split in two at random, several times. One half stands for your pictures;
    the other half and the generated images are compared with it.

    Args:
        made_NHWC: What is judged, uint8, square, sides from 32 on.
        real_NHWC: Pictures of the kind that it should be, of the same size.
        training_NHWC: What the model learned from, to find copies.
        held_out_NHWC: Pictures of the same kind that it did not learn from.
        count: Pictures on each side; by default as many as there are, and never more than half
            of the real ones.

    Returns:
        The report.

    Raises:
        DatasetError: There are fewer than 16 pictures on a side.
    """
    assert made_NHWC.shape[1:3] == real_NHWC.shape[1:3], "pictures are of one size"
    number = min(count or len(made_NHWC), len(made_NHWC), len(real_NHWC) // 2)
    if number < FEWEST:
        raise DatasetError(
            tr("There are too few pictures to be judged"),
            tr(
                "{num_made} were made and {num_real} are real; at least {fewest} and "
                "{value} are needed.",
                num_made=len(made_NHWC),
                num_real=len(real_NHWC),
                fewest=FEWEST,
                value=2 * FEWEST,
            ),
            tr("Give it more pictures."),
        )
    generator = torch.Generator().manual_seed(_SEED)
    chosen = torch.randperm(len(made_NHWC), generator=generator)[:number]
    made_NHWC = made_NHWC[chosen.numpy()]
    total = _parts(real_NHWC) + _parts(made_NHWC) + _SPLITS + 1
    real = yield from _seen(real_NHWC, 0, total)
    made = yield from _seen(made_NHWC, _parts(real_NHWC), total)
    measured: list[tuple[Likeness, Likeness]] = []
    sides: tuple[int, ...] = ()
    for split in range(_SPLITS):
        order = torch.randperm(len(real), generator=generator)
        yardstick = Yardstick(real.part(order[:number]))
        floor = yardstick.measure(real.part(order[number : 2 * number]))
        measured.append((yardstick.measure(made), floor))
        sides = yardstick.sides
        yield Progress(tr(_WHAT), total - _SPLITS + split, total)
    copying = None
    if training_NHWC is not None:
        copying = _copying(CopyFinder(training_NHWC, held_out_NHWC), made_NHWC, chosen)
    yield Progress(tr(_WHAT), total, total)
    by_chance = distance_by_chance(real.features_NC, number)
    return _report(measured, by_chance, sides, copying, number)


def _parts(images_NHWC: np.ndarray) -> int:
    return -(-len(images_NHWC) // _AT_A_TIME)


def _seen(images_NHWC: np.ndarray, done: int, total: int) -> Working[PictureSet]:
    """Look at pictures, some at a time."""
    parts: list[PictureSet] = []
    for first in range(0, len(images_NHWC), _AT_A_TIME):
        parts.append(PictureSet.of(images_NHWC[first : first + _AT_A_TIME]))
        yield Progress(tr(_WHAT), done + len(parts), total)
    return PictureSet.joined(parts)


def _report(
    measured: Sequence[tuple[Likeness, Likeness]],
    kid_by_chance: KernelDistance,
    sides: Sequence[int],
    copying: CopyingFigure | None,
    number: int,
) -> Report:
    made, floors = zip(*measured, strict=True)

    def figure(name: str) -> Figure:
        return _figure([getattr(it, name) for it in made], [getattr(it, name) for it in floors])

    swd, density, coverage, diversity = map(figure, ("swd", "density", "coverage", "diversity"))
    kid = Figure(
        value=fmean(it.kid for it in made),
        sd=fmean(it.kid_sd for it in made),
        floor=kid_by_chance.value,
        floor_sd=kid_by_chance.sd,
    )
    levels = (
        LevelFigure(
            side=side,
            **_figure(
                [it.swd_levels[level] for it in made], [it.swd_levels[level] for it in floors]
            ).model_dump(),
        )
        for level, side in enumerate(sides)
    )
    report = Report(
        swd=swd,
        swd_levels=tuple(levels),
        kid=kid,
        density=density,
        coverage=coverage,
        diversity=diversity,
        copying=copying,
        count=number,
        features=random_features().digest,
    )
    return with_verdicts(report)


def with_verdicts(report: Report) -> Report:
    """The same figures, with what they mean said in the language that is spoken now."""
    coverage, diversity, copying = report.coverage, report.diversity, report.copying
    told = {
        "swd": _said(report.swd, verdicts.on_swd(_sds(report.swd))),
        "kid": _said(report.kid, verdicts.on_kid(_sds(report.kid))),
        "density": _said(report.density, verdicts.on_density(_sds(report.density))),
        "coverage": _said(
            coverage, verdicts.on_coverage(coverage.value, coverage.floor, _sds(coverage))
        ),
        "diversity": _said(diversity, verdicts.on_diversity(diversity.value, _sds(diversity))),
    }
    if copying is not None:
        words = verdicts.on_copies(copying.value, copying.floor, _sds(copying))
        told["copying"] = _said(copying, words)
    return report.model_copy(update=told)


def _figure(values: Sequence[float], floors: Sequence[float]) -> Figure:
    return Figure(
        value=fmean(values), sd=stdev(values), floor=fmean(floors), floor_sd=stdev(floors)
    )


def _said(figure: Figure, verdict: str) -> Figure:
    return figure.model_copy(update={"verdict": verdict})


def _sds(figure: Figure) -> float:
    return verdicts.standing(figure.value, figure.floor, figure.floor_sd)


def _copying(finder: CopyFinder, made_NHWC: np.ndarray, index: Tensor) -> CopyingFigure:
    copies = finder(made_NHWC)
    nearest_first = np.argsort(copies.distances / copies.alarms, kind="stable")[:_MOST_PAIRS]
    pairs = (
        Pair(
            made=int(index[number]),
            training=int(copies.nearest[number]),
            distance=float(copies.distances[number]),
            alarm=float(copies.alarms[number]),
        )
        for number in nearest_first
    )
    # Both shares are of so many pictures only.
    floor_sd = (
        _share_sd(copies.usual_share, len(made_NHWC)) ** 2
        + _share_sd(copies.usual_share, copies.usual_count) ** 2
    ) ** 0.5
    return CopyingFigure(
        value=copies.share,
        sd=_share_sd(copies.share, len(made_NHWC)),
        floor=copies.usual_share,
        floor_sd=floor_sd,
        threshold=copies.threshold,
        pairs=tuple(pairs),
    )


def _share_sd(share: float, count: int) -> float:
    """Standard deviation of a share of so many; not zero where none or all were found."""
    likely = (share * count + 1) / (count + 2)
    return (likely * (1 - likely) / count) ** 0.5
