"""What does not belong: pictures scored by a trained model, with a threshold from whole ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.decode import UnreadablePictureError, opened, upright_size
from genstudio.data.squares import decode_whole
from genstudio.domain.errors import DatasetError, ProjectError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import DETECT
from genstudio.domain.progress import Progress, Working
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import Scored, Scores
from genstudio.models.tasks import find_task
from genstudio.services.generation import load_model
from genstudio.services.runs import Run

FEWEST_WHOLE = 20
# More whole pictures would hardly move a threshold.
_MOST_WHOLE = 200
# Below this share of the size that was learned, a picture was enlarged so much that it is soft.
_SMALLEST_SHARE = 0.5
# The hottest colour is so many times the threshold of pixels above it.
_HOTTEST = 2.5
_NAMES_OF_WHOLE = frozenset({"good", "normal", "ok", "nominal", "whole", "healthy", "intact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From which score on a picture does not belong.

    Attributes:
        score: Higher ones do not belong.
        pixel: Higher values of a map do not belong.
        wanted: Share of whole pictures that may be taken for strange.
        promised: Share that so many whole pictures allow to promise.
        whole_N: Scores of whole pictures, ascending.
        is_held_out: Whether the model never learned from these.
    """

    score: float
    pixel: float
    wanted: float
    promised: float
    whole_N: np.ndarray
    is_held_out: bool

    def rarity(self, score: float) -> float:
        """Share of whole pictures, this one counted in, that would score as high: a p-value."""
        higher = len(self.whole_N) - int(np.searchsorted(self.whole_N, score, side="left"))
        return (1 + higher) / (1 + len(self.whole_N))

    @property
    def words(self) -> str:
        """What a person must know of it, in sentences."""
        count = len(self.whole_N)
        text = tr(
            "The threshold comes from {count} whole pictures{value}: of further ones, at "
            "most {promised:.1%} should be taken for strange.",
            count=count,
            value="" if self.is_held_out else tr(" that the model learned from"),
            promised=self.promised,
        )
        if self.promised > self.wanted + 1e-9:
            text += tr(
                " {wanted:.1%} was asked for, which takes {needed} of them.",
                wanted=self.wanted,
                needed=needed(self.wanted),
            )
        if not self.is_held_out:
            text += tr(
                " With 50 pictures or more, some are held out, and the figure can be trusted."
            )
        return text


def needed(false_alarms: float) -> int:
    """Whole pictures that it takes to promise a rate of false alarms."""
    return math.ceil(1 / false_alarms) - 1


