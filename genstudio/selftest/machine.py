"""Checks of the installation itself: its files, and everything that is imported only when used."""

from importlib import import_module

from genstudio.domain.errors import GenStudioError
from genstudio.domain.resources import resource
from genstudio.selftest.place import Place, SelfTestError

_FOLDERS = ("icons", "presets", "styles", "web", "desktop")


def look_at_own_files(_place: Place) -> str:
    """See that icons, presets and the like were installed."""
    count = 0
    for name in _FOLDERS:
        files = [path for path in resource(name).iterdir() if path.is_file()]
        if not all(path.stat().st_size for path in files) or not files:
            raise SelfTestError(f"resources/{name} is empty, or holds an empty file")
        count += len(files)
    return f"{count} icons, presets, styles and pages are there"


def import_everything(_place: Place) -> str:
    """Import every entry of every catalogue."""
    models, troubles = import_module("genstudio.models.catalog").usable_models()
    found = [f"models {len(models)}"]
    registries = {
        "materials": import_module("genstudio.data.modalities.catalog").MODALITIES,
        "kinds of results": import_module("genstudio.artifacts.catalog").ARTIFACTS,
        "operations": import_module("genstudio.services.operations.catalog").OPERATIONS,
        "exporters": import_module("genstudio.services.exporters.catalog").EXPORTERS,
        "viewers": import_module("genstudio.ui.viewers.catalog").VIEWERS,
    }
    for name, registry in registries.items():
        entries = list(registry.entries())
        troubles += [entry.error for entry in entries if entry.error is not None]
        found.append(f"{name} {len(entries)}")
    return f"{', '.join(found)}{_broken(troubles)}"


def _broken(troubles: list[GenStudioError]) -> str:
    """Words for what other packages brought and cannot be used; it harms nothing of ours."""
    return "".join(f"; {trouble.title}" for trouble in troubles)
