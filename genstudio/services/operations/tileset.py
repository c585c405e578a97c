"""Operation "tileset": sixteen tiles for all ways in which one ground meets another."""

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec, OperationCard, Report
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.sampling import to_uint8
from genstudio.models.style.optimisation import Stage, scaled
from genstudio.models.style.textures import grown
from genstudio.services.operations.pictures import as_tensor, read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files
from genstudio.services.tilesets import (
    border_noise,
    drawn_tiles,
    masks,
    tiled_tileset,
    tileset_json,
)

KEY: Final = "tileset"
_LARGEST_SAMPLE_PX = 512
_MOST_SAMPLES = 4
# The other ground of the same seed is another texture, and the border a third thing.
_NEXT_SEED = 1_000_003


class TilesetSettings(Settings):
    """What a person chooses."""

    side: Literal[16, 24, 32, 48, 64, 96, 128] = setting(
        32, title="Size of a tile", help="Width and height.", unit="px"
    )
    roughness: float = setting(
        0.4,
        title="How rough the border is",
        help="0 for straight lines and arcs, 1 for a torn edge.",
        ge=0.0,
        le=1.0,
    )
    grain: float = setting(
        1.0,
        title="Size of the grain — scale",
        help="At 1, things are as large as in the sample; at 0.5 half as large.",
        ge=0.1,
        le=4.0,
        logarithmic=True,
    )


class Tileset:
    """One picture with all tiles for each seed, and lists for engines."""

    card: ClassVar[OperationCard] = OperationCard(
        key=KEY,
        title="Tiles for a map",
        summary="From a small picture of grass, stone or water, and one of what lies beside it, "
        "sixteen tiles whose edges match, with a list for Tiled and engines. Needs no trained "
        "model.",
        inputs=(
            InputSpec(name="input", title="Samples of the ground", maximum=_MOST_SAMPLES),
            InputSpec(
                name="other",
                title="What lies beside it (none: see-through)",
                minimum=0,
                maximum=_MOST_SAMPLES,
            ),
        ),
        has_count=True,
        is_seeded=True,
        icon="blocks",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return TilesetSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Grow both grounds and cut the tiles."""
        settings = request.settings
        assert isinstance(settings, TilesetSettings)
        given = {name: list(files) for name, files in request.inputs.items() if files}
        grounds = [name for name in ("input", "other") if name in given]
        names = _names(given)
        made: list[str] = []
        for number in range(request.count):
            seed = request.seed + number
            textures: list[np.ndarray] = []
            for at, name in enumerate(grounds):
                steps = number * len(grounds) + at
                texture = yield from _texture(
                    given[name],
                    settings,
                    seed + at * _NEXT_SEED,
                    (steps, request.count * len(grounds)),
                )
                textures.append(texture)
            mask = masks(settings.side, border_noise(settings.side, seed), settings.roughness)
            other = textures[1] if len(textures) > 1 else None
            name = f"{given['input'][0].stem}-tiles-{seed}"
            made.append(name)
            yield Made(
                artifact=Artifact(
                    kind=IMAGE, data=drawn_tiles(textures[0], other, mask), seed=seed
                ),
                recipe=made_from_files(KEY, request, given, seed=seed),
                name=name,
            )
        report = Report(
            files=lambda results: _lists(results, made, settings.side, names),
            words=tr(
                "Sixteen tiles each, with a list for Tiled (.tsx) and one for engines (.json)."
            ),
        )
        yield Progress(tr("Cutting tiles"), request.count, request.count, report)


def _texture(
    files: Sequence[Path], settings: TilesetSettings, seed: int, part: tuple[int, int]
) -> Working[np.ndarray]:
    """uint8 (side, side, 3) that goes on beside itself."""
    samples = [
        scaled(
            as_tensor(read_picture(path, for_what=tr("used"), largest_side=_LARGEST_SAMPLE_PX)),
            settings.grain,
        )
        for path in files
    ]
    begun, parts = part
    stage: Stage | None = None
    for stage in grown(samples, height=settings.side, width=settings.side, seed=seed, wraps=True):
        image = stage.image_NCHW
        seen = None if image is None else to_uint8(image)[0]
        yield Progress(tr("Growing"), begun * stage.total + stage.done, parts * stage.total, seen)
    assert stage is not None
    assert stage.image_NCHW is not None
    return to_uint8(stage.image_NCHW)[0]


def _names(given: Mapping[str, Sequence[Path]]) -> tuple[str, str]:
    """Of what lies beside, and of the ground."""
    other = given["other"][0].stem if "other" in given else "empty"
    ground = given["input"][0].stem
    return (other if other != ground else f"{other} 2"), ground


def _lists(
    results: Mapping[Path, str], made: Sequence[str], side: int, names: tuple[str, str]
) -> dict[str, bytes]:
    """Beside each picture, its lists."""
    files: dict[str, bytes] = {}
    for name in made:
        image = results.get(Path(name))
        if image is not None:
            stem = image.rpartition(".")[0]
            files[f"{stem}.tsx"] = tiled_tileset(Path(image).name, side, names)
            files[f"{stem}.json"] = tileset_json(Path(image).name, side, names)
    return files


OPERATION: Final[Operation] = Tileset()
