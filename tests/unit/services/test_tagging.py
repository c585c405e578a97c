"""The tagger: its network is that of the weights' names, and only what is sure is said."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from genstudio.models.blocks.efficientnet_lite import EfficientNetLite0, SameConv, renamed
from genstudio.services import tagging
from genstudio.services.tagging import EfficientNetTagger, installed_tagger, tags_of


class Sure:
    def shares(self, image_HWC: np.ndarray) -> dict[str, float]:
        del image_HWC
        return {"squirrel": 0.83, "zebra": 0.59, "espresso": 0.6}


def test_only_what_is_sure_is_said() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    assert tags_of(picture, Sure()) == {"squirrel": 0.83, "espresso": 0.6}
    assert tags_of(picture, None) == {}


def test_names_of_the_package_are_ours() -> None:
    ours = set(EfficientNetLite0().state_dict())
    theirs = ["_conv_stem.weight", "_bn0.running_var", "_conv_head.weight", "_bn1.bias", "_fc.bias"]
    for block in range(16):
        parts = ["_depthwise_conv.weight", "_bn1.weight", "_project_conv.weight", "_bn2.bias"]
        parts += ["_expand_conv.weight", "_bn0.weight"] if block else []
        theirs += [f"_blocks.{block}.{part}" for part in parts]
    assert {renamed(name) for name in theirs} <= ours
    assert len({renamed(name) for name in theirs}) == len(theirs)


@pytest.mark.parametrize(("side", "kernel"), [(224, 3), (56, 5), (7, 3), (15, 5)])
def test_sides_are_halved_and_rounded_up(side: int, kernel: int) -> None:
    found = SameConv(2, 3, kernel, 2)(torch.zeros(1, 2, side, side))
    assert found.shape == (1, 3, -(-side // 2), -(-side // 2))


def test_a_file_of_weights_is_a_tagger_and_others_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tagger.safetensors"
    monkeypatch.setattr(tagging, "tagger_file", lambda: path)
    assert installed_tagger() is None
    path.write_bytes(b"no weights")
    assert installed_tagger() is None
    torch.manual_seed(0)
    names = [f"thing {number}" for number in range(1000)]
    save_file(EfficientNetLite0().state_dict(), path, metadata={"classes": json.dumps(names)})
    tagger = EfficientNetTagger(path)
    shares = tagger.shares(np.random.default_rng(0).integers(0, 256, (90, 300, 3), np.uint8))
    assert len(shares) == 3
    assert set(shares) <= set(names)
    assert installed_tagger() is not None
