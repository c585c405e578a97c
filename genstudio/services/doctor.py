"""Examines the machine: devices, versions, space, rights; what is missing and how to mend it."""

import getpass
import importlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
import psutil

import genstudio
from genstudio.domain.files import free_disk_bytes, write_text
from genstudio.domain.language import tr
from genstudio.domain.resources import resource
from genstudio.services.logs import excerpt
from genstudio.services.outputs import free_place
from genstudio.services.packs import PACKS
from genstudio.services.torch_builds import advise, look_around

_LITTLE_SPACE_GIB = 5
_LITTLE_MEMORY_GIB = 4


class Verdict(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined."""

    name: str
    verdict: Verdict
    detail: str
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything that the program needs, one thing after the other."""
    yield _ok("GenStudio", f"{genstudio.__version__} in {Path(genstudio.__file__).parent}")
    yield _ok(
        "System",
        tr(
            "{platform}, Python {python_version}",
            platform=platform.platform(),
            python_version=platform.python_version(),
        ),
    )
    yield from (_library(name) for name in ("torch", "torchvision", "PySide6_Essentials", "pillow"))
    yield from (_ok(tr("Pack {key}", key=pack.key), pack.words()) for pack in PACKS)
    yield from _guarded("Devices", _devices)
    yield _memory()
    for name, folder in (
        (tr("Projects' folder"), platformdirs.user_documents_path()),
        (tr("Preferences' folder"), platformdirs.user_config_path("genstudio", appauthor=False)),
    ):
        yield _writable(name, folder)
    yield _space(platformdirs.user_documents_path())
    yield from _guarded("Window", _window)
    yield from _guarded(tr("Own files"), _own_files)


def write_bundle(findings: list[Finding], path: Path) -> Path:
    """Write findings, and what the logs say, to a file that can be shown to others.

    It holds no pictures, no names and no private paths. A file that is there already stays: the
    new one gets a numbered name.

    Returns:
        The file.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    report = {"findings": [asdict(finding) for finding in findings], "logs": excerpt()}
    text = json.dumps(report, indent=1, ensure_ascii=False)
    place = free_place(path)
    write_text(place, _without_names(text))
    return place


def _without_names(text: str) -> str:
    home = str(Path.home())
    if home != os.sep:
        text = text.replace(json.dumps(home, ensure_ascii=False)[1:-1], "~")
    for name, stand_in in ((_user(), "USER"), (platform.node(), "MACHINE")):
        # A short name would be found inside other words.
        if len(name) > 3:
            text = text.replace(name, stand_in)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # As in a container, where nobody is known.
        return ""


def _ok(name: str, detail: str) -> Finding:
    return Finding(name=name, verdict=Verdict.OK, detail=detail)


def _guarded(name: str, findings: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A part that cannot even be looked at is a finding too."""
    try:
        yield from findings()
    except (ImportError, OSError, RuntimeError) as error:
        yield Finding(
            name=name,
            verdict=Verdict.PROBLEM,
            detail=str(error),
            hint=tr("Install GenStudio again."),
        )


def _library(name: str) -> Finding:
    try:
        return _ok(name, version(name))
    except PackageNotFoundError:
        return Finding(
            name=name,
            verdict=Verdict.PROBLEM,
            detail=tr("not installed"),
            hint=tr("Install GenStudio again."),
        )


def _devices() -> Iterator[Finding]:
    device = importlib.import_module("genstudio.engine.device")
    for accelerator in device.available_accelerators():
        plan = device.plan_device(accelerator)
        yield _ok(
            tr("Device {accelerator}", accelerator=accelerator),
            tr("{name}, fastest in {precision}", name=plan.name, precision=plan.precision),
        )
    yield from _graphics_card(device.available_accelerators() != ["cpu"])


def _graphics_card(is_usable: bool) -> Iterator[Finding]:
    torch = importlib.import_module("torch")
    found = look_around(cuda=torch.version.cuda, hip=torch.version.hip, is_usable=is_usable)
    yield _ok(tr("Build of torch"), f"{found.build} {found.toolkit}".strip())
    if (advice := advise(found)) is not None:
        yield Finding(
            name=tr("Graphics card"),
            verdict=Verdict.WARNING,
            detail=advice.detail,
            hint=advice.hint,
        )


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    detail = tr(
        "{available:.1f} of {total:.1f} GB free",
        available=memory.available / 2**30,
        total=memory.total / 2**30,
    )
    if memory.available < _LITTLE_MEMORY_GIB * 2**30:
        return Finding(
            name="Memory",
            verdict=Verdict.WARNING,
            detail=detail,
            hint=tr("Close other programs, or train with small pictures."),
        )
    return _ok("Memory", detail)


def _writable(name: str, folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return _ok(name, tr("{folder} can be written to", folder=folder))
    except OSError as error:
        return Finding(
            name=name,
            verdict=Verdict.PROBLEM,
            detail=tr(
                "{existing} cannot be written to: {strerror}",
                existing=existing,
                strerror=error.strerror,
            ),
            hint=tr("Change the folder's permissions, or choose other project folders."),
        )


def _space(folder: Path) -> Finding:
    free_gib = free_disk_bytes(folder) / 2**30
    detail = tr("{free_gib:.1f} GB free on the drive of {folder}", free_gib=free_gib, folder=folder)
    if free_gib < _LITTLE_SPACE_GIB:
        return Finding(
            name="Disk",
            verdict=Verdict.WARNING,
            detail=detail,
            hint=tr("Free some space before a long training."),
        )
    return _ok("Disk", detail)


def _window() -> Iterator[Finding]:
    importlib.import_module("PySide6.QtWidgets")
    display = sys.platform != "linux" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if display:
        yield _ok("Window", tr("Qt loads and there is a display"))
    else:
        yield Finding(
            name="Window",
            verdict=Verdict.WARNING,
            detail=tr("Qt loads; there is no display"),
            hint=tr("The commands work without one; the window needs one."),
        )


def _own_files() -> Iterator[Finding]:
    for name in ("icons", "styles", "presets", "web", "desktop"):
        resource(name)
    yield _ok(tr("Own files"), tr("icons, styles, presets and the web page are there"))
