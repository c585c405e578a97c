"""Ways of taking a trained model out."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from genstudio.domain.model_packages import SUFFIX
from genstudio.domain.settings import Settings, setting

ModelForm: TypeAlias = Literal["package", "card", "safetensors", "onnx"]
SUFFIXES: Final[Mapping[str, str]] = {
    "package": SUFFIX,
    "card": ".html",
    "safetensors": ".safetensors",
    "onnx": ".onnx",
}


class SaveOptions(Settings):
    """How a model is taken out."""

    form: ModelForm = setting(
        "package",
        title="As",
        help="Package: one file that opens in another GenStudio. Card: a page about it. "
        "safetensors: the bare weights. ONNX: what draws, for other programs.",
    )
    title: str = setting("", title="Name", help="Empty for the run's own name.")
    author: str = setting("", title="Your name", help="May stay empty.")
    licence: str = setting(
        "", title="Licence", help="What others may do with it, such as CC BY-NC 4.0."
    )
    statement: str = setting("", title="What you say of it", help="Stands on its card.", lines=3)
