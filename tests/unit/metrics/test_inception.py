"""The network of the official FID: names and shapes of its file, what it pools, what it refuses."""

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from genstudio.domain.errors import SettingsError
from genstudio.metrics.inception import NUM_FEATURES, Inception, _Block, load_inception


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    """Random weights as the port saves them: with its classifier, without counters."""
    torch.manual_seed(0)
    own = Inception().state_dict()
    classifier = {"fc.weight": torch.zeros(1008, NUM_FEATURES), "fc.bias": torch.zeros(1008)}
    kept = {name: value for name, value in own.items() if not name.endswith("_tracked")}
    return kept | classifier


@pytest.fixture(scope="module")
def weights(tensors: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inception") / "weights.safetensors"
    save_file(tensors, path)
    return path


def test_it_has_the_layers_of_the_port(tensors: dict[str, torch.Tensor]) -> None:
    # Of 94 convolutions with normalisation, five tensors each; the classifier is not looked at.
    assert len(tensors) == 94 * 5 + 2
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    assert shapes["Conv2d_1a_3x3.conv.weight"] == (32, 3, 3, 3)
    assert shapes["Mixed_5b.branch_pool.conv.weight"] == (32, 192, 1, 1)
    assert shapes["Mixed_6a.branch3x3.conv.weight"] == (384, 288, 3, 3)
    assert shapes["Mixed_6b.branch7x7_2.conv.weight"] == (128, 128, 1, 7)
    assert shapes["Mixed_6e.branch7x7dbl_5.conv.weight"] == (192, 192, 1, 7)
    assert shapes["Mixed_7a.branch7x7x3_4.bn.running_var"] == (192,)
    assert shapes["Mixed_7c.branch3x3dbl_3b.conv.weight"] == (384, 384, 3, 1)
    assert shapes["Mixed_7c.branch_pool.conv.weight"] == (192, 2048, 1, 1)
    # Of the 27,161,264 weights that are told of Inception-v3, without its two classifiers and
    # normalisation.
    num_weights = sum(value.numel() for name, value in tensors.items() if "conv.weight" in name)
    assert num_weights == 27_161_264 - 3_326_696 - 2_049_000 - 2 * 17_216


def test_what_it_reads_is_what_was_saved(weights: Path, tensors: dict[str, torch.Tensor]) -> None:
    network, digest = load_inception(weights)

    assert digest == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert not network.training
    for name, value in network.state_dict().items():
        assert name.endswith("_tracked") or torch.equal(value, tensors[name])
    with torch.inference_mode():
        features = network(torch.zeros(1, 3, 299, 299))
    assert features.shape == (1, NUM_FEATURES)
    assert bool(features.isfinite().all())


@pytest.mark.parametrize(("pool", "at_the_edge"), [("mean", 0.5), ("max", 1.0)])
def test_padding_is_not_counted_and_the_last_block_takes_the_largest(
    pool: str, at_the_edge: float
) -> None:
    # A corner has four neighbours in the picture, itself among them: two of them are 1.
    picture = torch.zeros(1, 1, 4, 4)
    picture[:, :, 0] = 1

    pooled = _Block({}, [[pool]])(picture)

    assert pooled[0, 0, 0, 0] == at_the_edge
    assert Inception().Mixed_7b.paths[-1][0] == "mean"
    assert Inception().Mixed_7c.paths[-1][0] == "max"


def test_other_files_are_refused_in_words(tensors: dict[str, torch.Tensor], tmp_path: Path) -> None:
    def refused(content: dict[str, torch.Tensor] | bytes | None) -> str:
        path = tmp_path / "given.safetensors"
        path.unlink(missing_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            save_file(content, path)
        with pytest.raises(SettingsError) as raised:
            load_inception(path)
        assert raised.value.hint
        return f"{raised.value.title} {raised.value.message}"

    assert "cannot be read" in refused(None)
    assert "never opened" in refused(b"\x80\x02}q\x00.")
    some = dict(list(tensors.items())[:10])
    assert "does not hold the weights" in refused(some)
    name = "Mixed_5b.branch1x1.conv.weight"
    assert name in refused(tensors | {name: torch.zeros(1)})
    assert "more.of.it" in refused(tensors | {"more.of.it": torch.zeros(1)})
    assert "no numbers" in refused(tensors | {name: tensors[name] * torch.nan})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="is no file"):
        load_inception(tmp_path / "pipe")
