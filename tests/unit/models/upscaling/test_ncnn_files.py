"""Networks in ncnn's files: what is read, and that what is damaged is told."""

import numpy as np
import pytest
import torch
from tiny_upscaler import PARAM, weights
from torch.nn import functional

from genstudio.models.upscaling.ncnn_files import read_network
from genstudio.models.upscaling.network import UpscalingNetwork


def test_a_network_computes_what_its_layers_say() -> None:
    network = UpscalingNetwork(read_network(PARAM, weights()))
    given = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    content = weights()
    first = np.frombuffer(content[4 : 4 + 216], "<f2").astype(np.float32).reshape(4, 3, 3, 3)
    bias, slope = np.frombuffer(content[220:252], "<f4").reshape(2, 4)
    second = np.frombuffer(content[256 : 256 + 6912], "<f4").reshape(48, 4, 3, 3)

    hidden = functional.conv2d(given, torch.tensor(first), torch.tensor(bias), padding=1)
    hidden = torch.where(hidden > 0, hidden, hidden * torch.tensor(slope)[None, :, None, None])
    detail = functional.conv2d(hidden, torch.tensor(second), padding=1)
    # The pixel at (y, x) of a block of four by four is channel 16 c + 4 y + x.
    detail = detail.reshape(1, 3, 4, 4, 5, 7).permute(0, 1, 4, 2, 5, 3).reshape(1, 3, 20, 28)
    wanted = given.repeat_interleave(4, 2).repeat_interleave(4, 3) + detail

    assert network.factor == 4
    assert network.reach_px == 2
    torch.testing.assert_close(network(given), wanted)


@pytest.mark.parametrize("cut", [0, 1, 3, 100, 5000])
def test_weights_that_are_missing_are_told(cut: int) -> None:
    with pytest.raises(ValueError, match="weights are missing"):
        read_network(PARAM, weights()[:cut])


def test_weights_that_are_left_over_or_no_numbers_are_told() -> None:
    with pytest.raises(ValueError, match="another network"):
        read_network(PARAM, weights() + b"\0\0\0\0")
    with pytest.raises(ValueError, match="no numbers"):
        read_network(PARAM, weights()[:-4] + np.float32("nan").tobytes())
    with pytest.raises(ValueError, match="in a way that is not known"):
        read_network(PARAM, b"\x38\x4b\x0d\x00" + weights()[4:])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("7767517", "7767516", "does not begin"),
        ("8 9", "9 9", "layers are missing"),
        ("BinaryOp  ", "Softmax   ", "unknown kind, 'Softmax'"),
        ("1 1 a b", "1 1 z b", "no layer gives 'z'"),
        ("1 1 a b", "1 9 a b", "cannot be read"),
        ("0=4 1=3 4=1 5=1 6=108", "0=4 1=3 4=1 5=1 6=107", "impossible size"),
        ("0=4 1=3 4=1 5=1 6=108", "0=4 1=99 4=1 5=1 6=108", "impossible size"),
        ("0=4 1=3 4=1 5=1 6=108", "0=nan 1=3", "cannot be read"),
        ("0=4 1=3 4=1 5=1 6=108", "0=4 1=3 3=2 4=1 5=1 6=108", "impossible size"),
        ("0=4 1=3 4=1 5=1 6=108", "0=4 1=3 4=0 5=1 6=108", "changes the size"),
    ],
)
def test_a_text_that_is_damaged_is_told(old: str, new: str, words: str) -> None:
    assert old in PARAM
    with pytest.raises(ValueError, match=words):
        read_network(PARAM.replace(old, new), weights())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (" output", " other", "'output'"),
        (" 0 1 data\n", " 0 1 input\n", "'data'"),
        ("1=4.000000e+00 2=4.000000e+00", "1=2.000000e+00 2=2.000000e+00", "do not fit"),
        ("0=1 1=4", "0=3 1=4", "in an unknown way"),
        ("2 1 d e", "2 1 e e", ""),
    ],
)
def test_layers_that_do_not_fit_are_told(old: str, new: str, words: str) -> None:
    assert old in PARAM
    changed = PARAM.replace(old, new)
    if new == " 0 1 input\n":
        changed = changed.replace("1 2 data", "1 2 input")
    if words:
        with pytest.raises(ValueError, match=words):
            UpscalingNetwork(read_network(changed, weights()))
    else:
        UpscalingNetwork(read_network(changed, weights()))
