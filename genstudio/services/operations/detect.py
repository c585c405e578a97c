"""Operation "detect-anomalies": which pictures do not belong, and where in them."""

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.decode import UnreadablePictureError
from genstudio.data.heat import heated
from genstudio.data.listing import list_pictures
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import SCORE
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.operations import DETECT, InputSpec, OperationCard, Report
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.anomalies import Detector, Finding, labels_of
from genstudio.services.anomaly_report import PAGE_NAME, Row, csv_of, page_of
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.score_tables import CSV_NAME

_POLL_S = 1.0
# A file that changed just now may still be written to.
_SETTLED_S = 2.0
_WORDS = tr_noop("Looking")


class DetectSettings(Settings):
    """What counts as strange."""

    false_alarms: float = setting(
        0.05,
        title="False alarms — rate",
        help="How many whole pictures in a hundred may be taken for strange: lower shows fewer, "
        "higher misses less. The threshold follows from pictures that were held out.",
        ge=0.001,
        le=0.5,
    )
    opacity: float = setting(
        0.7,
        title="Strength of the heat map",
        help="How strongly what is strange is coloured in the pictures that are written.",
        ge=0.0,
        le=1.0,
    )
    whole_folder: str = setting(
        "",
        title="Folder of whole ones",
        help="If the pictures lie in folders and one of them holds whole ones, its name: then the "
        "report says how well the model tells them apart. Left empty, usual names are tried, such "
        "as “good” or “normal”. Labels never change what is found.",
        advanced=True,
    )


class DetectAnomalies:
    """A heat map of each picture; a table and a page of all."""

    card: ClassVar[OperationCard] = OperationCard(
        key=DETECT,
        title="Find what does not belong",
        summary="Looks through pictures for what is unlike everything a model has seen, and shows "
        "where. Not for diagnosis.",
        inputs=(InputSpec(name="input", title="Pictures to look through", maximum=None),),
        needs_model=True,
        capability=SCORE,
        can_watch=True,
        icon="search",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same for every model."""
        del model
        return DetectSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Look at one after the other, and then, if asked to, at those that come later."""
        assert request.run is not None
        settings = request.settings
        assert isinstance(settings, DetectSettings)
        checkpoint = request.run.checkpoint(request.checkpoint)
        detector = Detector(request.run, checkpoint)
        yield from detector.calibrate(settings.false_alarms)
        rows: dict[Path, Row] = {}

        def look(paths: Sequence[Path]) -> Generator[Made | Progress, None, None]:
            labels = labels_of([*rows, *paths], settings.whole_folder)
            for done, path in enumerate(paths, start=1):
                try:
                    finding = detector.look_at(path)
                except UnreadablePictureError as error:
                    rows[path] = Row(path=path, score=float("nan"), note=str(error))
                    continue
                rows[path] = _row(finding, labels)
                yield Made(
                    artifact=_artifact(detector, finding, settings.opacity),
                    recipe=made_by_run(self.card.key, request, checkpoint, files=[path]),
                    name=path.stem,
                    source=path,
                )
                yield Progress(tr(_WORDS), done, len(paths))
            if all(not row.is_read for row in rows.values()):
                _refuse(rows.values())

        def report() -> Progress:
            found = sum(row.is_strange for row in rows.values())
            everything = list(rows.values())
            title = tr(
                "{value}, step {step}",
                value=request.run.path.name if request.run else "",
                step=checkpoint.state.step,
            )

            def written(results: Mapping[Path, str]) -> dict[str, bytes]:
                return {
                    CSV_NAME: csv_of(everything, results, detector.threshold),
                    PAGE_NAME: page_of(everything, results, detector.threshold, model=title),
                }

            told = tr(
                "{found} of {num_rows} do not belong. {words}",
                found=found,
                num_rows=len(rows),
                words=detector.threshold.words,
            )
            told = f"{told} {detector.doubts}".strip()
            item = Report(files=written, num_found=found, words=told)
            return Progress(tr(_WORDS), len(rows), len(rows), item)

        files = list(request.inputs["input"])
        yield from look(files)
        yield report()
        while request.watch:
            new = _settled(files)
            if new:
                files += new
                yield from look(new)
                yield report()
            else:
                time.sleep(_POLL_S)
                yield Progress(tr("Watching for more"), len(rows), len(rows))


def _row(finding: Finding, labels: Mapping[Path, str]) -> Row:
    return Row(
        path=finding.path,
        score=finding.scored.score,
        rarity=finding.rarity,
        is_strange=finding.is_strange,
        label=labels.get(finding.path),
        evidence=finding.scored.evidence,
        note=finding.note,
    )


def _artifact(detector: Detector, finding: Finding, opacity: float) -> Artifact:
    heat_HW = detector.heat(finding)
    heat_HWC = np.rint(heat_HW * 255).astype(np.uint8)[..., None]
    mask_HWC = detector.mask(finding).astype(np.uint8)[..., None] * 255
    values: dict[str, float | str] = {
        "score": finding.scored.score,
        "rarity": finding.rarity,
        "verdict": "strange" if finding.is_strange else "belongs",
        **finding.scored.evidence,
    }
    if finding.note:
        values["note"] = finding.note
    return Artifact(
        kind=IMAGE,
        data=heated(finding.image_HWC, heat_HW, opacity),
        values=values,
        parts={
            "picture": Artifact(kind=IMAGE, data=finding.image_HWC),
            "heat": Artifact(kind=IMAGE, data=heat_HWC),
            "mask": Artifact(kind=IMAGE, data=mask_HWC),
        },
    )


def _refuse(rows: Iterable[Row]) -> None:
    first = next(iter(rows))
    raise DatasetError(
        tr("{name} cannot be looked at", name=first.path.name),
        first.note,
        tr("Choose pictures that can be read."),
    )


def _settled(known: Sequence[Path]) -> list[Path]:
    """New pictures in the folders of known ones, and below; not those that are still written."""
    now, seen = time.time(), set(known)
    new: list[Path] = []
    for folder in _outermost(known):
        try:
            names = list_pictures(folder).names
        except DatasetError:
            continue  # It may come back.
        for path in (folder / name for name in names):
            if path not in seen and _is_settled(path, now):
                seen.add(path)
                new.append(path)
    return new


def _outermost(paths: Sequence[Path]) -> list[Path]:
    folders = sorted({path.parent for path in paths}, key=lambda it: len(it.parts))
    found: list[Path] = []
    for folder in folders:
        if not any(folder.is_relative_to(it) for it in found):
            found.append(folder)
    return found


def _is_settled(path: Path, now_s: float) -> bool:
    try:
        return abs(now_s - path.stat().st_mtime) > _SETTLED_S
    except OSError:
        return False


OPERATION: Final[Operation] = DetectAnomalies()
