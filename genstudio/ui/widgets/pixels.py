"""Pictures held as arrays, made into images that Qt paints."""

import numpy as np
from PySide6.QtGui import QImage

_FORMATS = {
    1: (QImage.Format.Format_Grayscale8, QImage.Format.Format_RGB32),
    3: (QImage.Format.Format_RGB888, QImage.Format.Format_RGB32),
    4: (QImage.Format.Format_RGBA8888, QImage.Format.Format_ARGB32_Premultiplied),
}


def image_from_pixels(pixels_HWC: np.ndarray) -> QImage:
    """Copy a picture into an image of the format that Qt paints fastest; safe in any thread.

    Args:
        pixels_HWC: uint8, shape (height, width, channels); grey, RGB or RGB with alpha.

    Raises:
        ValueError: The array is not such a picture.
    """
    if pixels_HWC.dtype != np.uint8 or pixels_HWC.ndim != 3 or pixels_HWC.shape[2] not in _FORMATS:
        raise ValueError(f"Not a picture: {pixels_HWC.dtype} of shape {pixels_HWC.shape}")
    height, width, channels = pixels_HWC.shape
    stored, painted = _FORMATS[channels]
    data = np.ascontiguousarray(pixels_HWC).data
    # The conversion copies, so the image outlives the array.
    return QImage(data, width, height, width * channels, stored).convertToFormat(painted)
