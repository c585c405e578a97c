"""The disk image for macOS: a recipe that nobody has tried yet.

Standard library only; works on macOS alone.
"""

import platform
import shutil
import sys
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import environment, payload


def build() -> Path:
    """Make a disk image of the packed ``GenStudio.app``; gives the file in ``dist``.

    It is signed for this machine only: without a developer's certificate, macOS asks at the first
    start, which the README explains.

    Raises:
        SetupError: This is no macOS, or a tool fails.
    """
    if sys.platform != "darwin":
        raise SetupError("A disk image for macOS can only be made on macOS.")
    app = payload.WORK / "onedir" / "GenStudio.app"
    version = environment.project()["version"]
    to = environment.DIST / f"genstudio-{version}-macos-{platform.machine()}.dmg"
    environment.DIST.mkdir(exist_ok=True)
    staged = payload.WORK / "dmg"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    shutil.copytree(app, staged / app.name, symlinks=True)
    (staged / "Applications").symlink_to("/Applications")
    environment.call(["codesign", "--force", "--deep", "--sign", "-", str(staged / app.name)])
    environment.call(
        ["hdiutil", "create", "-volname", "GenStudio", "-srcfolder", str(staged), "-ov",
         "-format", "ULFO", str(to)]
    )  # fmt: skip
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.1f} MB")
    return to