def threshold_from(
    scores: Sequence[float], peaks: Sequence[float], wanted: float, *, is_held_out: bool
) -> Threshold:
    """Split conformal prediction (Vovk et al. 2005): a quantile with a promise at any number.

    Args:
        scores: Of whole pictures.
        peaks: Highest value of each one's map.
        wanted: Rate of false alarms.
        is_held_out: Whether nothing was learned from them.
    """
    count = len(scores)
    rank = min(math.ceil((count + 1) * (1 - wanted)), count)
    return Threshold(
        score=float(np.sort(scores)[rank - 1]),
        pixel=float(np.sort(peaks)[rank - 1]),
        wanted=wanted,
        promised=1 - rank / (count + 1),
        whole_N=np.sort(np.asarray(scores, np.float64)),
        is_held_out=is_held_out,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found in one picture.

    Attributes:
        path: Its file.
        image_HWC: It, as it was looked at: uint8.
        scored: How strange it is, and where.
        rarity: Share of whole pictures that would score as high.
        is_strange: Whether its score is above the threshold.
        note: What makes the score doubtful; empty if nothing does.
    """

    path: Path
    image_HWC: np.ndarray
    scored: Scored
    rarity: float
    is_strange: bool
    note: str = ""


class Detector:
    """A trained model that scores, and what whole pictures get from it.

    Args:
        run: Whose model has the capability SCORE.
        checkpoint: Its weights.

    Raises:
        SettingsError: The model cannot score.
        DatasetError: It learned from too few pictures.
        CheckpointError: The weights cannot be read.
    """

    def __init__(self, run: Run, checkpoint: Checkpoint) -> None:
        self._run = run
        self._size, self._channels = run.data.size, run.data.channels
        model = load_model(run, checkpoint)
        if not isinstance(model, Scores):
            raise SettingsError(
                tr("“{title}” cannot say what does not belong", title=model.card.title),
                tr("It only learned to make pictures."),
                tr("Train “Find what does not belong” on pictures without flaws."),
            )
        self._model = model
        self._threshold: Threshold | None = None

    @property
    def doubts(self) -> str:
        """What a person must know of a model that was made for something else; else empty."""
        if find_task(self._model, DETECT) is not None:
            return ""
        return tr(
            "“{title}” only shows what it cannot redraw, and misses much: in our "
            "measurements it told 7 of 10 pairs right where “Find what does not belong” told "
            "97 of 100.",
            title=self._model.card.title,
        )

    @property
    def threshold(self) -> Threshold:
        """From which score on a picture does not belong; after :meth:`calibrate`."""
        assert self._threshold is not None
        return self._threshold

    def calibrate(self, false_alarms: float) -> Working[None]:
        """Score whole pictures: held-out ones, or where there are none, those learned from."""
        run = self._run
        project = run.project()
        manifest = project.load_manifest(run.file.dataset)
        if len(manifest.pictures) < FEWEST_WHOLE:
            raise DatasetError(
                tr("Too few whole pictures were learned from"),
                tr(
                    "{num_pictures} say too little about what belongs and what does not.",
                    num_pictures=len(manifest.pictures),
                ),
                tr(
                    "Train a model on {fewest_whole} pictures without flaws, or more.",
                    fewest_whole=FEWEST_WHOLE,
                ),
            )
        held_out = run.held_out_of(manifest)
        names = (held_out or [name for name, _ in manifest.pictures])[:_MOST_WHOLE]
        cached: PictureCache | None = None
        scores: list[float] = []
        peaks: list[float] = []
        for done, name in enumerate(names, start=1):
            try:
                image_HWC = self._read(manifest.folder / name)
            except UnreadablePictureError:
                # The folder may be gone; what was learned from it is in the project.
                if cached is None:
                    cached = yield from _cached(run)
                if name not in cached.names:
                    continue
                image_HWC = cached.images_NHWC[cached.names.index(name)]
            scored = self._model.score(np.asarray(image_HWC))
            scores.append(scored.score)
            peaks.append(float(scored.map_HW.max()))
            yield Progress(tr("Looking at whole pictures"), done, len(names))
        if not scores:
            raise ProjectError(
                tr("The whole pictures are gone"),
                tr(
                    "None of those that {name} learned from can be read any more.",
                    name=run.path.name,
                ),
                tr("Put the folder back: {folder}.", folder=manifest.folder),
            )
        self._threshold = threshold_from(scores, peaks, false_alarms, is_held_out=bool(held_out))

    def look_at(self, path: Path) -> Finding:
        """Score a picture.

        Raises:
            UnreadablePictureError: It cannot be used; the message says why.
        """
        image_HWC = self._read(path)
        scored = self._model.score(image_HWC)
        return Finding(
            path=path,
            image_HWC=image_HWC,
            scored=scored,
            rarity=self.threshold.rarity(scored.score),
            is_strange=scored.score > self.threshold.score,
            note=self._doubt(path),
        )

    def heat(self, finding: Finding) -> np.ndarray:
        """A map in [0, 1], in which half is the threshold of pixels."""
        map_HW, limit = finding.scored.map_HW, self.threshold.pixel
        low = min(float(np.median(map_HW)), limit - 1e-6)
        below = 0.5 * (map_HW - low) / (limit - low)
        above = 0.5 + 0.5 * (map_HW - limit) / (_HOTTEST * abs(limit) + 1e-6)
        return np.where(map_HW > limit, above, below).clip(0, 1)

    def mask(self, finding: Finding) -> np.ndarray:
        """Bool (height, width): what lies above the threshold of pixels."""
        return finding.scored.map_HW > self.threshold.pixel

    def _read(self, path: Path) -> np.ndarray:
        return decode_whole(path, size=self._size, channels=self._channels)

    def _doubt(self, path: Path) -> str:
        with opened(path) as image:
            side = min(upright_size(image))
        if side < _SMALLEST_SHARE * self._size:
            return tr(
                "only {side} px where {size} px were learned: it was enlarged, and looks softer "
                "than those",
                side=side,
                size=self._size,
            )
        return ""


def _cached(run: Run) -> Working[PictureCache]:
    project = run.project()
    return (
        yield from build_cache(
            project.load_manifest(run.file.dataset),
            size=run.settings.size,
            cache_dir=project.dataset_folder(run.file.dataset),
            channels=run.settings.channels,
        )
    )


def labels_of(paths: Sequence[Path], whole: str = "") -> dict[Path, str]:
    """What folders say of pictures: "" for whole ones, else the name of the defect.

    Args:
        paths: Files.
        whole: Name of the folder of whole ones; by default one of the usual names.

    Returns:
        Nothing where folders do not tell whole pictures from others.
    """
    names = frozenset({whole.lower()}) if whole else _NAMES_OF_WHOLE
    folders = {path: path.parent.name for path in paths}
    are_whole = [folder.lower() in names for folder in folders.values()]
    if not any(are_whole) or all(are_whole):
        return {}
    return {path: "" if it.lower() in names else it for path, it in folders.items()}
