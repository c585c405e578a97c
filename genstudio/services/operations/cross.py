"""Operations on materials that a model learned together: from one to the other, or both anew."""

from collections.abc import Generator
from dataclasses import replace
from functools import cache
from typing import ClassVar, Final

from genstudio.domain.artifacts import IMAGE, NOTES, SOUND, TEXT, apart
from genstudio.domain.cards import CROSS
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.operations import GENERATE, GENERATE_PAIRS, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.capabilities import Crosses
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.own_examples import Example, example_of, example_of_words
from genstudio.services.runs import Run

_MOST_FILES = 64
_PICTURES = InputSpec(name="input", title="Pictures", maximum=_MOST_FILES)
_PROMPT = "prompt"


def _card(
    key: str, title: str, summary: str, *, output: str, given: InputSpec, icon: str
) -> OperationCard:
    """Of an operation from pictures to what they were learned with, or back."""
    return OperationCard(
        key=key,
        title=title,
        summary=summary,
        output=output,
        inputs=(given,),
        task=GENERATE,
        capability=CROSS,
        partner=output if given.kind == IMAGE else given.kind,
        has_count=True,
        is_seeded=True,
        icon=icon,
    )


class CrossFiles:
    """So many results of another kind for each file, each from a seed of its own."""

    card: ClassVar[OperationCard]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make them, file by file."""
        run = request.run
        assert run is not None
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        assert isinstance(model, Crosses), "its card says so"
        meter = copy_meter(run)
        seeds = range(request.seed, request.seed + request.count)
        given = self._given(run, request)
        for at, example in enumerate(given):
            made = model.cross(example.fields, self.card.output, seeds, request.settings)
            files = [example.path] if example.path is not None else []
            for number, (seed, artifact) in enumerate(zip(seeds, made, strict=True), start=1):
                own = replace(artifact, values={**artifact.values, **example.values})
                yield Made(
                    artifact=measured(own, meter),
                    recipe=made_by_run(
                        self.card.key,
                        request,
                        checkpoint,
                        files=files,
                        settings=example.settings,
                        seed=seed,
                    ),
                    name=f"{example.name}-{seed}",
                    source=example.path,
                )
                yield Progress(
                    tr("Making"), at * request.count + number, len(given) * request.count
                )

    def _given(self, run: Run, request: OperationRequest) -> list[Example]:
        """What results are made for."""
        kind = self.card.inputs[0].kind
        return [example_of(run, path, kind) for path in request.inputs["input"]]


class MakePairs:
    """A picture and what belongs to it for each seed, as results of their own."""

    card: ClassVar[OperationCard] = OperationCard(
        key=GENERATE_PAIRS,
        title="Make pairs",
        summary="Invents pictures together with what belongs to them, a sound, words or music, "
        "each two for one another.",
        others=(SOUND, TEXT, NOTES),
        task=GENERATE,
        capability=CROSS,
        has_count=True,
        is_seeded=True,
        icon="sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make one after the other, first the picture."""
        run = request.run
        assert run is not None
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        meter = copy_meter(run)
        seeds = range(request.seed, request.seed + request.count)
        made = model.run(GENERATE, Request(settings=request.settings, seeds=seeds))
        for done, (seed, artifact) in enumerate(zip(seeds, made, strict=True), start=1):
            recipe = made_by_run(self.card.key, request, checkpoint, files=[], seed=seed)
            for position, one in enumerate(apart(artifact)):
                yield Made(
                    artifact=measured(one, meter),
                    recipe=recipe.model_copy(update={"position": position}),
                    name=str(seed),
                )
            yield Progress(tr("Making pairs"), done, request.count)


class PictureToSound(CrossFiles):
    """Sounds for pictures."""

    card: ClassVar[OperationCard] = _card(
        "picture-to-sound",
        tr_noop("A sound for a picture"),
        tr_noop(
            "Makes sounds that belong to your pictures, as a model learned from pairs; as many "
            "different ones as you like."
        ),
        output=SOUND,
        given=_PICTURES,
        icon="image",
    )


