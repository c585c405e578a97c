"""Operation "game-characters": names, descriptions and lines for pictures, as JSON for engines."""

import io
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, cast

from PIL import Image

from genstudio.data.seen import seen_in
from genstudio.domain.artifacts import IMAGE, TEXT, Artifact
from genstudio.domain.byte_pairs import as_written
from genstudio.domain.language import tr
from genstudio.domain.operations import CHARACTERS, InputSpec, OperationCard, Report
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.local_language.json_grammar import completed, simplest
from genstudio.models.local_language.writers import Writer
from genstudio.models.protocol import TrainableModel
from genstudio.services.language_models import (
    find_language_model,
    open_writer,
    prompt_for,
    reference,
)
from genstudio.services.operations.pictures import read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files
from genstudio.services.operations.write import WithLanguageModel
from genstudio.services.tagging import installed_tagger, tags_of

JSON_NAME: Final = "characters.json"
_MOST_FILES = 64
_SHOWN_PX = 512
_SEED_STEP = 1_000_003


class CharactersSettings(WithLanguageModel):
    """What is invented."""

    kind: Literal["character", "item", "place"] = setting(
        "character", title="What the pictures are", help="Characters, items or places of a game."
    )
    world: str = setting(
        "a fairy tale",
        title="World",
        help="Where the game plays, in a few words: what is invented belongs there.",
    )
    lines: int = setting(
        3, title="Lines to say", help="For each; items and places have them, too.", ge=1, le=8
    )


def schema_for(lines: int) -> dict[str, Any]:
    """The form that each entry has, as a JSON schema."""
    properties: dict[str, Any] = {
        "name": {"type": "string", "minLength": 2, "maxLength": 24},
        "description": {"type": "string", "minLength": 8, "maxLength": 160},
        "strength": {"type": "integer", "minimum": 0, "maximum": 20},
        "lines": {
            "type": "array",
            "items": {"type": "string", "minLength": 2, "maxLength": 80},
            "minItems": lines,
            "maxItems": lines,
        },
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class Characters:
    """An entry for each picture."""

    card: ClassVar[OperationCard] = OperationCard(
        key=CHARACTERS,
        title="Characters from pictures",
        summary="Gives each picture a name, a description, a strength and lines to say, as JSON "
        "for a game, with a language model that you have on your disk.",
        inputs=(InputSpec(name="input", kind=IMAGE, title="Pictures", maximum=_MOST_FILES),),
        output=TEXT,
        is_seeded=True,
        icon="sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What is invented."""
        del model
        return CharactersSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Invent one after the other; the table is written anew behind each."""
        settings, files = request.settings, request.inputs["input"]
        assert isinstance(settings, CharactersSettings)
        pictures = {
            path: read_picture(path, for_what=tr("told of"), largest_side=_SHOWN_PX)
            for path in files
        }
        found = find_language_model(settings.language_model)
        named = settings.model_copy(update={"language_model": reference(found)})
        writer, tagger = open_writer(found, settings.context), installed_tagger()
        entries: dict[Path, dict[str, Any]] = {}
        for number, (path, image_HWC) in enumerate(pictures.items()):
            tags = ", ".join(tags_of(image_HWC, tagger))
            facts = "; ".join(filter(None, (tags, seen_in(image_HWC).words)))
            seed = request.seed + number * _SEED_STEP
            entry = _invented(writer, settings, facts, seed)
            entries[path] = entry
            noted = OperationRequest(settings=named, inputs={"input": [path]}, seed=seed)
            yield Made(
                artifact=Artifact(kind=TEXT, data=_as_text(entry), seed=seed),
                recipe=made_from_files(CHARACTERS, noted, {"input": [path]}, seed=seed),
                name=f"{path.stem}-{seed}",
                source=path,
            )
            done, total = number + 1, len(pictures)
            words = tr(
                "{json_name} holds {done} with the pictures beside it.",
                json_name=JSON_NAME,
                done=done,
            )
            report = Report(files=_files(settings.kind, entries, pictures), words=words)
            yield Progress(tr("Inventing"), done, total, report)


def _invented(
    writer: Writer, settings: CharactersSettings, facts: str, seed: int
) -> dict[str, Any]:
    """An entry that keeps to the schema, whatever the model would have liked to write."""
    schema = schema_for(settings.lines)
    most = max(settings.most_tokens, 64)
    talks = settings.chat_template and bool(writer.chat_template)
    wish = tr("a {kind} of {world}", kind=settings.kind, world=settings.world)
    request = (
        f"Invent {wish}. Its picture shows: {facts}. Answer with JSON: name, description, "
        f"strength (0 to 20) and {settings.lines} lines to say."
        if talks
        else f"The picture shows: {facts}. {wish[:1].upper()}{wish[1:]}, as JSON:\n"
    )
    room = writer.context - writer.count(request) - 48
    most = max(16, min(most, room))
    prompt = prompt_for(writer, system="", request=request, most=most, use_template=talks)
    text = "".join(writer.write(prompt, most=most, sampling=settings.sampling(seed), schema=schema))
    return _parsed(text, schema)


def _parsed(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What was written; where it was cut short, brought to its end."""
    for whole in (lambda: text, lambda: completed(text, schema)):
        try:
            found: Any = json.loads(whole())
        except ValueError:
            continue
        if isinstance(found, dict):
            return cast("dict[str, Any]", found)
    return simplest(schema)


def _as_text(entry: Mapping[str, Any]) -> str:
    said = "\n".join(f"– {line}" for line in entry["lines"])
    text = tr(
        "{entry}\n\n{description}\n\nStrength {strength}\n\n{said}",
        entry=entry["name"],
        description=entry["description"],
        strength=entry["strength"],
        said=said,
    )
    return as_written(text)


def _files(
    kind: str, entries: Mapping[Path, Mapping[str, Any]], pictures: Mapping[Path, Any]
) -> Any:
    """The table and its pictures, by the names that they have beside the results."""
    kept = dict(entries)

    def files(_: Mapping[Path, str]) -> dict[str, bytes]:
        names = {path: f"{at:02}-{path.stem}.png" for at, path in enumerate(kept, start=1)}
        table = [{**entry, "kind": kind, "picture": names[path]} for path, entry in kept.items()]
        content = json.dumps({f"{kind}s": table}, ensure_ascii=False, indent=2)
        written = {JSON_NAME: f"{content}\n".encode()}
        for path, name in names.items():
            picture = io.BytesIO()
            Image.fromarray(pictures[path]).save(picture, "PNG")
            written[name] = picture.getvalue()
        return written

    return files


OPERATION: Final[Operation] = Characters()
