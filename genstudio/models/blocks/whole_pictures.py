"""Pictures of any height and width through a network that was trained on squares; and jitter."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.models.sampling import evaluating, grey_of, over_white, to_uint8


def translated(
    network: nn.ModuleDict,
    generate: Callable[[Tensor], Tensor],
    image_HWC: np.ndarray,
    *,
    channels: int,
    stride: int,
) -> np.ndarray:
    """Send one picture through a generator, in evaluation mode.

    Args:
        network: Holds the generator.
        generate: Pictures in [-1, 1] => pictures of the same height and width.
        image_HWC: uint8, any height and width; 1, 3 or 4 channels, or none.
        channels: That the generator takes: 1 for grey, 3, or 4 for colours over white and the
            opacity.
        stride: Sides must be a multiple of this; what is missing is mirrored, and cut off again.

    Returns:
        uint8 of the same height and width.
    """
    image_HWC = with_channels(image_HWC, channels)
    height, width = image_HWC.shape[:2]
    spare_rows, spare_columns = -height % stride, -width % stride
    top, left = spare_rows // 2, spare_columns // 2
    around = ((top, spare_rows - top), (left, spare_columns - left), (0, 0))
    padded = np.pad(image_HWC, around, mode="reflect")
    with evaluating(network) as device:
        pixels = torch.from_numpy(padded).to(device)[None].permute(0, 3, 1, 2)
        made_NCHW = generate(pixels.float().div(127.5).sub(1))
        made_NHWC = to_uint8(made_NCHW[:, :, top : top + height, left : left + width])
    return made_NHWC[0]


def with_channels(image_HWC: np.ndarray, channels: int) -> np.ndarray:
    """A uint8 picture with 1, 3 or 4 channels, whatever it has.

    Grey becomes RGB and the other way round; where no opacity is wanted, the picture is laid over
    white, and where one is missing, it is opaque.
    """
    if image_HWC.ndim == 2:
        image_HWC = image_HWC[..., None]
    if channels == 1:
        return grey_of(image_HWC)
    if image_HWC.shape[-1] == 1:
        image_HWC = image_HWC.repeat(3, axis=-1)
    if channels == 3:
        return np.ascontiguousarray(over_white(image_HWC))
    if image_HWC.shape[-1] == 3:
        opaque = np.full_like(image_HWC[..., :1], 255)
        image_HWC = np.concatenate([image_HWC, opaque], axis=-1)
    return np.ascontiguousarray(image_HWC)


def common_channels(*counts: int) -> int:
    """Channels that images of all these counts fit into: 3, or 4 where one has an opacity.

    Where all are grey, 1 is enough.

    Raises:
        SettingsError: A count is none of pictures: 1 or 2 for grey, 3 or 4 for colour.
    """
    if not set(counts) <= {1, 2, 3, 4}:
        raise SettingsError(
            tr("These pictures cannot be translated"),
            tr("They have {count} channels.", count=" and ".join(str(count) for count in counts)),
            tr("Pictures are grey or RGB, with or without an opacity (alpha channel)."),
        )
    if set(counts) == {1}:
        return 1
    return 4 if {2, 4} & set(counts) else 3


def with_common_channels(images_NCHW: Tensor, channels: int) -> Tensor:
    """Images in [-1, 1] with as many channels as :func:`common_channels` gave.

    Grey becomes RGB, and where an opacity is missing, it is opaque.
    """
    own = images_NCHW.shape[1]
    if own == channels:
        return images_NCHW
    colours = images_NCHW[:, : own - (own + 1) % 2]
    opacity = images_NCHW[:, own - (own + 1) % 2 :]
    if colours.shape[1] == 1:
        colours = colours.expand(-1, 3, -1, -1)
    if channels == 4 and not opacity.shape[1]:
        opacity = torch.ones_like(colours[:, :1])
    joined = torch.cat([colours, opacity], dim=1)
    return joined.contiguous(memory_format=torch.channels_last)


def jittered(images_NCHW: Tensor, reach_px: int) -> Tensor:
    """Shift each picture by up to so many pixels either way; what comes in is mirrored.

    All channels of a picture move alike: pictures that belong together are joined before.
    """
    if reach_px == 0:
        return images_NCHW
    count, _, height, width = images_NCHW.shape
    device = images_NCHW.device
    padded = functional.pad(images_NCHW, (reach_px,) * 4, mode="reflect").permute(0, 2, 3, 1)
    shift = torch.randint(0, 2 * reach_px + 1, (2, count, 1), device=device)
    rows = (shift[0] + torch.arange(height, device=device))[:, :, None]
    columns = (shift[1] + torch.arange(width, device=device))[:, None, :]
    which = torch.arange(count, device=device)[:, None, None]
    return padded[which, rows, columns].permute(0, 3, 1, 2)
