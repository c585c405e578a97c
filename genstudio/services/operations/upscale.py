"""Operation "upscale": larger pictures, smoothly, with every pixel as it was, or by a network."""

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.operations import UPSCALE, InputSpec, OperationCard
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.progress import Progress, Working, relabelled
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, setting
from genstudio.engine.device import available_accelerators
from genstudio.models.protocol import TrainableModel
from genstudio.services import upscaling
from genstudio.services.operations.each import each
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files, says_synthetic

_LARGEST_GIVEN_PX = 8192
_LARGEST_MADE_PX = 16_384


Method = Literal["smooth", "pixels", "network"]
_WAYS = tr_noop(
    "“Smooth” (Lanczos) stays closest to your picture; “pixels” repeats each one, for sprites and "
    "pixel art, and changes no colour. A “network” draws edges sharp and makes up what your "
    "picture does not show."
)


class UpscaleSettings(Settings):
    """What a person chooses."""

    factor: Literal[2, 3, 4, 8] = setting(
        2,
        title="How much larger — factor",
        help="Of width and height. Networks enlarge four times: two and three times are averaged "
        "down from that, eight times is made smoothly of it.",
    )
    method: Method = setting("smooth", title="What for — filter", help=_WAYS)
    network: upscaling.NetworkName = setting(
        "drawn, quick",
        title="Which network",
        help="“Drawn, quick” changes least and is by far the fastest; “drawn, thorough” makes flat "
        "areas and inked lines of everything; “photographs” makes up grain and hair, and takes "
        "over twenty times as long. Small faces are made up wrongly by all of them.",
        only_with=("method", "network"),
    )
    device: Literal["the fastest", "the processor"] = setting(
        "the fastest",
        title="What computes a network — device",
        help="A graphics card is much faster; the processor gives the same pixels each time.",
        advanced=True,
        only_with=("method", "network"),
    )


class Upscale:
    """One larger picture for each."""

    card: ClassVar[OperationCard] = OperationCard(
        key=UPSCALE,
        title="Make larger",
        summary="Makes pictures two to eight times as large: smoothly, pixel by pixel, or by a "
        "network that draws edges sharp. Needs no trained model.",
        inputs=(InputSpec(name="input", title="Pictures to make larger", maximum=None),),
        icon="scaling",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always; where no network is installed, its help says how to get one."""
        del model
        return UpscaleSettings if upscaling.installed() else _without_networks()

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """One after the other."""
        settings = request.settings
        assert isinstance(settings, UpscaleSettings)
        files = request.inputs["input"]
        upscaler = _upscaler(settings, request.device) if settings.method == "network" else None

        def make(done: int, path: Path) -> Generator[Made | Progress, None, None]:
            image_HWC = _read(path, settings.factor)
            recipe = made_from_files(
                self.card.key, request, {"input": [path]}, synthetic=says_synthetic(path)
            )
            if upscaler is None:
                made_HWC = enlarged(image_HWC, settings)
            else:
                # How far this picture is; how many there are say the words.
                told = relabelled(
                    _by_network(upscaler, image_HWC, settings.factor),
                    lambda words: f"{words} ({done}/{len(files)})",
                )
                made_HWC = yield from told
                recipe = _made_by(upscaler, recipe)
            yield Made(
                artifact=Artifact(kind=IMAGE, data=made_HWC),
                recipe=recipe,
                name=f"{path.stem}-{settings.factor}x",
                source=path,
            )
            yield Progress(tr("Making larger"), done, len(files))

        yield from each(files, make, tr("Making larger"))


def _without_networks() -> type[Settings]:
    install = tr("No network is installed. {install}", install=how_to_get(upscaling.PACK))

    class WithoutNetworks(UpscaleSettings):
        """The same, and how to get what is missing."""

        method: Method = setting("smooth", title="What for — filter", help=f"{tr(_WAYS)} {install}")

    return WithoutNetworks


def _upscaler(settings: UpscaleSettings, device: str) -> upscaling.Upscaler:
    """The network that was chosen, on what is to compute it."""
    fastest = available_accelerators()[0]
    if settings.device == "the processor":
        fastest = "cpu"
    return upscaling.load(settings.network, device if device != "cpu" else fastest)


def _made_by(upscaler: upscaling.Upscaler, recipe: Recipe) -> Recipe:
    """What a network made up is made, whatever it was made from."""
    noted = {"weights_sha256": upscaler.sha256, "device": upscaler.device, "synthetic": True}
    return recipe.model_copy(update=noted)


def _read(path: Path, factor: int) -> np.ndarray:
    try:
        image_HWC = decode_thumbnail(path, side=_LARGEST_GIVEN_PX, with_opacity=True)
    except UnreadablePictureError as error:
        raise DatasetError(
            tr("{name} cannot be made larger", name=path.name),
            str(error),
            tr("Choose another picture."),
        ) from error
    longest = max(image_HWC.shape[:2]) * factor
    if longest > _LARGEST_MADE_PX:
        raise DatasetError(
            tr("{name} would be too large", name=path.name),
            tr(
                "Its longer side would have {longest:,} pixels; {largest_made_px:,} can be made.",
                longest=longest,
                largest_made_px=_LARGEST_MADE_PX,
            ),
            tr("Choose a smaller factor."),
        )
    return image_HWC


def _by_network(
    upscaler: upscaling.Upscaler, image_HWC: np.ndarray, factor: int
) -> Working[np.ndarray]:
    most = min(factor, upscaler.network.factor)
    made_HWC = yield from upscaling.enlarged(upscaler, image_HWC, most)
    return made_HWC if most == factor else _smoothly(made_HWC, image_HWC.shape[:2], factor)


def enlarged(image_HWC: np.ndarray, settings: UpscaleSettings) -> np.ndarray:
    """Enlarge a uint8 picture of 3 or 4 channels; hidden colours do not bleed into seen ones."""
    if settings.method == "pixels":
        return image_HWC.repeat(settings.factor, axis=0).repeat(settings.factor, axis=1)
    return _smoothly(image_HWC, image_HWC.shape[:2], settings.factor)


def _smoothly(image_HWC: np.ndarray, given: tuple[int, ...], factor: int) -> np.ndarray:
    height, width = given
    size = width * factor, height * factor
    # Pillow weighs the colours of RGBA by their opacity.
    return np.asarray(Image.fromarray(image_HWC).resize(size, Image.Resampling.LANCZOS))


OPERATION: Final[Operation] = Upscale()
