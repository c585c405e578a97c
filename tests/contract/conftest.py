"""Small pictures and runs for the tests below."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from tiny_studio import (  # in a folder that is no package
    flowers,
    pictures_NHWC,
    small_sheets,
    toy,
    trained_run,
)

__all__ = ["flowers", "pictures_NHWC", "small_sheets", "toy", "trained_run"]
