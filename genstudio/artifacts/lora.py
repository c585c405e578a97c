"""LoRAs that say how they were made: safetensors files, with the recipe in their description."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, cast

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.domain.artifacts import LORA, Artifact
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import explained, is_file, replacing
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

_RECIPE, _MARK = "genstudio_recipe", "digital_source_type"
_DOWN = (".lora_down.weight", ".lora_A.weight")
_BACK, _BAR = (38, 42, 50), (232, 170, 70)


class Loras:
    """Kind "lora": safetensors files. An artifact's data is name of a tensor => float16 array."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=LORA,
        title="LoRA",
        noun=("LoRA", "LoRAs"),
        suffix=".safetensors",
        media_type="application/octet-stream",
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write the matrices with the recipe in the description."""
        told = {_RECIPE: recipe.model_dump_json(), _MARK: SOURCE_TYPE}
        content = save(dict(artifact.data), metadata=told)
        with explained(path), replacing(path) as temporary:
            temporary.write_bytes(content)

    def read(self, path: Path) -> Artifact:
        """Read all matrices."""
        recipe = self.read_recipe(path)
        tensors = _tensors(path.read_bytes(), path.name)
        return Artifact(kind=LORA, data=tensors, seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made; others' LoRAs carry none."""
        if not is_file(path):
            raise _unreadable(path.name)
        try:
            with safe_open(path, framework="np") as file:
                text = dict(file.metadata() or {}).get(_RECIPE, "")
        except (SafetensorError, OSError) as error:
            raise _unreadable(path.name) from error
        if not text:
            return None
        if len(text) > LARGEST_RECIPE_BYTES:
            raise _damaged(path.name)
        try:
            return Recipe.model_validate_json(text)
        except ValidationError as error:
            raise _damaged(path.name) from error

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same matrices with less in the description."""
        tensors = _tensors(content, tr("The LoRA"))
        if metadata == "everything":
            return content
        return save(tensors, metadata={_MARK: SOURCE_TYPE} if metadata == "mark" else {})

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw how much is changed, from the first layer to the last, as bars."""
        tensors = _tensors(path.read_bytes() if is_file(path) else b"", path.name)
        sizes = [float(np.abs(it.astype(np.float32)).mean()) for it in tensors.values() if it.ndim]
        columns = min(side, max(1, len(sizes)))
        heights = [float(np.mean(part)) for part in np.array_split(np.array(sizes), columns)]
        most = max(heights) or 1.0
        image_HWC = np.empty((side, columns, 3), np.uint8)
        image_HWC[:] = _BACK
        for at, height in enumerate(heights):
            image_HWC[side - max(1, round(height / most * side)) :, at] = _BAR
        return image_HWC.repeat(max(1, side // columns), axis=1)

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare all matrices."""
        first = cast("Mapping[str, np.ndarray]", one.data)
        second = cast("Mapping[str, np.ndarray]", other.data)
        return first.keys() == second.keys() and all(
            np.array_equal(first[name], second[name]) for name in first
        )

    def words(self, artifact: Artifact) -> str:
        """Say what is in it."""
        tensors = cast("Mapping[str, np.ndarray]", artifact.data)
        ranks = sorted({it.shape[0] for name, it in tensors.items() if name.endswith(_DOWN)})
        rank = tr("rank {ranks}", ranks=ranks[0]) if len(ranks) == 1 else tr("several ranks")
        layers = sum(name.endswith(_DOWN) for name in tensors)
        megabytes = sum(it.nbytes for it in tensors.values()) / 2**20
        return tr(
            "{layers} layers, {rank}, {megabytes:.1f} MB",
            layers=layers,
            rank=rank,
            megabytes=megabytes,
        )


def _tensors(content: bytes, name: str) -> dict[str, np.ndarray]:
    try:
        return load(content)
    except (SafetensorError, ValueError, KeyError, json.JSONDecodeError, TypeError) as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> DatasetError:
    return DatasetError(
        tr("{name} cannot be read as a LoRA", name=name),
        tr("The file is missing, damaged, or of another kind."),
        tr("Choose a .safetensors file with a LoRA."),
    )


def _damaged(name: str) -> ProjectError:
    return ProjectError(
        tr("The recipe in {name} is damaged", name=name),
        tr("Its entries cannot be read."),
        tr("Use the original file, as GenStudio saved it."),
    )


KIND: Final[ArtifactKind] = Loras()
