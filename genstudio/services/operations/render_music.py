"""Operation "render-music": notes become sound, by the program's synthesiser or a soundfont."""

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar, Final

from genstudio.artifacts.notes import KIND
from genstudio.data.scores import Score
from genstudio.data.synth import LONGEST_S
from genstudio.domain.artifacts import NOTES, SOUND, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, trn
from genstudio.domain.operations import InputSpec, OperationCard, Report
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files, says_synthetic
from genstudio.services.rendering import num_left_out, played


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
        told: list[str] = []
        for done, path in enumerate(files, start=1):
            score = KIND.read(path).data
            told += _told(path, score, font)
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
        if told:
            report = Report(files=lambda _: {}, words=" ".join(told))
            yield Progress(tr("Playing"), len(files), len(files), report)


def _told(path: Path, score: Score, font: Path | None) -> list[str]:
    """What is to be said of a piece that is not played to its end.

    Raises:
        DatasetError: Nothing of it would be heard.
    """
    missing = num_left_out(score, font)
    if not missing:
        return []
    minutes = round(LONGEST_S / 60)
    if missing == sum(len(part.notes) for part in score.parts):
        raise DatasetError(
            tr("{name} would be silent", name=path.name),
            tr(
                "All its notes come after the first {minutes} minutes, which are played.",
                minutes=minutes,
            ),
            tr("Take out the silence before them."),
        )
    return [
        trn(
            "{name} is played from its beginning as far as can be; {number:,} note is left out.",
            "{name} is played from its beginning as far as can be; {number:,} notes are left out.",
            missing,
            name=path.name,
        )
    ]


OPERATION: Final[Operation] = RenderMusic()
