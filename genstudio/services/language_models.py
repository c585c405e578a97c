"""Language models for a person: where they lie, what they are, and how they are asked.

A place is a GGUF file, a folder with safetensors, or the folder of a run that learned texts: a
person's own model serves where there is no other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genstudio.data.modalities.texts import WINDOW
from genstudio.domain.byte_pairs import BOUNDARY
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.modalities import TEXTS
from genstudio.models.blocks.text_writing import ContinuationSettings
from genstudio.models.language.text_transformer import TextTransformer
from genstudio.models.local_language.json_grammar import JsonConstraint
from genstudio.models.local_language.places import LanguageModel, language_model_at
from genstudio.models.local_language.prompts import conversation
from genstudio.models.local_language.writers import Sampling, Writer, load_writer
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.studio_languages import LANGUAGE_MODELS

_PREFIX: Final = "sha256:"
_OWN = "own"
# What a model needs for its answer, of what it sees at once.
_ROOM_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A language model that a person named.

    Attributes:
        model: What lies there.
        run: The run, where it is a model of the person's own texts.
    """

    model: LanguageModel
    run: Run | None = None

    @property
    def title(self) -> str:
        """What it is, for people."""
        return (
            self.model.title
            if self.run is None
            else tr("your own model: {name}", name=self.model.name)
        )


def find_language_model(text: str) -> FoundModel:
    """The language model that a person or a recipe names.

    Args:
        text: A file, a folder, or "sha256:" and the checksum of one that was used before.

    Raises:
        SettingsError: There is none there, or it cannot be used.
    """
    if not text.strip():
        raise SettingsError(
            tr("No language model is chosen"),
            tr("GenStudio brings none."),
            tr(
                "Choose a .gguf file, a folder with .safetensors, or a run of "
                "your own that learned "
                "texts."
            ),
        )
    if not text.startswith(_PREFIX):
        return _at(Path(text.strip()).expanduser())
    wanted = text.removeprefix(_PREFIX)
    for place in LANGUAGE_MODELS.places_of(wanted):
        found = _at(Path(place))
        if LANGUAGE_MODELS.checksum(found.model.path, found.model.weights) == wanted:
            return found
    raise SettingsError(
        tr("The language model is not known here"),
        tr("The recipe names weights with the checksum {wanted}….", wanted=wanted[:16]),
        tr("Write one text with the file or folder that holds them: then they are known."),
    )


def reference(found: FoundModel) -> str:
    """How a recipe names it; the place is remembered as the one that was used last."""
    return _PREFIX + LANGUAGE_MODELS.checksum(found.model.path, found.model.weights)


def words_about_language_model(text: str) -> str:
    """What the language model at a place is, or why it cannot be used; nothing is loaded."""
    if not text.strip():
        return ""
    try:
        return find_language_model(text).title
    except GenStudioError as error:
        return str(error)


def open_writer(found: FoundModel, context: int) -> Writer:
    """Load it.

    Args:
        found: What lies there.
        context: Tokens that it shall see at once; no more than it was made for.

    Raises:
        GenStudioError: It does not fit into the memory, or cannot be loaded.
    """
    if found.run is not None:
        return OwnWriter(found.run)
    most = found.model.context or context
    return load_writer(found.model, min(context, most))


def prompt_for(writer: Writer, *, system: str, request: str, most: int, use_template: bool) -> str:
    """Write what is asked for, and make sure beforehand that it and the answer have room.

    Raises:
        SettingsError: They have not; the sentence says how much there is.
    """
    template = writer.chat_template if use_template else ""
    prompt = conversation(template, system=system, request=request)
    needed = writer.count(prompt)
    if needed + most > writer.context:
        room = max(0, int(writer.context * _ROOM_SHARE) - needed)
        raise SettingsError(
            tr("What is asked for does not fit into the context"),
            tr(
                "The words that go in are {needed:,} tokens and the answer up to {most:,}; the "
                "model sees {context:,} here.",
                needed=needed,
                most=most,
                context=writer.context,
            ),
            tr(
                "Ask for at most {room:,} tokens, shorten the words that go in, or raise the "
                "context length.",
                room=room,
            )
            if room
            else tr("Shorten the words that go in, or raise the context length."),
        )
    return prompt


class OwnWriter:
    """A model of a person's own texts; it knows no conversation and goes on with what it is given.

    Its window moves along, so that any text has room.
    """

    def __init__(self, run: Run) -> None:
        model = load_model(run, run.checkpoint("best"))
        assert isinstance(model, TextTransformer), "its run learned texts"
        self._model = model
        self.context = 2**20
        self.chat_template = ""

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._model.tokeniser.ids(text))

    def write(
        self,
        prompt: str,
        *,
        most: int,
        sampling: Sampling,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Go on with a text: all of it at once."""
        tokeniser = self._model.tokeniser
        constraint = None
        if schema is not None:
            contents = [_whole(tokeniser.content(id_)) for id_ in range(tokeniser.num_ids)]
            constraint = JsonConstraint(schema, contents, BOUNDARY)
        settings = ContinuationSettings(temperature=sampling.temperature, top_p=sampling.top_p)
        ids = [BOUNDARY, *tokeniser.ids(prompt)][-WINDOW:]
        (text,) = self._model.drawn(
            ids, [sampling.seed], most=most, settings=settings, constraint=constraint
        )
        yield text


def _whole(content: bytes) -> str:
    """The text of some bytes; empty of a part of a character."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _at(path: Path) -> FoundModel:
    if not is_file(path / "run.toml"):
        return FoundModel(model=language_model_at(path))
    run = Run(path)
    if run.settings.modality != TEXTS:
        raise SettingsError(
            tr("{name} learned no texts", name=path.name),
            tr("It learned {modality}.", modality=run.settings.modality),
            tr("Choose a run of the model “A language model of your texts”."),
        )
    checkpoint = run.checkpoint("best")
    model = LanguageModel(
        path=run.path,
        kind=_OWN,
        name=tr("{name}, step {step:,}", name=run.path.name, step=checkpoint.state.step),
        architecture=run.settings.model_key,
        context=WINDOW,
        weights=(checkpoint.path / "ema.safetensors",),
    )
    return FoundModel(model=model, run=run)
