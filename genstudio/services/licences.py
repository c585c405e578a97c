"""What the program is built of, and under which licences: from what is installed with it."""

import re
import sys
from collections import deque
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from genstudio.domain.language import tr

_REQUIRED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NOTICES = "NOTICES.txt"
# Inside other packages, or in the program itself: no metadata tells of them.
_INSIDE = (
    ("Python", sys.version.partition(" ")[0], "PSF-2.0"),
    ("Qt (inside PySide6)", "6", "LGPL-3.0-only"),
    ("Lucide icons", "", "ISC"),
)


@dataclass(frozen=True, slots=True, order=True)
class Licensed:
    """A part of the program."""

    name: str
    version: str
    licence: str


def parts_and_licences() -> list[Licensed]:
    """All packages that the program needs or can use and that are here, and what is in them."""
    found: dict[str, Licensed] = {}
    left = deque(["genstudio"])
    while left:
        name = left.popleft()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # Of a pack that is not installed, or for another system.
        found[key] = Licensed(package.name, package.version, licence_of(package))
        for requirement in package.requires or ():
            # Extras of the program itself are its packs; those of others are not asked for.
            if "extra ==" in requirement and key != "genstudio":
                continue
            if needed := _REQUIRED.match(requirement):
                left.append(needed[0])
    return sorted([*found.values(), *(Licensed(*it) for it in _INSIDE)], key=_by_name)


def _by_name(part: Licensed) -> str:
    return part.name.lower()


def licence_of(package: Distribution) -> str:
    """The licence that a package names for itself."""
    metadata = package.metadata
    for field in ("License-Expression", "License"):
        value = (metadata.get_all(field) or [""])[0].strip()
        if value and "\n" not in value:
            return value
    classifiers = metadata.get_all("Classifier") or []
    found = [it.split(" :: ")[-1] for it in classifiers if it.startswith("License ::")]
    return ", ".join(found) or tr("see its licence files")


def notices_file() -> Path | None:
    """The texts of all licences, which lie beside a packed program; None in a source tree."""
    path = Path(sys.executable).parent / _NOTICES
    return path if path.is_file() else None