class SoundToPicture(CrossFiles):
    """Pictures for sounds."""

    card: ClassVar[OperationCard] = _card(
        "sound-to-picture",
        tr_noop("A picture for a sound"),
        tr_noop(
            "Draws pictures that belong to your sounds, as a model learned from pairs; as many "
            "different ones as you like."
        ),
        output=IMAGE,
        given=InputSpec(name="input", kind=SOUND, title="Sounds", maximum=_MOST_FILES),
        icon="wand-sparkles",
    )


class PictureToNotes(CrossFiles):
    """Phrases for pictures."""

    card: ClassVar[OperationCard] = _card(
        "picture-to-notes",
        tr_noop("A phrase for a picture"),
        tr_noop(
            "Makes phrases of music that belong to your pictures, as a model learned from pairs; "
            "as many different ones as you like."
        ),
        output=NOTES,
        given=_PICTURES,
        icon="image",
    )


class NotesToPicture(CrossFiles):
    """Pictures for phrases."""

    card: ClassVar[OperationCard] = _card(
        "notes-to-picture",
        tr_noop("A picture for a phrase"),
        tr_noop(
            "Draws pictures that belong to your MIDI files, as a model learned from pairs; as many "
            "different ones as you like."
        ),
        output=IMAGE,
        given=InputSpec(name="input", kind=NOTES, title="MIDI files", maximum=_MOST_FILES),
        icon="wand-sparkles",
    )


class PictureToWords(CrossFiles):
    """Captions for pictures."""

    card: ClassVar[OperationCard] = _card(
        "picture-to-words",
        tr_noop("Words for a picture"),
        tr_noop(
            "Says what is on your pictures, in the words of the captions that a model learned "
            "with its pictures."
        ),
        output=TEXT,
        given=_PICTURES,
        icon="message-square-text",
    )


class WordsToPicture(CrossFiles):
    """Pictures for words: those that a person writes, and those of text files."""

    card: ClassVar[OperationCard] = _card(
        "words-to-picture",
        tr_noop("A picture for words"),
        tr_noop(
            "Draws pictures that belong to your words, as a model learned from pictures with "
            "captions; as many different ones as you like."
        ),
        output=IMAGE,
        given=InputSpec(
            name="input", kind=TEXT, title="Text files", minimum=0, maximum=_MOST_FILES
        ),
        icon="wand-sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task, and the words."""
        assert model is not None
        return _with_words(task_of(model, GENERATE).settings)

    def _given(self, run: Run, request: OperationRequest) -> list[Example]:
        files = request.inputs.get("input", ())
        prompt = str(getattr(request.settings, _PROMPT)).strip()
        if not files and not prompt:
            raise SettingsError(
                tr("There are no words to draw a picture for"),
                "",
                tr("Write some, or add a text file."),
            )
        # Words are noted with a picture only where they are what it was drawn for.
        written = [example_of_words(run, prompt, name="words")] if prompt else []
        without = {_PROMPT: ""}
        read = [replace(example_of(run, path, TEXT), settings=without) for path in files]
        return [*written, *read]


@cache
def _with_words(base: type[Settings]) -> type[Settings]:
    class WithWords(base):
        """The model's own, and the words that a person writes."""

        prompt: str = setting(
            "",
            title="What to draw — prompt",
            help="In words that it learned from your captions.",
            choices="words",
        )

    return WithWords


PICTURE_TO_SOUND: Final[Operation] = PictureToSound()
SOUND_TO_PICTURE: Final[Operation] = SoundToPicture()
PICTURE_TO_NOTES: Final[Operation] = PictureToNotes()
NOTES_TO_PICTURE: Final[Operation] = NotesToPicture()
PICTURE_TO_WORDS: Final[Operation] = PictureToWords()
WORDS_TO_PICTURE: Final[Operation] = WordsToPicture()
PAIRS: Final[Operation] = MakePairs()
