"""What a folder or a file of Stable Diffusion holds, told before anything of it is loaded.

Folders have the layout of diffusers (``model_index.json`` and a folder for each part); files are
single ones in the layout of CompVis, as ``.safetensors``. Nothing that is pickled is opened.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from safetensors import SafetensorError, safe_open

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr, tr_noop
from genstudio.models.stable_diffusion.answers import Answers, answers_said

SD: Final = "Stable Diffusion 1 or 2"
# A single file of it; folders say themselves how they are built.
SD2: Final = "Stable Diffusion 2"
SDXL: Final = "Stable Diffusion XL"
# Class of the pipeline that a folder names => what it is.
_PIPELINES: Final = {
    "StableDiffusionPipeline": SD,
    "StableDiffusionImg2ImgPipeline": SD,
    "StableDiffusionInpaintPipeline": SD,
    "StableDiffusionXLPipeline": SDXL,
    "StableDiffusionXLImg2ImgPipeline": SDXL,
    "StableDiffusionXLInpaintPipeline": SDXL,
}
_NEEDED: Final = {
    SD: ("unet", "vae", "text_encoder", "tokenizer", "scheduler"),
    SDXL: (
        "unet",
        "vae",
        "text_encoder",
        "text_encoder_2",
        "tokenizer",
        "tokenizer_2",
        "scheduler",
    ),
}
_WITHOUT_WEIGHTS = ("tokenizer", "tokenizer_2", "scheduler")
# What reads words in single files of Stable Diffusion 2; of 1, there is no "model" in between.
_OPEN_CLIP: Final = "cond_stage_model.model."
_PICKLED = (".ckpt", ".bin", ".pt", ".pth", ".pkl")
_MOST_JSON_BYTES = 2**22
_LICENCE_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license.txt")
_TO_MEASURE = tr_noop("what its answers mean is measured when it is loaded")
_TO_CONVERT = tr_noop(
    "Pickled files can run programs when they are opened, so GenStudio reads .safetensors only. "
    "Most models are offered as .safetensors as well; ComfyUI and AUTOMATIC1111 can save them so."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """Frozen weights that a person has.

    Attributes:
        path: The folder, or the single file.
        kind: ``SD``, ``SD2`` or ``SDXL``.
        variant: Of the files, such as "fp16"; empty for the plain ones.
        weights: The files with weights that are read.
        licence: What the folder says of it; empty if it says nothing.
        answers: How those of a Stable Diffusion 2 are meant, if something at its place says so;
            None for all others.
    """

    path: Path
    kind: str
    variant: str
    weights: tuple[Path, ...]
    licence: str
    answers: Answers | None = None

    @property
    def title(self) -> str:
        """For people."""
        licence = (
            tr("licence: {licence}", licence=self.licence)
            if self.licence
            else tr("it states no licence")
        )
        kind = self.kind
        if kind == SD2:
            known = self.answers.words if self.answers else tr(_TO_MEASURE)
            kind = f"{kind}; {known}"
        return f"{self.path.name} ({kind}; {licence})"


def chosen_base(text: str) -> BaseModel:
    """The base model that a setting names.

    Raises:
        SettingsError: It names none, or none that can be used.
    """
    if not text.strip():
        raise SettingsError(
            tr("No base model is chosen"),
            tr("Weights of Stable Diffusion are needed, and GenStudio brings none."),
            tr("Choose a folder in diffusers’ layout or a .safetensors file that you have."),
        )
    return read_base(Path(text.strip()).expanduser())


def read_base(path: Path) -> BaseModel:
    """Look what a base model is; its weights are not loaded.

    Raises:
        SettingsError: It is none that can be used; the hint says what to do.
    """
    if path.is_dir():
        return _read_folder(path)
    if not is_file(path):
        raise SettingsError(
            tr("There is no such model"),
            tr("{path} is neither a folder nor a file.", path=path),
            tr("Choose a folder with a model_index.json, or a single .safetensors file."),
        )
    if path.suffix.lower() in _PICKLED:
        raise SettingsError(tr("{name} is pickled", name=path.name), "", tr(_TO_CONVERT))
    return _read_file(path)


def _read_folder(path: Path) -> BaseModel:
    index = path / "model_index.json"
    if not index.is_file():
        raise SettingsError(
            tr("{name} is no model of Stable Diffusion", name=path.name),
            tr("It has no model_index.json."),
            tr("Choose the folder that holds model_index.json and folders such as unet and vae."),
        )
    said = read_json(index)
    named = str(said.get("_class_name", ""))
    kind = _PIPELINES.get(named)
    if kind is None:
        raise SettingsError(
            tr(
                "{name} is of a kind that is not known: {named}",
                name=path.name,
                named=named[:80] or tr("it names none"),
            ),
            "",
            tr("Known are {sd} and {sdxl}, in diffusers’ layout.", sd=SD, sdxl=SDXL),
        )
    variants: set[str] = set()
    weights: list[Path] = []
    for part in _NEEDED[kind]:
        folder = path / part
        if not folder.is_dir():
            raise SettingsError(
                tr("{name} is not whole", name=path.name),
                tr("Its folder “{part}” is missing.", part=part),
                tr("Was it copied or unpacked to the end?"),
            )
        if part not in _WITHOUT_WEIGHTS:
            variant, files = _weights_in(folder)
            variants.add(variant)
            weights += files
    if len(variants) > 1:
        raise SettingsError(
            tr("{name} mixes kinds of files", name=path.name),
            tr(
                "Its parts are {parts}.",
                parts=", ".join(sorted(it or "plain" for it in variants)),
            ),
            tr("Keep the .safetensors of one kind in all folders."),
        )
    return BaseModel(
        path=path,
        kind=kind,
        variant=variants.pop(),
        weights=tuple(weights),
        licence=_licence_in(path),
    )


def _weights_in(folder: Path) -> tuple[str, list[Path]]:
    """The variant and the files of one part, the plain ones first."""
    read_json(folder / "config.json")
    by_variant: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        # NAME.safetensors, NAME.fp16.safetensors, NAME.fp16-00001-of-00002.safetensors
        middle = file.name.split(".")[1:-1]
        variant = middle[0].split("-0")[0] if middle else ""
        by_variant.setdefault(variant, []).append(file)
    if not by_variant:
        pickled = [it.name for it in folder.iterdir() if it.suffix.lower() in _PICKLED]
        raise SettingsError(
            tr("{name} has no weights that can be read", name=folder.parent.name),
            tr("Its folder “{name}” holds {pickled}.", name=folder.name, pickled=pickled[0])
            if pickled
            else tr("Its folder “{name}” holds no .safetensors.", name=folder.name),
            tr(_TO_CONVERT) if pickled else tr("Was it copied or unpacked to the end?"),
        )
    variant = "" if "" in by_variant else sorted(by_variant)[0]
    return variant, by_variant[variant]


def _read_file(path: Path) -> BaseModel:
    names, metadata = _names_in(path)
    if not any(name.startswith("model.diffusion_model.") for name in names):
        is_lora = any("lora" in name for name in names)
        raise SettingsError(
            tr("{name} is no model of Stable Diffusion", name=path.name),
            tr("It is a LoRA: a small change to a model.")
            if is_lora
            else tr("It holds none of the weights that one has."),
            tr("Give it as a LoRA, and choose the model that it was made for here.")
            if is_lora
            else tr("Choose a whole checkpoint, or a folder in diffusers’ layout."),
        )
    kind = SD
    if any(name.startswith("conditioner.embedders.1.") for name in names):
        kind = SDXL
    elif any(name.startswith(_OPEN_CLIP) for name in names):
        kind = SD2
    return BaseModel(
        path=path,
        kind=kind,
        variant="",
        weights=(path,),
        licence=metadata.get("modelspec.license", "")[:200],
        answers=answers_said(path, metadata) if kind == SD2 else None,
    )


def _names_in(path: Path) -> tuple[list[str], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return list(file.keys()), dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise SettingsError(
            tr("{name} cannot be read", name=path.name),
            str(error)[:200],
            tr("Was it copied to the end?"),
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """A small file of settings.

    Raises:
        SettingsError: It is missing, too large, or no JSON object.
    """
    try:
        content = read_file(path, largest_bytes=_MOST_JSON_BYTES)
        found: object = json.loads(content)
    except (OSError, ProjectError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(found, dict):
        raise _unreadable(path, tr("It holds no named entries."))
    return cast("dict[str, Any]", found)


def _unreadable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        tr("{name}/{name2} cannot be read", name=path.parent.name, name2=path.name),
        why[:200],
        tr("Was the model copied or unpacked to the end?"),
    )


def _licence_in(path: Path) -> str:
    """As the model's own page says it, or the first line of its licence file."""
    lines = _first_lines(path / "README.md")
    if lines and lines[0].strip() == "---":
        for line in lines[1:]:
            key, _, value = line.partition(":")
            if line.strip() == "---":
                break
            if key.strip() in ("license_name", "license") and value.strip() not in ("", "other"):
                return value.strip().strip("\"'")[:200]
    for name in _LICENCE_FILES:
        for line in _first_lines(path / name):
            if line.strip():
                return line.strip()[:200]
    return ""


def _first_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(4096).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
