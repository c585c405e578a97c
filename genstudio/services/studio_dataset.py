"""What the Dataset page asks for: each slow thing as a job that runs beside the window."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from genstudio.data.cropping import Rule, crops_by_rule
from genstudio.data.picture_figures import PictureFigures, measure_pictures
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import Crop, PictureInfo, ScanReport
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, with_result
from genstudio.services.folder_changes import changes_on_disk
from genstudio.services.jobs import Job
from genstudio.services.manifest_changes import SetChanges, changes_since
from genstudio.services.projects import Project
from genstudio.services.studio import load_manifest


def crop_all(
    rule: Rule, pictures: Sequence[PictureInfo], folder: Path, tile_px: int
) -> Job[Progress | Mapping[str, tuple[Crop, ...]]]:
    """Choose squares of pictures by a rule; gives progress, then all of them by name."""

    def items() -> Iterator[Progress | Mapping[str, tuple[Crop, ...]]]:
        found: dict[str, tuple[Crop, ...]] = {}

        def crops_for(picture: PictureInfo) -> tuple[Crop, ...]:
            return crops_by_rule(rule, picture, folder, tile_px=tile_px)

        work = map_in_threads(crops_for, pictures)
        for done, (picture, crops) in enumerate(zip(pictures, work, strict=True), start=1):
            found[picture.name] = crops
            yield Progress(tr("Choosing squares"), done, len(pictures))
        yield found

    return Job("crop", items)


def measure(folder: Path, pictures: Sequence[PictureInfo]) -> Job[Progress | PictureFigures]:
    """Measure all pictures of a set; gives progress, then the figures."""

    def items() -> Iterator[Progress | PictureFigures]:
        yield from with_result(measure_pictures(folder, pictures))

    return Job("measure-pictures", items)


def compare_with_last(
    project: Project, report: ScanReport, excluded: frozenset[str]
) -> Job[SetChanges]:
    """What has changed since the last run froze its pictures; nothing if there is none."""

    def items() -> Iterator[SetChanges]:
        manifest = load_manifest(project)
        if manifest is not None:
            yield changes_since(manifest, report, excluded)

    return Job("compare-set", items)


def look_for_changes(report: ScanReport) -> Job[SetChanges]:
    """What a folder holds now that it did not when it was looked through."""

    def items() -> Iterator[SetChanges]:
        yield changes_on_disk(report)

    return Job("folder-changes", items)
