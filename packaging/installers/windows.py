"""The installer for Windows, by NSIS. Elsewhere it can only be tried with a stand-in.

Standard library only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import environment, payload

_SCRIPT = ROOT / "packaging" / "installers" / "genstudio.nsi"
# In wine's C:, where the installer puts things without being told otherwise.
_PLACE = Path("AppData/Local/Programs/GenStudio")


def build(packed: Path, *, is_stand_in: bool = False) -> Path:
    """Make the installer of a packed program; gives the file in ``dist``.

    Args:
        packed: A folder with genstudio.exe and genstudiow.exe.
        is_stand_in: The folder holds no real program, and the file's name says so.

    Raises:
        SetupError: NSIS is missing or fails.
    """
    makensis = shutil.which("makensis")
    if makensis is None:
        raise SetupError("NSIS is needed for this: apt-get install nsis, or choco install nsis")
    version = environment.project()["version"]
    environment.DIST.mkdir(exist_ok=True)
    ending = "-STAND-IN" if is_stand_in else ""
    to = environment.DIST / f"genstudio-{version}-windows-x64{ending}.exe"
    size_kib = round(payload.megabytes(packed) * 1e6 / 1024)
    defined = {
        "VERSION": version,
        "PAYLOAD": packed,
        "OUTPUT": to,
        "ICON": payload.WORK / "icons" / "genstudio.ico",
        "SIZE_KIB": size_kib,
    }
    environment.call(
        [makensis, "-V2", *(f"-D{name}={value}" for name, value in defined.items()), str(_SCRIPT)]
    )
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.1f} MB")
    return to


def stand_in() -> Path:
    """A folder laid out as the packed program, whose programs are wine's own little ones.

    torch and Qt for Windows cannot be packed on another system.
    """
    folder = payload.WORK / "stand-in"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "_internal" / "genstudio").mkdir(parents=True)
    (folder / "_internal" / "genstudio" / "file.txt").write_text("a file below other folders\n")
    (folder / "NOTICES.txt").write_text("Nothing is shipped in a stand-in.\n")
    cmd = next(Path("/usr/lib").glob("**/wine/x86_64-windows/cmd.exe"), None)
    if cmd is None:
        raise SetupError("wine is needed for a stand-in: apt-get install wine64")
    for name in ("genstudio.exe", "genstudiow.exe"):
        shutil.copy(cmd, folder / name)
    return folder


def verify(installer: Path) -> None:
    """Install under wine, start what was installed, remove it, look for leftovers.

    Raises:
        SetupError: It does not work, or leaves something behind.
    """
    wine = shutil.which("wine64") or shutil.which("wine") or "/usr/lib/wine/wine64"
    prefix = payload.WORK / "wine"
    shutil.rmtree(prefix, ignore_errors=True)
    surroundings = {**os.environ, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "DISPLAY": ""}

    def under_wine(*command: str) -> str:
        told = subprocess.run(
            [wine, *command], check=False, capture_output=True, text=True, env=surroundings
        )
        if told.returncode != 0:
            raise SetupError(f"{' '.join(command)} gave {told.returncode}:\n{told.stderr[-1000:]}")
        return told.stdout

    under_wine("wineboot", "--init")
    under_wine(str(installer), "/S")
    (person,) = [it for it in (prefix / "drive_c/users").iterdir() if (it / _PLACE).is_dir()]
    place = person / _PLACE
    said = under_wine(str(place / "genstudio.exe"), "/c", "echo it starts")
    key = r"HKCU\Software\Classes\Directory\shell\GenStudio.Project\command"
    association = under_wine("reg", "query", key)
    if "it starts" not in said or "%1" not in association:
        raise SetupError(f"What was installed does not work: {said} {association}")
    installed = sorted(it.name for it in place.iterdir())
    print(f"Installed under wine: {', '.join(installed)}; started: {said.strip()}")
    # _?= makes the uninstaller wait instead of copying itself away; it then stays itself.
    windows_place = "C:\\users\\" + person.name + "\\" + str(_PLACE).replace("/", "\\")
    under_wine(str(place / "uninstall.exe"), "/S", f"_?={windows_place}")
    left = sorted(it.name for it in place.iterdir()) if place.is_dir() else []
    if left not in ([], ["uninstall.exe"]):
        raise SetupError(f"These were left behind: {', '.join(left)}")
    subprocess.run(
        [shutil.which("wineserver") or "/usr/lib/wine/wineserver64", "--kill"],
        check=False, env=surroundings,
    )  # fmt: skip
    print("Removed; nothing was left behind.")


def is_here() -> bool:
    """Whether this is Windows."""
    return sys.platform == "win32"
