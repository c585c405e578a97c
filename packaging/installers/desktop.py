"""What a Linux desktop is told: menu entry, icons, kinds of files, a description for its shop.

Standard library only.
"""

import shutil
import subprocess
import time
from pathlib import Path

from dev_environment import ROOT, SetupError

_SOURCE = ROOT / "resources" / "desktop"


def lay_out(share: Path, version: str, program: str = "genstudio") -> None:
    """Put everything below a ``share`` folder, as the Filesystem Hierarchy has it.

    Args:
        share: Such as ``/usr/share`` or ``~/.local/share``.
        version: Of the program.
        program: What the menu entry starts.

    Raises:
        SetupError: One of the desktop's own tools finds fault with it.
    """
    apps = share / "icons" / "hicolor" / "scalable" / "apps"
    kinds = share / "icons" / "hicolor" / "scalable" / "mimetypes"
    entry = share / "applications" / "genstudio.desktop"
    metainfo = share / "metainfo" / "org.genstudio.GenStudio.metainfo.xml"
    mime = share / "mime" / "packages" / "genstudio.xml"
    for folder in (apps, kinds, entry.parent, metainfo.parent, mime.parent):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_SOURCE / "genstudio.svg", apps)
    for kind in ("project", "model"):
        icon = kinds / f"application-x-genstudio-{kind}.svg"
        shutil.copy(_SOURCE / "genstudio-project.svg", icon)
    shutil.copy(_SOURCE / "genstudio-mime.xml", mime)
    entry.write_text(menu_entry((_SOURCE / "genstudio.desktop").read_text("utf-8"), program))
    text = (_SOURCE / "genstudio.metainfo.xml").read_text("utf-8")
    metainfo.write_text(text.replace("@VERSION@", version).replace("@DATE@", _date()))
    examine(entry, metainfo)


def menu_entry(text: str, program: str) -> str:
    """A menu entry that starts another program."""
    return text.replace("Exec=genstudio ", f"Exec={_quoted(program)} ")


def _quoted(program: str) -> str:
    """As the Desktop Entry Specification quotes an argument of Exec."""
    if not any(letter in program for letter in " \t\n\"'\\><~|&;$*?#()`"):
        return program
    escaped = program.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("`", "\\`").replace("$", "\\$")
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def examine(entry: Path, metainfo: Path) -> None:
    """Have the desktop's own tools look at the files, as far as they are installed.

    Raises:
        SetupError: One finds fault.
    """
    for command in (
        ["desktop-file-validate", str(entry)],
        ["appstreamcli", "validate", "--no-net", str(metainfo)],
    ):
        if shutil.which(command[0]) is None:
            print(f"Not examined, since {command[0]} is not installed: {command[-1]}")
            continue
        told = subprocess.run(command, check=False, capture_output=True, text=True)
        if told.returncode != 0:
            raise SetupError(f"{command[0]} finds fault:\n{told.stdout}{told.stderr}")


def _date() -> str:
    """Day of the newest commit, or today outside of git: the same source, the same file."""
    told = subprocess.run(
        ["git", "log", "-1", "--format=%cs"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    return told.stdout.strip() or time.strftime("%Y-%m-%d")
