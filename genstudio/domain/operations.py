"""What can be done: tasks of models and operations for people, declared as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from genstudio.domain.artifacts import IMAGE
from genstudio.domain.language import Spoken, tr
from genstudio.domain.modalities import partner_kind
from genstudio.domain.settings import Settings

GENERATE: Final = "generate"
GENERATE_PAIRS: Final = "generate-pairs"
EXPLORE: Final = "explore"
MORE_LIKE_THESE: Final = "more-like-these"
TRANSLATE: Final = "translate"
STYLE_TRANSFER: Final = "style-transfer"
TEXTURE: Final = "texture"
RESTYLE_VIDEO: Final = "restyle-video"
CLIP_FRAMES: Final = "clip-frames"
UPSCALE: Final = "upscale"
DETECT: Final = "detect-anomalies"
AUGMENT: Final = "augment"
TEXT_TO_IMAGE: Final = "text-to-image"
IMAGE_TO_IMAGE: Final = "image-to-image"
INPAINT: Final = "inpaint"
EXPORT_LORA: Final = "export-lora"
BLEND_MOLECULES: Final = "blend-molecules"
OPTIMISE_MOLECULES: Final = "optimise-molecules"
CONTINUE_MUSIC: Final = "continue-music"
CONTINUE_TEXT: Final = "continue-text"
VARY_TEXT: Final = "vary-text"
TITLE_TEXT: Final = "title-text"
WRITE_TEXT: Final = "write-text"
CHARACTERS: Final = "game-characters"
NARRATE: Final = "narrate"
NARRATE_CLIP: Final = "narrate-clip"
# A view beside the form: the operation's clip as a timeline that its pictures are put on. The
# numbers of their frames become the setting KEY_FRAMES_AT, in the order of the pictures.
KEY_FRAMES: Final = "key-frames"
KEY_FRAMES_AT: Final = "key_frames_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec(Spoken):
    """One input of a task or an operation.

    Attributes:
        name: Key in a request.
        kind: Key of an artifact kind.
        title: What a person is asked for.
        minimum: Fewest that are needed.
        maximum: Most that are taken; None for any number.
        paints: Name of the input whose first picture a mask for this one can be painted over in
            the window; empty for what is no mask.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title"})

    name: str
    kind: str = IMAGE
    title: str = "Pictures"
    minimum: int = 1
    maximum: int | None = None
    paints: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard(Spoken):
    """Something that a model can do.

    Attributes:
        key: Name in requests, recipes and commands.
        title: Name that is shown.
        settings: What can be chosen.
        output: Key of the artifact kind that comes out.
        inputs: What goes in, one value of each for each artifact.
        is_seeded: Whether each artifact needs a seed.
        conditions: Fields of examples that it takes beside seeds, one value for each artifact, in
            the place of what the settings ask for: so previews and figures show captions.
        in_bulk: Settings, by name, that are others where very many are made: of each frame of a
            film, and of the examples that the quality of a training is measured on.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title"})

    key: str
    title: str
    settings: type[Settings]
    output: str = IMAGE
    inputs: tuple[InputSpec, ...] = ()
    is_seeded: bool = False
    conditions: tuple[str, ...] = ()
    in_bulk: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCard(Spoken):
    """Something that a person can have done, from a model or without one.

    Attributes:
        key: Name in commands, recipes and the queue; never changes once released.
        title: Name shown on the card.
        summary: What it is for, in a sentence without jargon.
        inputs: What goes in.
        output: Key of the artifact kind that comes out.
        task: Key of the task that the model of a run must have; empty where no run is needed.
        capability: What the model's card must declare besides; empty for nothing.
        has_count: Whether a person says how many are wanted.
        is_seeded: Whether a seed decides the result.
        needs_model: Whether it needs a trained model though no task of its is asked for.
        can_watch: Whether it can go on with what is put into the folders of its inputs later.
        icon: Name of its icon.
        view: What the window shows it in: ``EXPLORE`` instead of the form, ``KEY_FRAMES`` beside
            it; empty for the form alone.
        any_output: Whether what comes out may be of another kind, that of the model's task.
        others: Kinds of which one comes out besides, each as a result of its own.
        partner: Key of the kind that the run must have learned pictures together with; empty for
            any, or none.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "summary"})

    key: str
    title: str
    summary: str
    output: str = IMAGE
    inputs: tuple[InputSpec, ...] = ()
    task: str = ""
    capability: str = ""
    has_count: bool = False
    is_seeded: bool = False
    needs_model: bool = False
    can_watch: bool = False
    icon: str = "sparkles"
    view: str = ""
    any_output: bool = False
    others: tuple[str, ...] = ()
    partner: str = ""

    def suits(self, modality: str, layout: str) -> bool:
        """Whether what a run learned has the partner that is needed."""
        return not self.partner or self.partner == partner_kind(modality, layout)

    @property
    def needs_run(self) -> bool:
        """Whether it needs a trained model."""
        return bool(self.task) or self.needs_model

    @property
    def has_form(self) -> bool:
        """Whether the window asks for its inputs in a form, and not in a view of its own."""
        return self.view in {"", KEY_FRAMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is written beside all results: the ``item`` of a :class:`Progress`.

    Where there are several, each takes the place of the one before.

    Attributes:
        files: Given the name of each result by the input that it was made from, or else by the
            name that it was to have, gives names and contents of files.
        words: What came out, for people.
        num_found: How much was found of what was looked for.
    """

    files: Callable[[Mapping[Path, str]], Mapping[str, bytes]]
    words: str
    num_found: int = 0


def generation(
    settings: type[Settings], output: str = IMAGE, *, conditions: tuple[str, ...] = ()
) -> TaskCard:
    """The task of a model that makes new things from seeds."""
    return TaskCard(
        key=GENERATE,
        title=tr("Make new ones"),
        settings=settings,
        output=output,
        is_seeded=True,
        conditions=conditions,
    )
