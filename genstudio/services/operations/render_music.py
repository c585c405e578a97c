"""Operation "render-music": notes become sound, by the program's synthesiser or a soundfont."""

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar, Final

from genstudio.artifacts.notes import KIND
from genstudio.domain.artifacts import NOTES, SOUND, Artifact
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files, says_synthetic
from genstudio.services.rendering import played


class RenderSettings(Settings):
    """What plays the notes."""

    soundfont: str = setting(
        "",
        title="Soundfont — .sf2 or .sf3 file",
        help="Path of a soundfont of yours that plays the notes; empty for the studio's own "
        "synthesiser.",
        advanced=True,
    )


class RenderMusic:
    """A sound for each piece."""

    card: ClassVar[OperationCard] = OperationCard(
        key="render-music",
        title="Notes to sound",
        summary="Plays MIDI files into sound files, as loud as they can be without distortion.",
        output=SOUND,
        inputs=(InputSpec(name="input", kind=NOTES, title="Pieces to play", maximum=None),),
        icon="volume-2",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What plays them."""
        del model
        return RenderSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Play one after the other."""
        settings, files = request.settings, request.inputs["input"]
        assert isinstance(settings, RenderSettings)
        font = Path(settings.soundfont).expanduser() if settings.soundfont else None
        for done, path in enumerate(files, start=1):
            score = KIND.read(path).data
            recipe = made_from_files(
                self.card.key, request, {"input": [path]}, synthetic=says_synthetic(path)
            )
            yield Made(
                artifact=Artifact(kind=SOUND, data=played(score, font)),
                recipe=recipe,
                name=path.stem,
                source=path,
            )
            yield Progress(tr("Playing"), done, len(files))


OPERATION: Final[Operation] = RenderMusic()
