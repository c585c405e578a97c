"""Operation "texture": more of what a small sample shows, tileable on wish."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.language import tr
from genstudio.domain.operations import TEXTURE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.sampling import to_uint8
from genstudio.models.style.optimisation import Stage, scaled
from genstudio.models.style.textures import grown
from genstudio.services.operations.pictures import as_tensor, read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files

# Beyond this, samples hold nothing that the patches of a texture need.
_LARGEST_SAMPLE_PX = 1024


class TextureSettings(Settings):
    """What a person chooses."""

    width: int = setting(512, title="Width", help="Of the texture.", ge=32, le=2048, unit="px")
    height: int = setting(512, title="Height", help="Of the texture.", ge=32, le=2048, unit="px")
    tileable: bool = setting(
        True,
        title="Fits beside itself — tileable",
        help="Left and right, and top and bottom, fit together without a seam.",
    )
    grain: float = setting(
        1.0,
        title="Size of the grain — scale",
        help="At 1, things are as large as in the sample; at 0.5 half as large.",
        ge=0.1,
        le=4.0,
        logarithmic=True,
    )


class Texture:
    """New textures from the patches of samples."""

    card: ClassVar[OperationCard] = OperationCard(
        key=TEXTURE,
        title="Texture from a sample",
        summary="Grows as much of a material as you want from a small picture of it: stone, cloth, "
        "grass, brush strokes. Needs no trained model.",
        inputs=(InputSpec(name="input", title="Samples of one material", maximum=8),),
        has_count=True,
        is_seeded=True,
        icon="grid-2x2",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return TextureSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Grow one for each seed."""
        settings = request.settings
        assert isinstance(settings, TextureSettings)
        files = request.inputs["input"]
        samples = [
            scaled(
                as_tensor(read_picture(path, for_what=tr("used"), largest_side=_LARGEST_SAMPLE_PX)),
                settings.grain,
            )
            for path in files
        ]
        for number in range(request.count):
            seed = request.seed + number
            stage: Stage | None = None
            for stage in grown(
                samples,
                height=settings.height,
                width=settings.width,
                seed=seed,
                wraps=settings.tileable,
            ):
                image = stage.image_NCHW
                seen = None if image is None else to_uint8(image)[0]
                total = stage.total * request.count
                if stage.done < stage.total:
                    yield Progress(tr("Growing"), stage.total * number + stage.done, total, seen)
            assert stage is not None
            assert stage.image_NCHW is not None
            yield Made(
                artifact=Artifact(kind=IMAGE, data=to_uint8(stage.image_NCHW)[0], seed=seed),
                recipe=made_from_files(self.card.key, request, {"input": files}, seed=seed),
                name=f"{files[0].stem}-{seed}",
                source=files[0] if len(files) == 1 else None,
            )
            yield Progress(tr("Growing"), stage.total * (number + 1), stage.total * request.count)


OPERATION: Final[Operation] = Texture()
