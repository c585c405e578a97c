"""A mark that everybody sees, for those who want what they show to say that it was made."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genstudio.domain.language import tr
from genstudio.domain.settings import setting

_WORDS = "made with a model"
_SHARE_OF_SIDE = 32
_SMALLEST_PX = 9


def visible_mark() -> bool:
    """The setting that switches the mark on."""
    return setting(
        False,
        title=tr("Say so in the picture — visible mark"),
        help=tr(
            "Writes “made with a model” into a corner. What is made says so in its file in any "
            "case."
        ),
        advanced=True,
    )


def marked(image_HWC: np.ndarray) -> np.ndarray:
    """Write the mark into the lower right corner: uint8 (height, width, 3), as is the result."""
    picture = Image.fromarray(image_HWC)
    size = max(_SMALLEST_PX, min(picture.size) // _SHARE_OF_SIDE)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(picture)
    corner = picture.width - size // 2, picture.height - size // 2
    # Dark around light is read on any ground.
    draw.text(corner, _WORDS, "white", font, anchor="rs", stroke_width=1, stroke_fill="black")
    return np.asarray(picture)
