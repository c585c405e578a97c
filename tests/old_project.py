"""A project as the first format had it, with weights that follow from their names.

What was on the disk is kept in fixtures/project-1.json, but for weights, which would take forty
megabytes: each tensor follows from its name and shape. The figures in it are those that the program
of that time gave for this very project.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

_MADE_IN = b"PLACE/"
FIXTURE = Path(__file__).parent / "fixtures" / "project-1.json"


def tensor_of(file: str, name: str, shape: list[int], dtype: str) -> torch.Tensor:
    """The same numbers wherever it is called: small weights, positive second moments."""
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.05
    if file.startswith("optimizer"):
        values = values.abs() * 0.01
        if name.endswith("/step"):
            values = torch.full(shape, 3.0)
    elif "prior" in name:
        values = values.abs()  # Weights and variances of a mixture.
    elif values.ndim == 1 and name.endswith("weight"):
        values += 1  # Normalisation passes on what it gets.
    return values.to(getattr(torch, dtype))


def unpack(folder: Path) -> dict[str, Any]:
    """Write the project and its pictures; gives the figures of the program that made it."""
    content = json.loads(FIXTURE.read_text(encoding="utf-8"))
    for name, text in content["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = base64.b64decode(text)
        if path.suffix in (".toml", ".jsonl", ".json"):
            data = data.replace(_MADE_IN, f"{folder.as_posix()}/".encode())
        path.write_bytes(data)
    for name, tensors in content["tensors"].items():
        path = folder / name
        save_file({key: tensor_of(path.name, key, *what) for key, what in tensors.items()}, path)
    for checksums in folder.glob("Meadow/runs/*/checkpoints/*/checksums.json"):
        known = json.loads(checksums.read_text())
        fresh = {
            name: hashlib.sha256((checksums.parent / name).read_bytes()).hexdigest()
            for name in known
        }
        checksums.write_text(json.dumps(fresh))
    return content["figures"]
