"""Operations of Stable Diffusion: from words, from pictures, and inside a mask."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image, ImageFilter

from genstudio.domain.artifacts import IMAGE, LORA, Artifact
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import (
    IMAGE_TO_IMAGE,
    INPAINT,
    TEXT_TO_IMAGE,
    InputSpec,
    OperationCard,
)
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.low_rank import Lora
from genstudio.models.protocol import TrainableModel
from genstudio.models.stable_diffusion.choices import (
    FromWords,
    HowToDraw,
    base_setting,
    drawing_of,
    how_to_draw,
)
from genstudio.models.stable_diffusion.drawing import Drawing, draw
from genstudio.models.stable_diffusion.loading import LoadedBase, load_base
from genstudio.models.stable_diffusion.lora_files import read_lora
from genstudio.services.base_models import find_base, reference
from genstudio.services.operations.pictures import read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files

_STEP_PX = 8
_LORAS = InputSpec(name="lora", kind=LORA, title="LoRAs, if you like", minimum=0, maximum=8)


class WithBase(Settings):
    """What all need: frozen weights that a person has."""

    base: str = base_setting()
    lora_strengths: str = setting(
        "1",
        title="Strength of the LoRAs",
        help="One number for all, or one for each with commas between: 0.8, 0.5. 0 leaves one out.",
        advanced=True,
    )
    parameters: bool = setting(
        False,
        title="Also say it for other programs — parameters",
        help="Writes prompt, seed and checksums once more, in the text that ComfyUI, "
        "AUTOMATIC1111 and picture sites read.",
        advanced=True,
    )


class TextToImageSettings(FromWords, WithBase):
    """What a person chooses."""

    side: Literal["as it was trained", "256", "384", "512", "640", "768", "1024"] = setting(
        "as it was trained",
        title="Size of the picture",
        help="Side of a square with as many pixels. Far from the size that the model was trained "
        "at, things appear twice or fall apart.",
        advanced=True,
    )


class ImageToImageSettings(HowToDraw, WithBase):
    """What a person chooses."""

    strength: float = setting(
        0.6,
        title="How much may change — denoising strength",
        help="At 0.3 your picture is touched up, at 0.6 redrawn, at 1 hardly anything of it stays.",
        ge=0.05,
        le=1.0,
    )
    largest_side: int = setting(
        768,
        title="Longest side of the result",
        help="Larger pictures are made smaller first.",
        ge=64,
        le=2048,
        unit="px",
    )


class InpaintSettings(ImageToImageSettings):
    """What a person chooses."""

    feather: int = setting(
        8,
        title="Soft edge of the mask",
        help="Over so many pixels, what is drawn passes into what stays.",
        ge=0,
        le=128,
        unit="px",
    )


class _Diffusion:
    """What the three have in common."""

    card: ClassVar[OperationCard]
    _settings: ClassVar[type[Settings]]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return self._settings

    def _draw(
        self,
        request: OperationRequest,
        loaded: LoadedBase,
        loras: Sequence[tuple[Lora, float]],
        wanted: Drawing,
        at: tuple[int, int],
        *,
        name: str,
        used: Mapping[str, Sequence[Path]],
        source: Path | None = None,
    ) -> Generator[Made | Progress, None, None]:
        done, count = at
        for stage in draw(loaded, wanted, loras):
            total = (stage.total + 1) * count
            now = (stage.total + 1) * done + stage.done
            if not stage.is_finished:
                yield Progress(tr("Drawing"), now, total, stage.image_HWC)
                continue
            recipe = made_from_files(self.card.key, request, used, seed=wanted.seed)
            # The folder of a person's disk does not travel along.
            sampling = {**recipe.sampling, "base": reference(loaded.base)}
            values = {"left_out": stage.left_out} if stage.left_out else {}
            if loaded.answers is not None:
                sampling["base_answers"] = loaded.answers.words
            yield Made(
                artifact=Artifact(
                    kind=IMAGE, data=stage.image_HWC, seed=wanted.seed, values=values
                ),
                recipe=recipe.model_copy(update={"sampling": sampling}),
                name=name,
                source=source,
            )
            yield Progress(tr("Drawing"), now + 1, total)


class TextToImage(_Diffusion):
    """One picture for each seed."""

    card: ClassVar[OperationCard] = OperationCard(
        key=TEXT_TO_IMAGE,
        title="Pictures from words",
        summary="Draws what you describe, with a Stable Diffusion that you have on your disk.",
        inputs=(_LORAS,),
        has_count=True,
        is_seeded=True,
        icon="message-square-text",
    )
    _settings = TextToImageSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw one after the other."""
        settings = request.settings
        assert isinstance(settings, TextToImageSettings)
        loaded, loras = _loaded(settings, request)
        side = loaded.side if settings.side == "as it was trained" else int(settings.side)
        for done in range(request.count):
            wanted = drawing_of(settings, request.seed + done, side)
            used: dict[str, Sequence[Path]] = {"lora": request.inputs.get("lora", ())}
            name = f"{_stem(settings.prompt)}-{wanted.seed}"
            yield from self._draw(
                request,
                loaded,
                loras,
                wanted,
                (done, request.count),
                name=name,
                used=used,
            )


