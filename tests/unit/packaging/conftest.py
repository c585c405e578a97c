"""The packaging modules are no package of the program: they stand beside it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "packaging"))
