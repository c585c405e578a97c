"""What proves a download: checksums of the packages, and a list of all that is inside them.

Standard library only.
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import environment

_SUMS = "SHA256SUMS"
_BILL = "genstudio-sbom.cdx.json"


def write_sums() -> Path:
    """Write ``SHA256SUMS`` beside the packages, as ``sha256sum --check`` reads it.

    Raises:
        SetupError: There is no package.
    """
    found = sorted(path for path in environment.DIST.glob("genstudio*") if path.is_file())
    if not found:
        raise SetupError("There is nothing in dist/ yet.")
    to = environment.DIST / _SUMS
    to.write_text(sums_of(found), encoding="utf-8", newline="\n")
    print(to.relative_to(ROOT))
    return to


def sums_of(files: Iterable[Path]) -> str:
    """A line for each file."""
    lines = []
    for path in files:
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines)


def write_bills_of_packs(folders: Iterable[Path]) -> list[Path]:
    """Write the same of packs that were made, each beside its packages.

    Args:
        folders: What each pack brings, in a folder with the pack's name.

    Raises:
        SetupError: The tool fails.
    """
    made: list[Path] = []
    for folder in folders:
        to = environment.DIST / f"genstudio-pack-{folder.name}-{_BILL.removeprefix('genstudio-')}"
        # Pins by a file beside them: what is asked for is what is there.
        pins = folder.with_suffix(".txt")
        pins.write_text("".join(f"{pin}\n" for pin in pins_in(folder)), encoding="utf-8")
        environment.call(
            [str(environment.script("cyclonedx-py")), "requirements", "--output-format", "JSON",
             "--output-file", str(to), str(pins)]
        )  # fmt: skip
        print(to.relative_to(ROOT))
        made.append(to)
    return made


def pins_in(folder: Path) -> list[str]:
    """Distributions in a folder as pip pins them, by name."""
    found = distributions(path=[str(folder)])
    return sorted({f"{it.metadata['Name'].lower()}=={it.version}" for it in found})


def write_bill() -> Path:
    """Write the software bill of materials (CycloneDX) of the environment that is packed.

    Raises:
        SetupError: The tool fails.
    """
    to = environment.DIST / _BILL
    environment.DIST.mkdir(exist_ok=True)
    environment.call(
        [str(environment.script("cyclonedx-py")), "environment", "--output-format", "JSON",
         "--output-file", str(to), str(environment.python())]
    )  # fmt: skip
    print(to.relative_to(ROOT))
    return to
