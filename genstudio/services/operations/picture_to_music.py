"""Operations "picture-to-music" and "clip-to-music": what is seen decides what is heard."""

import math
from bisect import bisect_left
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.films import frames_at, look_at_film, moments_of
from genstudio.data.phrases import INSTRUMENTS, STEPS_PER_BEAT, to_score
from genstudio.data.picture_attributes import PictureAttributes, attributes_of
from genstudio.domain.artifacts import CLIP, NOTES, Artifact
from genstudio.domain.cards import PLAY
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.blocks.phrase_playing import ANY, Instrument
from genstudio.models.music.phrase_vae import PhraseVAE
from genstudio.models.protocol import TrainableModel
from genstudio.services.copy_meters import CopyMeter, copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.pictures import read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.picture_music import Composer, Mapping, joined

_LOOKED_AT_PX = 256
_MOST_PICTURES = 64
_MOST_PHRASES_OF_CLIP = 400
# No file counts in less.
_SAME_S = 1e-6


class SeenSettings(Settings):
    """What of a picture music follows."""

    use_brightness: bool = setting(
        True,
        title="Brightness decides how high — register",
        help="Bright pictures sound high, dark ones low.",
    )
    brightness: float = setting(
        1.0, title="How strongly — register", help="0 leaves it to chance.", ge=0.0, le=1.0
    )
    use_saturation: bool = setting(
        True,
        title="Saturation decides between minor and major — mode",
        help="Glowing colours sound like major, grey ones like minor.",
    )
    saturation: float = setting(
        1.0, title="How strongly — mode", help="0 leaves it to chance.", ge=0.0, le=1.0
    )
    use_edges: bool = setting(
        True,
        title="Detail decides how many notes — density",
        help="Busy pictures sound busy.",
    )
    edges: float = setting(
        1.0, title="How strongly — density", help="0 leaves it to chance.", ge=0.0, le=1.0
    )
    use_hue: bool = setting(
        True,
        title="The hue chooses the key — tonic",
        help="Neighbouring hues become neighbouring keys on the circle of fifths.",
    )
    hue: float = setting(
        1.0, title="How strongly — tonic", help="0 leaves it to chance.", ge=0.0, le=1.0
    )
    instrument: Instrument = setting(
        "any",
        title="Instrument — General MIDI group",
        help="What plays; “any” is the first group.",
    )
    bpm: int = setting(
        110, title="Tempo", help="How fast it is played.", ge=20, le=300, unit="beats a minute"
    )

    def mapping(self) -> Mapping:
        """Strengths, those that are switched off at 0."""
        return Mapping(
            register=self.brightness if self.use_brightness else 0.0,
            mode=self.saturation if self.use_saturation else 0.0,
            density=self.edges if self.use_edges else 0.0,
            key=self.hue if self.use_hue else 0.0,
        )


class PictureToMusicSettings(SeenSettings):
    """The same, and how long a piece is."""

    phrases: int = setting(
        4, title="Phrases of each picture", help="How long its piece is.", ge=1, le=32
    )
    suite: bool = setting(
        False,
        title="One piece of all pictures — suite",
        help="Plays the pictures one after the other, in their order, as one piece.",
    )


