"""“Did it copy me?” of pictures one by one: the training pictures that each is nearest to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.artifacts.catalog import kind_of_file
from genstudio.data.split import held_out_index
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.engine.threads import sharing_cores
from genstudio.metrics.copying import CopyFinder
from genstudio.models.sampling import over_white
from genstudio.services.compared import NearPair
from genstudio.services.copy_marks import CopyMark
from genstudio.services.judged_pictures import own_pictures
from genstudio.services.remaking import run_that_made
from genstudio.services.runs import Run

_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCheck:
    """What was found of one picture.

    Attributes:
        path: Its file.
        mark: The nearest training picture, and whether it is a copy of that.
        pairs: It beside the training pictures that are nearest, the nearest first.
    """

    path: Path
    mark: CopyMark
    pairs: tuple[NearPair, ...]

    def record(self) -> dict[str, object]:
        """All of it as plain JSON values, without the pictures."""
        return {
            "image": str(self.path),
            "copy": self.mark.is_copy,
            "alarm": self.mark.alarm,
            "nearest": [
                {"training": it.training_name, "distance": it.distance} for it in self.pairs
            ],
        }


@sharing_cores
def check_copies(paths: Sequence[Path], run: Path | None = None) -> Working[list[CopyCheck]]:
    """Compare pictures with all that a run learned from, as they are and mirrored.

    Args:
        paths: Pictures that runs made; those of other kinds of material say it themselves.
        run: What they are compared with; by default the run that each names in its recipe, in the
            project that it lies in.

    Returns:
        One for each, in order.

    Raises:
        DatasetError: A file is no picture, or no run made it.
        ProjectError: The run, or what it learned from, is not there any more.
    """
    by_run: dict[Path, list[Path]] = {}
    for path in paths:
        by_run.setdefault(run or _run_of(path), []).append(path)
    found: dict[Path, CopyCheck] = {}
    for folder, own in by_run.items():
        opened = Run(folder)
        pictures = yield from own_pictures(opened)
        index = held_out_index(pictures.names, opened.held_out)
        learned = np.setdiff1d(np.arange(len(pictures.names)), index).astype(np.int64)
        finder = CopyFinder(pictures.images_NHWC[learned], pictures.images_NHWC[index])
        places: list[int] = learned.tolist()
        names = [pictures.names[at] for at in places]
        originals_NHWC = pictures.images_NHWC[learned]
        for path in own:
            found[path] = _checked(path, finder, names, originals_NHWC)
            yield Progress(tr("Looking for copies"), len(found), len(paths))
    return [found[path] for path in paths]


def _checked(
    path: Path, finder: CopyFinder, names: Sequence[str], originals_NHWC: np.ndarray
) -> CopyCheck:
    made_HWC = _pixels(path, originals_NHWC.shape[1])
    judged = finder(made_HWC[None])
    alarm, distance = float(judged.alarms[0]), float(judged.distances[0])
    pairs = tuple(
        NearPair(
            made_HWC=made_HWC,
            training_HWC=originals_NHWC[at].copy(),
            made_name=path.name,
            training_name=names[at],
            distance=far,
            alarm=alarm,
        )
        for at, far in finder.nearest(made_HWC, _MOST_SHOWN)
    )
    mark = CopyMark(nearest=names[int(judged.nearest[0])], distance=distance, alarm=alarm)
    return CopyCheck(path=path, mark=mark, pairs=pairs)


def _pixels(path: Path, side: int) -> np.ndarray:
    """A picture, or its middle square, as large as the training pictures and over white."""
    kind = kind_of_file(path)
    if kind is None or kind.card.key != IMAGE:
        raise DatasetError(
            tr("{name} is no picture", name=path.name),
            tr("Only pictures are compared so."),
            tr("Sounds, music, texts and molecules say beside each how near they come."),
        )
    pixels = over_white(kind.read(path).data)
    height, width = pixels.shape[:2]
    cut = min(height, width)
    top, left = (height - cut) // 2, (width - cut) // 2
    middle = Image.fromarray(np.squeeze(pixels[top : top + cut, left : left + cut]))
    sized = middle.convert("RGB").resize((side, side), Image.Resampling.BOX)
    return np.array(sized)


def _run_of(path: Path) -> Path:
    kind = kind_of_file(path)
    recipe = None if kind is None else kind.read_recipe(path)
    if recipe is None or not recipe.run:
        raise DatasetError(
            tr("No run made {name}", name=path.name),
            tr("So there is nothing learned that it could be a copy of."),
            tr("Choose a picture that a trained model made, or name a run."),
        )
    return run_that_made(path, recipe).path


def words_about(checks: Iterable[CopyCheck]) -> str:
    """What was found, in a sentence or two."""
    found = list(checks)
    copies = [it for it in found if it.mark.is_copy]
    if len(found) == 1:
        return found[0].mark.words()
    if not copies:
        return tr("None of {count:,} pictures is a copy.", count=len(found))
    names = ", ".join(it.path.name for it in copies[:3])
    return tr(
        "{copies:,} of {count:,} are nearly the same as a training picture: {names}{more}",
        copies=len(copies),
        count=len(found),
        names=names,
        more=" …" if len(copies) > 3 else ".",
    )
