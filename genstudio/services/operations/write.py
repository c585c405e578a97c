"""Operation "write-text": a language model of the person's disk writes what it is asked for."""

from collections.abc import Generator
from typing import Any, ClassVar, Final

from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.byte_pairs import as_written
from genstudio.domain.language import tr
from genstudio.domain.operations import WRITE_TEXT, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.local_language.writers import Sampling
from genstudio.models.protocol import TrainableModel
from genstudio.services.language_models import (
    find_language_model,
    open_writer,
    prompt_for,
    reference,
)
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files

_SEEDS_END = 2**63
_STEM_WORDS = 6


def language_model_setting() -> Any:
    """The setting that names a language model."""
    return setting(
        "",
        title=tr("Language model on your disk"),
        help=tr(
            "A .gguf file, a folder with .safetensors, or the folder of a run of yours that "
            "learned texts. It stays where it is; nothing is fetched from the network."
        ),
        opens="language-model",
    )


class WithLanguageModel(Settings):
    """How a language model is asked."""

    language_model: str = language_model_setting()
    most_tokens: int = setting(
        256,
        title="Longest answer",
        help="It ends by itself, or after so many tokens; a word has one or two.",
        ge=8,
        le=8192,
        unit="tokens",
    )
    temperature: float = setting(
        0.8,
        title="Adventurousness — temperature",
        help="Lower keeps to likely words and repeats itself; higher is bolder and makes mistakes.",
        ge=0.0,
        le=2.0,
    )
    top_p: float = setting(
        0.95,
        title="Only likely words — top-p",
        help="Of the likeliest words, as many as together have this share may be chosen.",
        ge=0.05,
        le=1.0,
        advanced=True,
    )
    repetition: float = setting(
        1.1,
        title="Say nothing twice — repetition penalty",
        help="Above 1, what was said lately becomes less likely.",
        ge=1.0,
        le=2.0,
        advanced=True,
    )
    context: int = setting(
        2048,
        title="How much it sees at once — context length",
        help="Of what goes in and what is written. More needs more memory.",
        ge=512,
        le=131072,
        unit="tokens",
        advanced=True,
    )
    chat_template: bool = setting(
        True,
        title="Speak as it was taught — chat template",
        help="Writes what you ask as a turn of a conversation, if the model brings a template for "
        "that; one without goes on with your words.",
        advanced=True,
    )

    def sampling(self, seed: int) -> Sampling:
        """How tokens are chosen for a seed."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            repetition=self.repetition,
            seed=seed % _SEEDS_END,
        )


class WriteTextSettings(WithLanguageModel):
    """What is asked for."""

    request: str = setting(
        "",
        title="What to write — prompt",
        help="In your own words; a model without a chat template goes on with them.",
        lines=5,
    )
    system: str = setting(
        "",
        title="What holds for all of it — system text",
        help="For example: you write short fairy tales for children, in plain words.",
        lines=3,
    )


class WriteText:
    """A text for each seed."""

    card: ClassVar[OperationCard] = OperationCard(
        key=WRITE_TEXT,
        title="Write a text",
        summary="Writes what you ask for, with a language model that you have on your disk.",
        output=TEXT,
        has_count=True,
        is_seeded=True,
        icon="message-square-text",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What is asked for."""
        del model
        return WriteTextSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Write one after the other; the items of the progress are the texts as they come."""
        settings = request.settings
        assert isinstance(settings, WriteTextSettings)
        found = find_language_model(settings.language_model)
        writer = open_writer(found, settings.context)
        named = settings.model_copy(update={"language_model": reference(found)})
        prompt = prompt_for(
            writer,
            system=settings.system,
            request=settings.request,
            most=settings.most_tokens,
            use_template=settings.chat_template,
        )
        begins = "" if settings.chat_template and writer.chat_template else settings.request
        done, total = 0, settings.most_tokens * request.count
        for number in range(request.count):
            seed = request.seed + number
            text = begins
            pieces = writer.write(
                prompt, most=settings.most_tokens, sampling=settings.sampling(seed)
            )
            for at, piece in enumerate(pieces, start=1):
                text += piece
                done = min(number * settings.most_tokens + at, total)
                yield Progress(tr("Writing"), done, total, text)
            recipe = made_from_files(WRITE_TEXT, _with(request, named), {}, seed=seed)
            yield Made(
                artifact=Artifact(kind=TEXT, data=as_written(text).strip(), seed=seed),
                recipe=recipe,
                name=f"{_stem(settings.request)}-{seed}",
            )
            yield Progress(tr("Writing"), (number + 1) * settings.most_tokens, total)


def _with(request: OperationRequest, settings: Settings) -> OperationRequest:
    return OperationRequest(
        settings=settings, inputs=request.inputs, count=request.count, seed=request.seed
    )


def _stem(text: str) -> str:
    words = "".join(it if it.isalnum() else " " for it in text).split()
    return "-".join(words[:_STEM_WORDS]).lower()[:60] or "text"


OPERATION: Final[Operation] = WriteText()
