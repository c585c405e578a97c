"""How somebody gets a pack that is missing: by pip, or as a package beside the program."""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genstudio import __version__
from genstudio.domain.language import tr

# Packs that are packages of their own for the program that Linux has installed.
PACKAGED: Final = frozenset(
    {"video", "medical", "molecules", "diffusion", "onnx", "upscaling", "seeing"}
)
# Packs that hold no code: no extra of the wheel brings them.
OF_DATA: Final = frozenset({"seeing"})
# Where Debian's package puts the program.
_OF_DEBIAN: Final = Path("/usr/lib/genstudio")
_DEBIANS_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How the program that runs was installed.

    Attributes:
        folder: The packed program's; none where Python runs it from an environment.
        is_on_linux: Whether packages beside it exist.
        machine: Kind of processor, as ``platform.machine`` calls it.
    """

    folder: Path | None
    is_on_linux: bool
    machine: str

    @classmethod
    def running(cls) -> "Program":
        """The one that runs."""
        is_packed = hasattr(sys, "frozen")
        return cls(
            folder=Path(sys.executable).resolve().parent if is_packed else None,
            is_on_linux=sys.platform == "linux",
            machine=platform.machine(),
        )


def how_to_get(key: str, program: Program | None = None) -> str:
    """A sentence that says how to get a pack.

    Args:
        key: Its name, which is that of the wheel's extra.
        program: The program that lacks it; the running one if not given.
    """
    program = program or Program.running()
    is_beside = program.folder is not None and program.is_on_linux and key in PACKAGED
    if key in OF_DATA and not is_beside:
        return tr(
            "The sources of GenStudio make it: packaging/convert_tagger.py and "
            "packaging/get_faces.py say how."
        )
    if program.folder is None:
        return tr("Install it: pip install 'genstudio[{key}]'.", key=key)
    if not is_beside:
        return tr(
            "No installer brings it; install GenStudio by pip instead: "
            "pip install 'genstudio[{key}]'.",
            key=key,
        )
    if program.folder == _OF_DEBIAN:
        machine = _DEBIANS_NAMES.get(program.machine, program.machine)
        file = f"genstudio-pack-{key}_{__version__}_{machine}.deb"
        return tr(
            "Install the package {file}, which lies where GenStudio's own came from: open it, or "
            "type “sudo apt install ./{file}” in a terminal where it lies. Then start GenStudio "
            "again.",
            file=file,
        )
    file = f"genstudio-pack-{key}-{__version__}-linux-{program.machine}.tar.xz"
    return tr(
        "Unpack {file}, which lies where GenStudio's installer came from, in the folder {folder}. "
        "Then start GenStudio again.",
        file=file,
        folder=program.folder,
    )
