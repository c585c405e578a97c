"""What a person chooses when something is drawn with Stable Diffusion."""

from typing import Any, Literal

from genstudio.domain.language import tr
from genstudio.domain.settings import Settings, setting
from genstudio.models.stable_diffusion.drawing import Drawing, Sampler

_STEP_PX = 8


def base_setting() -> Any:
    """The setting that names a base model."""
    return setting(
        "",
        title=tr("Stable Diffusion on your disk — base model"),
        help=tr(
            "A folder in diffusers’ layout, or a single .safetensors file. It stays where it is; "
            "nothing is fetched from the network."
        ),
        opens="model",
    )


class HowToDraw(Settings):
    """What all ways of drawing have in common."""

    prompt: str = setting(
        "",
        title="What to draw — prompt",
        help="In your own words; the first 75 tokens are read, about 50 words.",
    )
    negative_prompt: str = setting(
        "",
        title="What to leave out — negative prompt",
        help="In words, such as “blurred, text, frame”.",
    )
    guidance: float = setting(
        7.5,
        title="Insistence on the words — guidance scale",
        help="Higher keeps more strictly to the words; above 12, colours turn harsh.",
        ge=1.0,
        le=30.0,
    )
    steps: int = setting(
        25,
        title="Strokes — steps",
        help="More are finer and take longer; 20 to 30 are usual.",
        ge=1,
        le=200,
    )
    sampler: Sampler = setting(
        "DPM++ 2M Karras",
        title="Way of drawing — sampler",
        help="The first needs the fewest steps. “Ancestral” goes on changing with more steps.",
        advanced=True,
    )


class FromWords(HowToDraw):
    """How a picture is drawn from words alone."""

    shape: Literal["square", "portrait 2:3", "landscape 3:2", "wide 16:9"] = setting(
        "square",
        title="Shape of the picture",
        help="Other shapes have about as many pixels as the square.",
    )


_SHAPES = {
    "square": (1.0, 1.0),
    "portrait 2:3": (1.5, 1.0),
    "landscape 3:2": (1.0, 1.5),
    "wide 16:9": (9.0, 16.0),
}


def drawing_of(settings: FromWords, seed: int, side: int) -> Drawing:
    """What is to be drawn, without a picture to begin with.

    Args:
        settings: What a person chose.
        seed: Of the noise.
        side: Of a square with as many pixels.
    """
    tall, wide = _SHAPES[settings.shape]
    scale = side / (tall * wide) ** 0.5
    return how_to_draw(settings, seed, (_rounded(tall * scale), _rounded(wide * scale)))


def how_to_draw(settings: HowToDraw, seed: int, size: tuple[int, int]) -> Drawing:
    """What the common settings say.

    Args:
        settings: Any of the classes here.
        seed: Of the noise.
        size: Height and width in pixels.
    """
    return Drawing(
        prompt=settings.prompt,
        negative=settings.negative_prompt,
        guidance=settings.guidance,
        steps=settings.steps,
        sampler=settings.sampler,
        seed=seed,
        size=size,
    )


def _rounded(pixels: float) -> int:
    return max(_STEP_PX, _STEP_PX * round(pixels / _STEP_PX))
