"""What language model lies at a place: a GGUF file, or a folder with safetensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genstudio.domain.errors import SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.models.local_language.gguf import read_header
from genstudio.models.stable_diffusion.folders import read_json

GGUF: Final = "GGUF"
FOLDER: Final = "folder"
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_TOKENISERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
_LARGEST_TEMPLATE = 2**20
_NEEDED_BESIDE_WEIGHTS = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """A language model that a person has.

    Attributes:
        path: The file or the folder.
        kind: ``GGUF`` or ``FOLDER``.
        name: As it calls itself.
        architecture: Such as "llama".
        licence: As it states it; empty if it states none.
        context: Tokens that it can see at once; 0 where it does not say.
        chat_template: How a conversation is written for it (Jinja); empty where it has none.
        weights: The files that are read.
        num_parameters: In all; 0 where that is not known.
        bytes_per_token: Memory that each token of context takes.
        bytes_at_least: Memory that it takes without any.
    """

    path: Path
    kind: str
    name: str
    architecture: str
    licence: str = ""
    context: int = 0
    chat_template: str = ""
    weights: tuple[Path, ...] = ()
    num_parameters: int = 0
    bytes_per_token: int = 0
    bytes_at_least: int = 0

    def memory_bytes(self, context: int) -> int:
        """About how much memory it needs with so many tokens of context."""
        return self.bytes_at_least + self.bytes_per_token * context

    @property
    def title(self) -> str:
        """What it is, for people."""
        size = (
            tr("{num_parameters:,.0f} million numbers; ", num_parameters=self.num_parameters / 1e6)
            if self.num_parameters
            else ""
        )
        context = tr("sees {context:,} tokens; ", context=self.context) if self.context else ""
        talks = "" if self.chat_template else tr("it has no chat template, so it only goes on; ")
        licence = (
            tr("licence: {licence}", licence=self.licence)
            if self.licence
            else tr("it states no licence")
        )
        gigabytes = self.memory_bytes(min(self.context or 2048, 2048)) / 2**30
        return tr(
            "{name} ({architecture}; {size}{context}needs about {gigabytes:.1f} GB; "
            "{talks}{licence})",
            name=self.name,
            architecture=self.architecture,
            size=size,
            context=context,
            gigabytes=gigabytes,
            talks=talks,
            licence=licence,
        )


def language_model_at(path: Path) -> LanguageModel:
    """Look what language model lies at a place; nothing is loaded.

    Raises:
        SettingsError: There is none that can be used; the hint says what to do.
    """
    if path.is_dir():
        return _in_folder(path)
    if not is_file(path):
        raise SettingsError(
            tr("There is no such language model"),
            tr("{path} is neither a file nor a folder.", path=path),
            tr("Choose a .gguf file, or a folder with a config.json and .safetensors."),
        )
    header = read_header(path)
    return LanguageModel(
        path=path,
        kind=GGUF,
        name=header.name,
        architecture=header.architecture or "unknown",
        licence=header.licence,
        context=header.context,
        chat_template=header.chat_template,
        weights=(path,),
        num_parameters=header.num_parameters,
        bytes_per_token=header.memory_bytes(1) - header.memory_bytes(0),
        bytes_at_least=header.memory_bytes(0),
    )


def _in_folder(path: Path) -> LanguageModel:
    if not (path / "config.json").is_file():
        raise SettingsError(
            tr("{name} is no language model", name=path.name),
            tr("It has no config.json."),
            tr("Choose the folder that holds config.json, the tokenizer and .safetensors."),
        )
    said = read_json(path / "config.json")
    classes = [str(it) for it in said.get("architectures") or []]
    if not any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in classes):
        raise SettingsError(
            tr("{name} is no model that writes", name=path.name),
            tr(
                "It is a {classes}.", classes=", ".join(classes)[:80] or tr("model without a class")
            ),
            tr("Choose one that was made to generate text (…ForCausalLM)."),
        )
    weights = tuple(sorted(path.glob("*.safetensors")))
    if not weights:
        pickled = [it.name for it in path.iterdir() if it.suffix.lower() in _PICKLED]
        raise SettingsError(
            tr("{name} has no weights that can be read", name=path.name),
            tr(
                "It holds {pickled}, and pickled files can run programs when they are opened.",
                pickled=pickled[0],
            )
            if pickled
            else tr("It holds no .safetensors."),
            tr("Most models are offered as .safetensors as well."),
        )
    if not any((path / name).is_file() for name in _TOKENISERS):
        raise SettingsError(
            tr("{name} is not whole", name=path.name),
            tr("Its tokenizer is missing."),
            tr("Was it copied or unpacked to the end?"),
        )
    size = sum(file.stat().st_size for file in weights)
    return LanguageModel(
        path=path,
        kind=FOLDER,
        name=path.name,
        architecture=str(said.get("model_type", "unknown"))[:40],
        licence=_licence_in(path),
        context=_whole(said, "max_position_embeddings") or _whole(said, "n_positions"),
        chat_template=_template_in(path),
        weights=weights,
        bytes_per_token=4 * _whole(said, "num_hidden_layers") * _whole(said, "hidden_size"),
        bytes_at_least=int(size * _NEEDED_BESIDE_WEIGHTS),
    )


def _template_in(path: Path) -> str:
    single = path / "chat_template.jinja"
    if is_file(single) and single.stat().st_size <= _LARGEST_TEMPLATE:
        return single.read_text(encoding="utf-8", errors="replace")
    settings = path / "tokenizer_config.json"
    if not is_file(settings):
        return ""
    found = read_json(settings).get("chat_template")
    return found if isinstance(found, str) else ""


def _licence_in(path: Path) -> str:
    try:
        with (path / "README.md").open("rb") as file:
            lines = file.read(4096).decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("license:"))
    return next(found, "")[:80]


def _whole(said: Mapping[str, Any], name: str) -> int:
    found = said.get(name, 0)
    return found if isinstance(found, int) and 0 <= found < 2**32 else 0
