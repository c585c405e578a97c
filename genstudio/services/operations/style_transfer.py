"""Operation "style-transfer": the hand of one picture on others, without a trained model."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import STYLE_TRANSFER, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.sampling import to_uint8
from genstudio.models.style.optimisation import Effort, Stage, restyled, scaled
from genstudio.services.operations.each import each
from genstudio.services.operations.marking import marked, visible_mark
from genstudio.services.operations.pictures import as_tensor, read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files

_STEPS: Final = {"quick": 60, "good": 120, "thorough": 300}
# At full strength less than half of the edges' correlation is held on to.
_LEAST_KEPT, _MOST_KEPT = 0.4, 0.95
_MASKED = 0.5


class StyleTransferSettings(Settings):
    """What a person chooses."""

    strength: float = setting(
        0.6,
        title="How much of the style — strength",
        help="Higher lets the style take over; lower holds on to the shapes of your picture.",
        ge=0.0,
        le=1.0,
    )
    strokes: float = setting(
        1.0,
        title="Size of the strokes — scale",
        help="At 1, strokes are as large beside your picture as beside the one they come from; at "
        "0.5 half as large.",
        ge=0.1,
        le=4.0,
        logarithmic=True,
    )
    colours: Literal["of the style", "of the picture"] = setting(
        "of the style",
        title="Colours",
        help="Take the colours of the style as well, or keep those of your picture and take light "
        "and strokes alone.",
    )
    largest_side: int = setting(
        768,
        title="Longest side of the result",
        help="Larger pictures are made smaller first; twice the side takes up to four times as "
        "long.",
        ge=64,
        le=2048,
        unit="px",
    )
    care: Literal["quick", "good", "thorough"] = setting(
        "good",
        title="Care or speed — steps",
        help="Thorough comes closest to the style, and takes five times as long as quick.",
    )
    momentum: float = setting(
        0.5,
        title="How steadily it paints — momentum",
        help="Low comes closest to the style and keeps most edges; 0.9 paints as earlier versions "
        "did.",
        ge=0.0,
        le=0.95,
        advanced=True,
        before=0.9,
    )
    mark: bool = visible_mark()


class StyleTransfer:
    """One picture for each input, whose patches are distributed like those of the style."""

    card: ClassVar[OperationCard] = OperationCard(
        key=STYLE_TRANSFER,
        title="Style of another picture",
        summary="Paints your pictures with the strokes and colours of another one. Needs no "
        "trained model.",
        inputs=(
            InputSpec(name="input", title="Pictures to paint", maximum=None),
            InputSpec(name="style", title="Pictures with the style", maximum=8),
            InputSpec(
                name="mask", title="Mask: white is painted", minimum=0, maximum=1, paints="input"
            ),
        ),
        is_seeded=True,
        icon="paintbrush",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return StyleTransferSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Paint one after the other, and show how each becomes."""
        settings = request.settings
        assert isinstance(settings, StyleTransferSettings)
        files, style_files = request.inputs["input"], request.inputs["style"]
        mask_files = request.inputs.get("mask", ())
        styles = [read_picture(path, for_what=tr("taken as a style")) for path in style_files]
        _refuse_plain(styles, style_files)

        def make(done: int, path: Path) -> Generator[Made | Progress, None, None]:
            content_HWC = read_picture(
                path, for_what=tr("painted"), largest_side=settings.largest_side
            )
            inside_HW = _inside(mask_files, (content_HWC.shape[0], content_HWC.shape[1]))
            stage: Stage | None = None
            for stage in _painted(content_HWC, styles, settings, request.seed, inside_HW):
                now = stage.total * (done - 1) + stage.done
                if stage.done < stage.total:
                    seen = _seen(stage, content_HWC, settings)
                    yield Progress(tr("Painting"), now, stage.total * len(files), seen)
            assert stage is not None
            assert stage.image_NCHW is not None
            image_HWC = _finished(stage.image_NCHW, content_HWC, settings, inside_HW)
            if settings.mark:
                image_HWC = marked(image_HWC)
            used = {"input": [path], "style": style_files, "mask": mask_files}
            yield Made(
                artifact=Artifact(kind=IMAGE, data=image_HWC, seed=request.seed),
                recipe=made_from_files(self.card.key, request, used, seed=request.seed),
                name=f"{path.stem}-{style_files[0].stem}",
                source=path,
            )
            yield Progress(tr("Painting"), stage.total * done, stage.total * len(files))

        yield from each(files, make, tr("Painting"))


