"""Stable Diffusion with tiny networks and random weights, in the layouts that people have."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
import torch

pytest.importorskip("transformers", reason="the pack “diffusion” is not installed")
pytest.importorskip("diffusers", reason="the pack “diffusion” is not installed")

from genstudio.selftest.diffusing import make_pipeline

LICENCE = "creativeml-openrail-m"


@cache
def shared_folder() -> Path:
    """One that any number of tests read."""
    return save_folder(Path(mkdtemp(prefix="genstudio-tiny-")) / "tiny")


def save_folder(folder: Path, *, is_xl: bool = False, in_channels: int = 4, seed: int = 0) -> Path:
    """A folder in diffusers' layout, of some megabytes."""
    # Who asks for it first, and when, changes no random numbers of a test.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = make_pipeline(is_xl=is_xl, in_channels=in_channels)
    pipeline.save_pretrained(folder)
    (folder / "README.md").write_text(f"---\nlicense: {LICENCE}\n---\n# Tiny\n")
    return folder
