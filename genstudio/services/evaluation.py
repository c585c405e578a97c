"""Judges what a run makes, or a folder of pictures, by everything that can be measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.data.split import held_out_index
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress, Working
from genstudio.domain.reports import OfficialFID, Report
from genstudio.engine.threads import sharing_cores
from genstudio.metrics.report import FEWEST, judging, with_verdicts
from genstudio.models.catalog import model_class
from genstudio.models.sampling import over_white
from genstudio.models.tasks import find_task
from genstudio.services.compared import NearPair
from genstudio.services.generation import generate
from genstudio.services.judged_pictures import (
    JudgedPictures,
    basis_of,
    brought_down,
    common_size,
    folder_pictures,
    own_pictures,
)
from genstudio.services.judgements import keep_report, kept_report
from genstudio.services.official_fid import (
    Pictures,
    SuppliedWeights,
    number_to_make,
    official_fid,
    refuse_too_few,
)
from genstudio.services.runs import Run

DEFAULT_COUNT = 500
# The same for every run, and far from those that people look at and choose from.
FIRST_SEED = 2**33
# More real pictures take longer and say no more.
_MOST_REAL = 4000
# Pictures on the same seeds that are shown of each run.
_NUM_SAMPLES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was found.

    Attributes:
        target: The run or folder.
        size: Side at which pictures were compared.
        report: All figures.
        made_names: Seed or file name of each picture that was judged.
        training_names: File name of each training picture; empty if copies were not looked for.
        samples_NHWC: The first 24 pictures that were judged, uint8, sides up to 256.
        pairs: The pictures that come nearest to a copy, the nearest first.
        unreadable: Names of files that could not be used.
        step: Step of the checkpoint; None for folders.
        fid: The figure of papers; None unless weights were supplied for it.
    """

    target: Path
    size: int
    report: Report
    made_names: Sequence[str]
    training_names: Sequence[str]
    samples_NHWC: np.ndarray
    pairs: tuple[NearPair, ...] = ()
    unreadable: tuple[str, ...] = ()
    step: int | None = None
    fid: OfficialFID | None = None

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values, without the pictures."""
        content = self.report.model_dump(mode="json")
        if content["copying"] is not None:
            for pair in content["copying"]["pairs"]:
                pair["made"] = self.made_names[pair["made"]]
                pair["training"] = self.training_names[pair["training"]]
        content |= {"evaluated": str(self.target), "size": self.size, "step": self.step}
        if self.fid is not None:
            content["fid"] = self.fid.model_dump(mode="json")
        return content | {"unreadable": list(self.unreadable)}


@sharing_cores
def evaluate(
    target: Path,
    *,
    against: Path | None = None,
    training: Path | None = None,
    count: int | None = None,
    checkpoint: str = "best",
    inception: Path | None = None,
) -> Working[Evaluation]:
    """Judge a run or a folder of pictures.

    A run is judged against its own pictures, and looked through for copies of those that it
    learned from; what it held out tells how near pictures are by chance.

    Args:
        target: A run's folder, or a folder of pictures.
        against: Folder of real pictures; needed for a folder.
        training: Folder of pictures to look for copies of.
        count: Pictures to judge, at most.
        checkpoint: Of a run: a step, "best" or "last".
        inception: Weights of the official FID, which is measured with them only: of a run, with
            50,000 pictures or ``count``.

    Returns:
        What was found.

    Raises:
        GenStudioError: Pictures are missing, cannot be read or are too few, or the run is damaged.
    """
    weights = None if inception is None else SuppliedWeights.read(inception)
    if weights is not None:
        number_to_make(count)
    if (target / "run.toml").exists():
        return (yield from _of_run(Run(target), against, training, count, checkpoint, weights))
    if not target.is_dir():
        raise DatasetError(
            tr("There is no folder {target}", target=target),
            "",
            tr("Check the spelling, or whether a drive is missing."),
        )
    if against is None:
        raise SettingsError(
            tr("There is nothing to compare these pictures with"),
            tr("{target} is no run, which would know its own pictures.", target=target),
            tr("Name a folder of real pictures with --against."),
        )
    return (yield from _of_folder(target, against, training, count, weights))


def _of_run(
    run: Run,
    against: Path | None,
    training: Path | None,
    count: int | None,
    which: str,
    weights: SuppliedWeights | None,
) -> Working[Evaluation]:
    _refuse_other_tasks(run)
    size, checkpoint = run.settings.size, run.checkpoint(which)
    own = yield from own_pictures(run)
    index = held_out_index(own.names, run.held_out)
    learned: list[int] = np.setdiff1d(np.arange(len(own.names)), index).tolist()
    real = own if against is None else (yield from folder_pictures(against, size))
    _refuse_too_few(len(real.names), run.path.name if against is None else str(against))
    if against is None:
        compared = Pictures.of_cache(own.whole_NHWC, learned, run.path.name)
    else:
        compared = Pictures.of_folder(against, real.names, size)
    if weights is not None:
        refuse_too_few(compared.count, compared.where)
    if training is None:
        originals = JudgedPictures(own.images_NHWC[learned], tuple(own.names[at] for at in learned))
        held_out_NHWC = own.images_NHWC[index]
    else:
        originals, held_out_NHWC = (yield from folder_pictures(training, size)), None
    seeds = range(FIRST_SEED, FIRST_SEED + min(count or DEFAULT_COUNT, len(real.names) // 2))
    is_on_its_own = against is None and training is None
    basis = basis_of(run, checkpoint, own, len(seeds))
    report = kept_report(basis) if is_on_its_own else None
    # It may have been judged in another language.
    report = report and with_verdicts(report)
    made = yield from _made(run, checkpoint.state.step, seeds, _shown(report, len(seeds)))
    if report is None:
        made_NHWC = np.stack([made[at] for at in range(len(seeds))])
        report = yield from _judged(made_NHWC, real, originals, held_out_NHWC, count)
        if is_on_its_own:
            keep_report(basis, report)
    made_names = [str(seed) for seed in seeds]
    fid = None
    if weights is not None:
        many = Pictures.drawn(run, checkpoint.state.step, FIRST_SEED, number_to_make(count))
        fid = yield from official_fid(weights, many, compared)
    return Evaluation(
        target=run.path,
        size=size,
        report=report,
        made_names=made_names,
        training_names=originals.names,
        samples_NHWC=np.stack([made[at] for at in range(min(_NUM_SAMPLES, len(seeds)))]),
        pairs=_pairs(report, made, made_names, originals),
        unreadable=real.unreadable,
        step=checkpoint.state.step,
        fid=fid,
    )


def _refuse_other_tasks(run: Run) -> None:
    model = model_class(run.settings.model_key)
    if find_task(model, GENERATE) is None:
        raise SettingsError(
            tr("“{title}” makes nothing new that could be judged so", title=model.card.title),
            tr("The run {name} does something with pictures that it is given.", name=run.path.name),
            tr("Its figures on held-out pictures are measured while it trains: see its plot."),
        )


def _refuse_too_few(num_real: int, where: str) -> None:
    if num_real < 2 * FEWEST:
        raise DatasetError(
            tr("There are too few pictures to judge a run by"),
            tr(
                "{where} has {num_real}, and {value} are needed: half of them stand for your "
                "pictures, and the other half tells what chance alone does.",
                where=where,
                num_real=num_real,
                value=2 * FEWEST,
            ),
            tr(
                "Take more pictures. Until then, your eyes are the better judge: "
                "look at the previews."
            ),
        )


def _made(
    run: Run, step: int, seeds: Sequence[int], wanted: Sequence[int]
) -> Working[dict[int, np.ndarray]]:
    """Pictures of a run by the places of their seeds."""
    made: dict[int, np.ndarray] = {}
    pictures = generate(run, [seeds[at] for at in wanted], checkpoint=str(step))
    for at, picture in zip(wanted, pictures, strict=True):
        (made[at],) = brought_down(over_white(picture.image_HWC)[None])
        yield Progress(tr("Making pictures"), len(made), len(wanted))
    return made


def _shown(report: Report | None, count: int) -> list[int]:
    """Places of the pictures to make: all to be judged, or those that are shown afterwards."""
    if report is None:
        return list(range(count))
    pairs = report.copying.pairs if report.copying else ()
    return sorted({*range(min(_NUM_SAMPLES, count)), *(pair.made for pair in pairs)})


def _pairs(
    report: Report,
    made: Mapping[int, np.ndarray] | np.ndarray,
    made_names: Sequence[str],
    originals: JudgedPictures,
) -> tuple[NearPair, ...]:
    return tuple(
        NearPair(
            # Copies: a view would keep all the others in memory.
            made_HWC=made[pair.made].copy(),
            training_HWC=originals.images_NHWC[pair.training].copy(),
            made_name=made_names[pair.made],
            training_name=originals.names[pair.training],
            distance=pair.distance,
            alarm=pair.alarm,
        )
        for pair in (report.copying.pairs if report.copying else ())
    )


def _of_folder(
    folder: Path,
    against: Path,
    training: Path | None,
    count: int | None,
    weights: SuppliedWeights | None,
) -> Working[Evaluation]:
    size = common_size(folder)
    made = yield from folder_pictures(folder, size)
    real = yield from folder_pictures(against, size)
    fid = None
    if weights is not None:
        # From all over: names may be sorted by kind.
        order = np.random.default_rng(0).permutation(len(made.names))
        some: list[int] = np.sort(order[:count]).tolist()
        many = Pictures.of_folder(folder, [made.names[at] for at in some], size)
        compared = Pictures.of_folder(against, real.names, size)
        fid = yield from official_fid(weights, many, compared)
    originals = None if training is None else (yield from folder_pictures(training, size))
    report = yield from _judged(made.images_NHWC, real, originals, None, count)
    return Evaluation(
        target=folder,
        size=size,
        report=report,
        made_names=made.names,
        training_names=originals.names if originals else (),
        samples_NHWC=made.images_NHWC[:_NUM_SAMPLES].copy(),
        pairs=_pairs(report, made.images_NHWC, made.names, originals) if originals else (),
        unreadable=made.unreadable + real.unreadable,
        fid=fid,
    )


def _judged(
    made_NHWC: np.ndarray,
    real: JudgedPictures,
    originals: JudgedPictures | None,
    held_out_NHWC: np.ndarray | None,
    count: int | None,
) -> Working[Report]:
    order = np.random.default_rng(0).permutation(len(real.names))[:_MOST_REAL]
    return judging(
        made_NHWC,
        real.images_NHWC[np.sort(order)],
        training_NHWC=originals.images_NHWC if originals else None,
        held_out_NHWC=held_out_NHWC,
        count=count or DEFAULT_COUNT,
    )