def _painted(
    content_HWC: np.ndarray,
    styles: Sequence[np.ndarray],
    settings: StyleTransferSettings,
    seed: int,
    inside_HW: np.ndarray | None,
) -> Iterator[Stage]:
    content, references = as_tensor(content_HWC), [as_tensor(style) for style in styles]
    if settings.colours == "of the picture":
        content, references = _light(content), [_light(it) for it in references]
    longest = max(content.shape[-2:])
    references = [scaled(it, settings.strokes * longest / max(it.shape[-2:])) for it in references]
    return restyled(
        content,
        references,
        seed=seed,
        keep_edges=_MOST_KEPT + (_LEAST_KEPT - _MOST_KEPT) * settings.strength,
        inside_HW=None if inside_HW is None else torch.as_tensor(inside_HW),
        effort=Effort(steps=_STEPS[settings.care], coarsest_px=64, momentum=settings.momentum),
    )


def _light(image_NCHW: Tensor) -> Tensor:
    """Luma (ITU-R BT.601) as one channel."""
    weights = image_NCHW.new_tensor([0.299, 0.587, 0.114])
    return (image_NCHW * weights[None, :, None, None]).sum(dim=1, keepdim=True)


def _finished(
    painted_NCHW: Tensor,
    content_HWC: np.ndarray,
    settings: StyleTransferSettings,
    inside_HW: np.ndarray | None,
) -> np.ndarray:
    painted_HWC = to_uint8(painted_NCHW)[0]
    if settings.colours == "of the picture":
        size = painted_HWC.shape[1::-1]
        shown = Image.fromarray(content_HWC).resize(size, Image.Resampling.LANCZOS)
        _, blue, red = shown.convert("YCbCr").split()
        light = Image.fromarray(painted_HWC[..., 0])
        painted_HWC = np.asarray(Image.merge("YCbCr", (light, blue, red)).convert("RGB"))
    if inside_HW is not None and painted_HWC.shape == content_HWC.shape:
        painted_HWC = np.where(inside_HW[..., None], painted_HWC, content_HWC)
    return painted_HWC


def _seen(
    stage: Stage, content_HWC: np.ndarray, settings: StyleTransferSettings
) -> np.ndarray | None:
    """The picture as it is now, where a stage has one."""
    if stage.image_NCHW is None:
        return None
    return _finished(stage.image_NCHW, content_HWC, settings, None)


def _inside(files: Sequence[Path], size: tuple[int, int]) -> np.ndarray | None:
    """Where a mask is light: bool of that height and width; None without a mask."""
    if not files:
        return None
    mask_HWC = read_picture(files[0], for_what=tr("taken as a mask"))
    height, width = size
    mask = Image.fromarray(mask_HWC).convert("L")
    resized = mask.resize((width, height), Image.Resampling.BILINEAR)
    inside_HW = np.asarray(resized) > _MASKED * 255
    if not inside_HW.any():
        raise DatasetError(
            tr("{name} is dark throughout", name=files[0].name),
            tr("A mask is white where the style goes, and black where the picture stays."),
            tr("Choose another mask, or none."),
        )
    return inside_HW


def _refuse_plain(styles: Sequence[np.ndarray], files: Sequence[Path]) -> None:
    for style_HWC, path in zip(styles, files, strict=True):
        if (np.ptp(style_HWC.reshape(-1, 3), axis=0) == 0).all():
            raise DatasetError(
                tr("{name} has one colour only", name=path.name),
                tr("There is no stroke in it that could be taken over."),
                tr("Choose a picture whose hand can be seen."),
            )


OPERATION: Final[Operation] = StyleTransfer()
