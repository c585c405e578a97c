"""The only door to torchvision: makes it import beside a torch it was not compiled for.

The registry's torchvision is built against one flavour of torch. Beside another
(a CPU build, say) its compiled operators are missing, and ``import torchvision``
stops at registering shape rules for two of them. Declaring those two operators
lets everything written in Python work; only they themselves cannot be called.
"""

import importlib.util
from pathlib import Path

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_MISSING_OPERATORS = ("nms", "qnms")


def declare_missing_operators(package: Path) -> torch.library.Library | None:
    """Declare the operators that torchvision's import needs, where its binary part cannot load.

    Args:
        package: Folder of the installed torchvision.

    Returns:
        The declaration, to be kept alive; None where the compiled operators load.
    """
    for binary in package.glob("_C.*"):
        try:
            torch.ops.load_library(binary)
        except OSError:
            continue  # Linked against the libraries of another torch.
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in _MISSING_OPERATORS:
        library.define(name + _SCHEMA)
    return library


def _installed_package() -> Path:
    spec = importlib.util.find_spec("torchvision")  # Finds a package without importing it.
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("torchvision is not installed", name="torchvision")
    return Path(spec.origin).parent


_declaration = declare_missing_operators(_installed_package())

from torchvision.utils import make_grid  # noqa: E402  # needs the above

__all__ = ["make_grid"]
