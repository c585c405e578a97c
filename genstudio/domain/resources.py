"""Where icons, presets and the like lie: inside an installed package, or beside its source."""

from pathlib import Path

import genstudio


def resource(name: str) -> Path:
    """Path of a file or folder under ``resources/``.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    package = Path(genstudio.__file__).parent
    for root in (package / "resources", package.parent / "resources"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"resources/{name} is missing from this installation")
