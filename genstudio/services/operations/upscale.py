"""Operation "upscale": larger pictures, smoothly or with every pixel as it was."""

from collections.abc import Generator
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import UPSCALE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files, says_synthetic

_LARGEST_GIVEN_PX = 8192
_LARGEST_MADE_PX = 16_384


class UpscaleSettings(Settings):
    """What a person chooses."""

    factor: Literal[2, 3, 4, 8] = setting(
        2, title="How much larger — factor", help="Of width and height."
    )
    method: Literal["smooth", "pixels"] = setting(
        "smooth",
        title="What for — filter",
        help="“Smooth” (Lanczos) is for photographs and paintings; “pixels” repeats each one, for "
        "sprites and pixel art, and changes no colour.",
    )


class Upscale:
    """One larger picture for each."""

    card: ClassVar[OperationCard] = OperationCard(
        key=UPSCALE,
        title="Make larger",
        summary="Makes pictures two to eight times as large, smoothly or pixel by pixel. Needs no "
        "trained model.",
        inputs=(InputSpec(name="input", title="Pictures to make larger", maximum=None),),
        icon="scaling",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return UpscaleSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """One after the other."""
        settings = request.settings
        assert isinstance(settings, UpscaleSettings)
        files = request.inputs["input"]
        for done, path in enumerate(files, start=1):
            try:
                image_HWC = decode_thumbnail(path, side=_LARGEST_GIVEN_PX, with_opacity=True)
            except UnreadablePictureError as error:
                raise DatasetError(
                    tr("{name} cannot be made larger", name=path.name),
                    str(error),
                    tr("Choose another picture."),
                ) from error
            longest = max(image_HWC.shape[:2]) * settings.factor
            if longest > _LARGEST_MADE_PX:
                raise DatasetError(
                    tr("{name} would be too large", name=path.name),
                    tr(
                        "Its longer side would have {longest:,} pixels; "
                        "{largest_made_px:,} can be made.",
                        longest=longest,
                        largest_made_px=_LARGEST_MADE_PX,
                    ),
                    tr("Choose a smaller factor."),
                )
            yield Made(
                artifact=Artifact(kind=IMAGE, data=enlarged(image_HWC, settings)),
                recipe=made_from_files(
                    self.card.key, request, {"input": [path]}, synthetic=says_synthetic(path)
                ),
                name=f"{path.stem}-{settings.factor}x",
                source=path,
            )
            yield Progress(tr("Making larger"), done, len(files))


def enlarged(image_HWC: np.ndarray, settings: UpscaleSettings) -> np.ndarray:
    """Enlarge a uint8 picture of 3 or 4 channels; hidden colours do not bleed into seen ones."""
    factor = settings.factor
    if settings.method == "pixels":
        return image_HWC.repeat(factor, axis=0).repeat(factor, axis=1)
    height, width = image_HWC.shape[:2]
    size = width * factor, height * factor
    # Pillow weighs the colours of RGBA by their opacity.
    return np.asarray(Image.fromarray(image_HWC).resize(size, Image.Resampling.LANCZOS))


OPERATION: Final[Operation] = Upscale()
