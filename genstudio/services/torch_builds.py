"""Which build of torch is here, which one would suit the machine, and what that takes.

The program never fetches one: it uses no network. It says what a person can do.
"""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genstudio.domain.language import inside, tr, tr_noop

Build = Literal["CPU", "CUDA", "ROCm", "Metal"]
Maker = Literal["NVIDIA", "AMD"]

_PCI_MAKERS: dict[str, Maker] = {"0x10de": "NVIDIA", "0x1002": "AMD"}
_DISPLAYS = "card*/device/vendor"
_INSTALL = tr_noop(
    "Install GenStudio's wheel beside that build of torch, as “Graphics cards” in the README "
    "tells; this program fetches nothing by itself."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was found.

    Attributes:
        build: For what torch was compiled.
        toolkit: Version of CUDA or ROCm that it was compiled with; empty for others.
        makers: Of the graphics cards in the machine.
        driver: Version of NVIDIA's driver; empty if there is none.
        is_usable: Whether torch can compute on a card.
    """

    build: Build
    toolkit: str = ""
    makers: frozenset[Maker] = frozenset()
    driver: str = ""
    is_usable: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What is in the way of a graphics card, and what helps."""

    detail: str
    hint: str


def look_around(
    *, cuda: str | None, hip: str | None, is_usable: bool, root: Path = Path("/")
) -> Surroundings:
    """See what cards and drivers there are.

    Args:
        cuda: ``torch.version.cuda``.
        hip: ``torch.version.hip``.
        is_usable: Whether torch can compute on a card.
        root: Where ``sys`` and ``proc`` are.
    """
    build: Build = "ROCm" if hip else "CUDA" if cuda else "CPU"
    if build == "CPU" and sys.platform == "darwin":
        build = "Metal"
    driver = _nvidia_driver(root)
    makers = set(_makers(root))
    if driver or shutil.which("nvidia-smi"):
        makers.add("NVIDIA")
    return Surroundings(
        build=build,
        toolkit=hip or cuda or "",
        makers=frozenset(makers),
        driver=driver,
        is_usable=is_usable,
    )


def advise(found: Surroundings) -> Advice | None:
    """What a person could do to have a card used; None where nothing is in the way."""
    if found.is_usable or found.build == "Metal":
        return None
    match found:
        case Surroundings(build="CPU") if "NVIDIA" in found.makers:
            return Advice(
                tr("an NVIDIA card is here, and this torch is built for processors"), tr(_INSTALL)
            )
        case Surroundings(build="CPU") if "AMD" in found.makers and sys.platform == "linux":
            return Advice(
                tr("an AMD card is here, and this torch is built for processors"),
                tr("Where ROCm supports the card: {install}", install=inside(tr(_INSTALL))),
            )
        case Surroundings(build="CUDA") if "NVIDIA" in found.makers and not found.driver:
            return Advice(
                tr("an NVIDIA card is here, and its driver is not loaded"),
                tr(
                    "Install NVIDIA's driver and start the machine again. Until "
                    "then, training works "
                    "on the processor."
                ),
            )
        case Surroundings(build="CUDA") if "NVIDIA" in found.makers:
            return Advice(
                tr(
                    "the driver {driver} of the NVIDIA card is too old for CUDA {toolkit}, which "
                    "this torch is built with",
                    driver=found.driver,
                    toolkit=found.toolkit,
                ),
                tr(
                    "Install a newer driver and start the machine again, or a torch that is built "
                    "with an older CUDA. Until then, training works on the processor."
                ),
            )
        case Surroundings(build="ROCm") if "AMD" in found.makers:
            return Advice(
                tr(
                    "an AMD card is here that this torch, built with ROCm {toolkit}, cannot use",
                    toolkit=found.toolkit,
                ),
                tr(
                    "See whether ROCm supports the card, and whether you belong "
                    "to the groups render "
                    "and video."
                ),
            )
        case _:
            return Advice(
                tr("none that can train"),
                tr(
                    "Training works on the processor, slowly. An NVIDIA card makes it many times "
                    "faster."
                ),
            )


def _makers(root: Path) -> set[Maker]:
    found: set[Maker] = set()
    for path in (root / "sys/class/drm").glob(_DISPLAYS):
        try:
            maker = _PCI_MAKERS.get(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            continue
        if maker is not None:
            found.add(maker)
    return found


def _nvidia_driver(root: Path) -> str:
    try:
        text = (root / "proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"\b(\d{3}\.\d+(?:\.\d+)?)\b", text)
    return found[1] if found else ""
