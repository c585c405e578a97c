"""The program as one folder that needs no Python: packed, trimmed, stripped, with its notices.

Standard library only; PyInstaller runs in an environment of its own (``environment.py``).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import environment, notices
from installers.trimming import unused

WORK = ROOT / "build" / "package"
SPEC = ROOT / "packaging" / "installers" / "genstudio.spec"
_ELF = b"\x7fELF"
# Have been given their library paths by patchelf, which strip does not understand.
_NOT_TO_STRIP = ("numpy.libs", "pillow.libs")


def build() -> Path:
    """Pack the program; gives the folder, whose ``genstudio`` is the program.

    Raises:
        SetupError: A tool is missing or fails.
    """
    environment.ensure()
    if sys.platform in {"win32", "darwin"}:
        make_icons()
    to = WORK / "onedir"
    shutil.rmtree(to, ignore_errors=True)
    packing = [
        *(str(environment.script("pyinstaller")), "--noconfirm", "--clean"),
        *("--log-level", "ERROR", "--distpath", str(to), "--workpath", str(WORK / "work")),
        str(SPEC),
    ]
    environment.call(packing)
    folder = to / "genstudio"
    print(f"Packed {megabytes(folder):,.0f} MB")
    trim(folder)
    notices.write(environment.python(), folder)
    print(f"Shipped {megabytes(folder):,.0f} MB")
    return folder


def trim(folder: Path) -> None:
    """Take out what is not needed, and the symbols that only debuggers read."""
    inside = folder / "_internal"
    below = {path.relative_to(inside).as_posix(): path for path in _files(inside)}
    links = [name for name, path in below.items() if path.is_symlink()]
    for name in unused(below, links):
        below[name].unlink()
    for path in list(_files(inside)):
        if path.is_symlink() and not path.exists():
            path.unlink()  # It led to what has gone.
    remove_empty_folders(inside)
    if sys.platform == "linux" and shutil.which("strip"):
        _strip(inside)


def megabytes(folder: Path) -> float:
    """Size of all files in a folder."""
    return sum(path.lstat().st_size for path in _files(folder)) / 1e6


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def remove_empty_folders(folder: Path) -> None:
    """Take out folders that hold nothing."""
    for path in sorted(folder.rglob("*"), key=lambda it: -len(it.parts)):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def _strip(folder: Path) -> None:
    for path in _files(folder):
        if path.is_symlink() or any(part in _NOT_TO_STRIP for part in path.parts):
            continue
        if is_elf(path):
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=False)


def is_elf(path: Path) -> bool:
    """Whether a file is a program or library of Linux."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == _ELF


def make_icons() -> None:
    """Draw the program's icon as Windows and macOS want it."""
    drawing = str(ROOT / "packaging" / "installers" / "draw_icons.py")
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.call([str(environment.python()), drawing, str(WORK / "icons")], surroundings)


def selftest(folder: Path) -> None:
    """Have the packed program try itself.

    Raises:
        SetupError: It is not whole.
    """
    program = folder / ("genstudio.exe" if os.name == "nt" else "genstudio")
    if subprocess.run([str(program), "--selftest"], check=False).returncode != 0:
        raise SetupError("The packed program is not whole; what failed is said above.")
