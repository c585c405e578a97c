"""Operations "continue-text", "vary-text" and "title-text"."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality
from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.cards import WRITE
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import (
    CONTINUE_TEXT,
    TITLE_TEXT,
    VARY_TEXT,
    InputSpec,
    OperationCard,
)
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import Writes
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import CopyMeter, copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.titles import titles_for
from genstudio.services.varying import varied

_MOST_FILES = 64


class ContinueText:
    """So many continuations of each text."""

    card: ClassVar[OperationCard] = OperationCard(
        key=CONTINUE_TEXT,
        title="Continue a text",
        summary="Goes on where your text ends, in the voice of the texts that it learned.",
        output=TEXT,
        inputs=(
            InputSpec(name="input", kind=TEXT, title="Texts to continue", maximum=_MOST_FILES),
        ),
        task=CONTINUE_TEXT,
        has_count=True,
        is_seeded=True,
        icon="play",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's task."""
        assert model is not None
        return task_of(model, CONTINUE_TEXT).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Continue one after the other; a result holds what was written, not what went in."""
        work = _Work(self.card.key, request)
        for path, codes in zip(work.files, work.codes, strict=True):
            for seed in range(request.seed, request.seed + request.count):
                wanted = Request(seeds=[seed], settings=request.settings, inputs={"text": [codes]})
                (artifact,) = work.model.run(CONTINUE_TEXT, wanted)
                yield work.made(artifact, path, seed)
                yield work.progress("Continuing", len(work.files) * request.count)


class VaryTextSettings(Settings):
    """How far variations are from what is varied."""

    amount: float = setting(
        0.25,
        title="How different — amount",
        help="This share of the words is looked at anew: others are put in their place where the "
        "model finds that these, too, fit what stands before and behind.",
        ge=0.0,
        le=1.0,
    )
    temperature: float = setting(
        1.0,
        title="Adventurousness — temperature",
        help="Lower takes likely words; higher is bolder and makes mistakes.",
        ge=0.1,
        le=2.0,
    )


class VaryText:
    """So many variations of each text."""

    card: ClassVar[OperationCard] = OperationCard(
        key=VARY_TEXT,
        title="Vary a text",
        summary="Writes your text again with other words here and there, chosen so that the rest "
        "still fits.",
        output=TEXT,
        inputs=(InputSpec(name="input", kind=TEXT, title="Texts to vary", maximum=_MOST_FILES),),
        task=CONTINUE_TEXT,
        capability=WRITE,
        has_count=True,
        is_seeded=True,
        icon="wand-sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """How far they are."""
        del model
        return VaryTextSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Vary one after the other."""
        settings = request.settings
        assert isinstance(settings, VaryTextSettings)
        work = _Work(self.card.key, request)
        for path, text in zip(work.files, work.texts, strict=True):
            for seed in range(request.seed, request.seed + request.count):
                found = varied(
                    work.writer,
                    text,
                    amount=settings.amount,
                    temperature=settings.temperature,
                    seed=seed,
                )
                values = {"changed words": float(found.num_changed)}
                artifact = Artifact(kind=TEXT, data=found.text, seed=seed, values=values)
                yield work.made(artifact, path, seed)
                yield work.progress("Varying", len(work.files) * request.count)


class TitleTextSettings(Settings):
    """What titles are like."""

    longest: int = setting(
        5,
        title="Longest title",
        help="Titles have up to so many words.",
        ge=1,
        le=8,
        unit="words",
    )


class TitleText:
    """So many titles for each text."""

    card: ClassVar[OperationCard] = OperationCard(
        key=TITLE_TEXT,
        title="Find a title",
        summary="Looks for those words of your text that say most about it, and offers them as "
        "titles.",
        output=TEXT,
        inputs=(InputSpec(name="input", kind=TEXT, title="Texts to title", maximum=_MOST_FILES),),
        task=CONTINUE_TEXT,
        capability=WRITE,
        has_count=True,
        icon="message-square-text",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """How long they are."""
        del model
        return TitleTextSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Find the best, the best first."""
        settings = request.settings
        assert isinstance(settings, TitleTextSettings)
        work = _Work(self.card.key, request)
        for path, text in zip(work.files, work.texts, strict=True):
            found = titles_for(work.writer, text, settings.longest, request.count)
            for position, title in enumerate(found):
                artifact = Artifact(kind=TEXT, data=title.text, values={"fit": title.fit})
                yield work.made(artifact, path, None, position)
                yield work.progress(tr("Looking for titles"), len(work.files) * request.count)
        yield work.finished(tr("Looking for titles"))


class _Work:
    """Files, model and recipes of an operation on texts."""

    def __init__(self, key: str, request: OperationRequest) -> None:
        assert request.run is not None
        self._key, self._request = key, request
        self.files: Sequence[Path] = request.inputs["input"]
        modality = MODALITIES.get(request.run.settings.modality)
        assert isinstance(modality, FileModality), "its model learned from files"
        self.codes: list[np.ndarray] = [modality.read_one(path, "")["text"] for path in self.files]
        self.texts = ["".join(map(chr, codes.tolist())) for codes in self.codes]
        for path, text in zip(self.files, self.texts, strict=True):
            if not text.strip():
                raise DatasetError(
                    tr("{name} holds no text", name=path.name), "", tr("Choose another one.")
                )
        self._checkpoint: Checkpoint = request.run.checkpoint(request.checkpoint)
        self.model = load_model(request.run, self._checkpoint)
        self._meter: CopyMeter = copy_meter(request.run)
        self._done = 0

    @property
    def writer(self) -> Writes:
        """The model, as what writes."""
        assert isinstance(self.model, Writes), "its card says so"
        return self.model

    def made(self, artifact: Artifact, path: Path, seed: int | None, position: int = 0) -> Made:
        """A result of a file; those without a seed are told apart by their position."""
        recipe = made_by_run(
            self._key,
            self._request,
            self._checkpoint,
            files=[path],
            settings={"count": self._request.count} if seed is None else None,
            seed=seed,
        )
        return Made(
            artifact=measured(artifact, self._meter),
            recipe=recipe.model_copy(update={"position": position}),
            name=f"{path.stem}-{position if seed is None else seed}",
            source=path,
        )

    def progress(self, what: str, total: int) -> Progress:
        """One more is done."""
        self._done += 1
        return Progress(what, min(self._done, total), total)

    def finished(self, what: str) -> Progress:
        """All that there are."""
        return Progress(what, max(self._done, 1), max(self._done, 1))


CONTINUE_OPERATION: Final[Operation] = ContinueText()
VARY_OPERATION: Final[Operation] = VaryText()
TITLE_OPERATION: Final[Operation] = TitleText()