class PictureToMusic:
    """A piece for each picture, or a suite of all."""

    card: ClassVar[OperationCard] = OperationCard(
        key="picture-to-music",
        title="Music from pictures",
        summary="Plays your pictures: brightness, colours and detail decide what a model of your "
        "music makes.",
        output=NOTES,
        inputs=(InputSpec(name="input", title="Pictures to play", maximum=_MOST_PICTURES),),
        task=GENERATE,
        capability=PLAY,
        is_seeded=True,
        icon="image",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What follows what."""
        del model
        return PictureToMusicSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Play one after the other."""
        settings, files = request.settings, request.inputs["input"]
        assert isinstance(settings, PictureToMusicSettings)
        studio = _Studio(request, settings)
        pieces: list[np.ndarray] = []
        for done, path in enumerate(files, start=1):
            picture = read_picture(path, for_what=tr("played"), largest_side=_LOOKED_AT_PX)
            found = attributes_of(picture)
            phrases = studio.composer.compose(found, request.seed, settings.phrases)
            piece = joined(phrases)
            if settings.suite:
                pieces.append(piece)
            else:
                yield studio.made(piece, [path], path.stem, found)
            yield Progress(tr("Composing"), done, len(files))
        if settings.suite:
            yield studio.made(joined(pieces), files, "suite", None)
            yield Progress(tr("Composing"), len(files), len(files))


class ClipToMusic:
    """A soundtrack of a clip's length."""

    card: ClassVar[OperationCard] = OperationCard(
        key="clip-to-music",
        title="Music for a clip",
        summary="Plays a clip: each phrase follows what is seen while it sounds, to the end of "
        "the clip.",
        output=NOTES,
        inputs=(InputSpec(name="input", kind=CLIP, title="Clip to play", maximum=1),),
        task=GENERATE,
        capability=PLAY,
        is_seeded=True,
        icon="film",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What follows what."""
        del model
        return SeenSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Play it from beginning to end."""
        settings, (path,) = request.settings, request.inputs["input"]
        assert isinstance(settings, SeenSettings)
        info = look_at_film(path)
        studio = _Studio(request, settings)
        step_s = 60 / settings.bpm / STEPS_PER_BEAT
        phrase_s = studio.length * step_s
        count = min(max(1, math.ceil(info.seconds / phrase_s)), _MOST_PHRASES_OF_CLIP)
        shown_s = [float(moment.seconds) for moment in moments_of(path)]
        numbers = [nearest_of(shown_s, (number + 0.5) * phrase_s) for number in range(count)]
        different = sorted(set(numbers))
        frames = dict(zip(different, frames_at(path, different, _LOOKED_AT_PX), strict=True))
        pieces: list[np.ndarray] = []
        for done, number in enumerate(numbers, start=1):
            found = attributes_of(frames[number])
            pieces += studio.composer.compose(found, request.seed, 1)
            yield Progress(tr("Composing"), done, count)
        whole = joined(pieces)[: max(1, round(info.seconds / step_s))]
        yield studio.made(whole, [path], path.stem, None)
        yield Progress(tr("Composing"), count, count)


def nearest_of(shown_s: Sequence[float], time_s: float) -> int:
    """Which of the frames that are shown at these ascending times is nearest to a time.

    Of two that are as near, the one with the even number.
    """
    after = min(bisect_left(shown_s, time_s), len(shown_s) - 1)
    before = max(0, after - 1)
    nearer = (time_s - shown_s[before]) - (shown_s[after] - time_s)
    if abs(nearer) < _SAME_S:
        return before + before % 2
    return after if nearer > 0 else before


class _Studio:
    """A loaded model, and what is noted of all that it plays."""

    def __init__(self, request: OperationRequest, settings: SeenSettings) -> None:
        run = request.run
        assert run is not None
        self._request, self._settings = request, settings
        self._checkpoint: Checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, self._checkpoint)
        assert isinstance(model, PhraseVAE), "its card says so"
        self.length = model.length
        names = list(INSTRUMENTS)
        self._group = 0 if settings.instrument == ANY else names.index(settings.instrument)
        self.composer = Composer(model, self._group, settings.mapping())
        self._meter: CopyMeter = copy_meter(run)

    def made(
        self,
        tokens: np.ndarray,
        files: Sequence[Path],
        name: str,
        seen: PictureAttributes | None,
    ) -> Made:
        """A piece with its recipe, and what was seen beside it."""
        score = to_score(tokens, self._group, float(self._settings.bpm))
        values: dict[str, float | str] = {}
        if seen is not None:
            values = {
                "brightness": seen.brightness,
                "saturation": seen.saturation,
                "edges": seen.edges,
                "hue": seen.hue,
            }
        recipe = made_by_run(
            self._request_key(),
            self._request,
            self._checkpoint,
            files=files,
            seed=self._request.seed,
        )
        artifact = Artifact(kind=NOTES, data=score, seed=self._request.seed, values=values)
        return Made(
            artifact=measured(artifact, self._meter),
            recipe=recipe,
            name=name,
            source=files[0] if len(files) == 1 else None,
        )

    def _request_key(self) -> str:
        is_of_pictures = isinstance(self._settings, PictureToMusicSettings)
        return (PictureToMusic if is_of_pictures else ClipToMusic).card.key


PICTURES: Final[Operation] = PictureToMusic()
CLIPS: Final[Operation] = ClipToMusic()