class ImageToImage(_Diffusion):
    """One picture for each input."""

    card: ClassVar[OperationCard] = OperationCard(
        key=IMAGE_TO_IMAGE,
        title="Redraw pictures after words",
        summary="Takes your pictures as a sketch and draws them anew as you describe, with a "
        "Stable Diffusion that you have on your disk.",
        inputs=(InputSpec(name="input", title="Pictures to redraw", maximum=None), _LORAS),
        is_seeded=True,
        icon="image-plus",
    )
    _settings = ImageToImageSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw one after the other."""
        settings = request.settings
        assert isinstance(settings, ImageToImageSettings)
        files = request.inputs["input"]
        pictures = [_picture(path, settings.largest_side) for path in files]
        loaded, loras = _loaded(settings, request)
        for done, (path, image_HWC) in enumerate(zip(files, pictures, strict=True)):
            wanted = replace(
                how_to_draw(settings, request.seed, _size(image_HWC)),
                picture_HWC=image_HWC,
                strength=settings.strength,
            )
            used = {"input": [path], "lora": request.inputs.get("lora", ())}
            yield from self._draw(
                request,
                loaded,
                loras,
                wanted,
                (done, len(files)),
                name=f"{path.stem}-redrawn",
                used=used,
                source=path,
            )


class Inpaint(_Diffusion):
    """One picture, drawn anew inside a mask."""

    card: ClassVar[OperationCard] = OperationCard(
        key=INPAINT,
        title="Redraw a part of a picture",
        summary="Draws what you describe where the mask is white; the rest stays as it is to the "
        "last bit. With a Stable Diffusion that you have on your disk.",
        inputs=(
            InputSpec(name="input", title="Picture", maximum=1),
            InputSpec(name="mask", title="Mask: white is drawn anew", maximum=1, paints="input"),
            _LORAS,
        ),
        has_count=True,
        is_seeded=True,
        icon="paintbrush",
    )
    _settings = InpaintSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw one after the other."""
        settings = request.settings
        assert isinstance(settings, InpaintSettings)
        (path,), (mask_path,) = request.inputs["input"], request.inputs["mask"]
        image_HWC = _picture(path, settings.largest_side)
        mask_HW = _mask(mask_path, _size(image_HWC), settings.feather)
        loaded, loras = _loaded(settings, request)
        used = {"input": [path], "mask": [mask_path], "lora": request.inputs.get("lora", ())}
        for done in range(request.count):
            wanted = replace(
                how_to_draw(settings, request.seed + done, _size(image_HWC)),
                picture_HWC=image_HWC,
                strength=settings.strength,
                mask_HW=mask_HW,
            )
            yield from self._draw(
                request,
                loaded,
                loras,
                wanted,
                (done, request.count),
                name=f"{path.stem}-{wanted.seed}",
                used=used,
                source=path,
            )


def _loaded(
    settings: WithBase, request: OperationRequest
) -> tuple[LoadedBase, list[tuple[Lora, float]]]:
    loaded = load_base(find_base(settings.base))
    files = request.inputs.get("lora", ())
    strengths = _strengths(settings.lora_strengths, len(files))
    loras = [read_lora(path, loaded.parts) for path in files]
    return loaded, list(zip(loras, strengths, strict=True))


def _strengths(text: str, count: int) -> list[float]:
    try:
        given = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        given = []
    is_usable = bool(given) and all(-4 <= it <= 4 for it in given)
    if not is_usable or len(given) not in (1, max(count, 1)):
        raise SettingsError(
            tr("The strengths of the LoRAs cannot be read"),
            tr("“{words}” was given for {count}.", words=text[:80], count=count),
            tr("Write one number for all, or as many as there are LoRAs: 0.8, 0.5."),
        )
    return given * count if len(given) == 1 else given


def _picture(path: Path, largest_side: int) -> np.ndarray:
    """A picture whose sides are multiples of 8."""
    image_HWC = read_picture(path, for_what=tr("redrawn"), largest_side=largest_side)
    height, width = (max(_STEP_PX, side // _STEP_PX * _STEP_PX) for side in image_HWC.shape[:2])
    if (height, width) == image_HWC.shape[:2]:
        return image_HWC
    resized = Image.fromarray(image_HWC).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized)


def _size(image_HWC: np.ndarray) -> tuple[int, int]:
    return image_HWC.shape[0], image_HWC.shape[1]


def _mask(path: Path, size: tuple[int, int], feather: int) -> np.ndarray:
    """Where it is drawn anew: float32 (height, width) in [0, 1]."""
    mask_HWC = read_picture(path, for_what=tr("taken as a mask"))
    height, width = size
    shape = Image.fromarray(mask_HWC).convert("L").resize((width, height), Image.Resampling.BOX)
    hard = Image.fromarray(np.where(np.asarray(shape) > 127, 255, 0).astype(np.uint8))
    if not hard.getbbox():
        raise DatasetError(
            tr("{name} is dark throughout", name=path.name),
            tr("A mask is white where something is drawn, and black where the picture stays."),
            tr("Choose another mask."),
        )
    soft = hard.filter(ImageFilter.GaussianBlur(feather / 2)) if feather else hard
    return np.asarray(soft, dtype=np.float32) / 255


def _stem(prompt: str) -> str:
    words = "".join(it if it.isalnum() else " " for it in prompt).split()
    return "-".join(words[:6]).lower()[:60] or "picture"


FROM_WORDS: Final[Operation] = TextToImage()
FROM_PICTURES: Final[Operation] = ImageToImage()
IN_MASK: Final[Operation] = Inpaint()
