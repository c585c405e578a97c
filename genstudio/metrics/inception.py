"""The network behind the official FID: Inception-v3 as TensorFlow published it on 2015-12-05.

Architecture: Szegedy et al. 2015 (arXiv:1512.00567, section 6). The published graph differs from
it in what its blocks pool: averages leave out the padding, and the last block takes the largest
instead of the mean. Weights come from the person, in a safetensors file whose names are those of
the widely used port of that graph to PyTorch; none are ever downloaded, and no pickle is ever read.
"""

import hashlib
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr, tr_noop

NUM_FEATURES = 2048
SIDE = 299
# The classifier after the features, and counters that nothing is computed from.
_NOT_NEEDED = ("fc.", "AuxLogits.")
_COUNTER = ".num_batches_tracked"
_HINT = tr_noop(
    "It takes the weights of “pt_inception-2015-12-05” saved as safetensors: load the .pth file "
    "where you trust it, and save its tensors with safetensors.torch.save_file."
)


class _Conv(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(x)))


def _row(channels_in: int, channels_out: int, length: int) -> _Conv:
    return _Conv(channels_in, channels_out, (1, length), padding=(0, length // 2))


def _column(channels_in: int, channels_out: int, length: int) -> _Conv:
    return _Conv(channels_in, channels_out, (length, 1), padding=(length // 2, 0))


class _Block(nn.Module):
    """Paths side by side, whose results are stacked; a path is names of layers in their order.

    Args:
        layers: Name => layer, as the file of the weights names them.
        paths: What each path goes through; "max", "mean" and "shrink" are ways of pooling,
            and a tuple at the end of a path is a fork.
    """

    def __init__(
        self, layers: Mapping[str, nn.Module], paths: Sequence[Sequence[str | tuple[str, ...]]]
    ) -> None:
        super().__init__()
        self.paths = paths
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self._along(path, x) for path in self.paths], dim=1)

    def _along(self, path: Sequence[str | tuple[str, ...]], x: Tensor) -> Tensor:
        for step in path:
            if isinstance(step, tuple):
                x = torch.cat([self.get_submodule(name)(x) for name in step], dim=1)
            else:
                x = _POOLS[step](x) if step in _POOLS else self.get_submodule(step)(x)
        return x


_POOLS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda x: functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False),
    "max": lambda x: functional.max_pool2d(x, 3, stride=1, padding=1),
    "shrink": lambda x: functional.max_pool2d(x, 3, stride=2),
}


def _block_35(channels_in: int, pooled: int) -> nn.Module:
    """Figure 5: 35 by 35, two small convolutions in place of a large one."""
    return _Block(
        {
            "branch1x1": _Conv(channels_in, 64),
            "branch5x5_1": _Conv(channels_in, 48),
            "branch5x5_2": _Conv(48, 64, 5, padding=2),
            "branch3x3dbl_1": _Conv(channels_in, 64),
            "branch3x3dbl_2": _Conv(64, 96, 3, padding=1),
            "branch3x3dbl_3": _Conv(96, 96, 3, padding=1),
            "branch_pool": _Conv(channels_in, pooled),
        },
        [
            ["branch1x1"],
            ["branch5x5_1", "branch5x5_2"],
            ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"],
            ["mean", "branch_pool"],
        ],
    )


def _to_17(channels_in: int) -> nn.Module:
    """Figure 10: from 35 by 35 to 17 by 17."""
    return _Block(
        {
            "branch3x3": _Conv(channels_in, 384, 3, stride=2),
            "branch3x3dbl_1": _Conv(channels_in, 64),
            "branch3x3dbl_2": _Conv(64, 96, 3, padding=1),
            "branch3x3dbl_3": _Conv(96, 96, 3, stride=2),
        },
        [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], ["shrink"]],
    )


def _block_17(channels_in: int, inner: int) -> nn.Module:
    """Figure 6: 17 by 17, rows and columns by themselves."""
    row, column = partial(_row, length=7), partial(_column, length=7)
    return _Block(
        {
            "branch1x1": _Conv(channels_in, 192),
            "branch7x7_1": _Conv(channels_in, inner),
            "branch7x7_2": row(inner, inner),
            "branch7x7_3": column(inner, 192),
            "branch7x7dbl_1": _Conv(channels_in, inner),
            "branch7x7dbl_2": column(inner, inner),
            "branch7x7dbl_3": row(inner, inner),
            "branch7x7dbl_4": column(inner, inner),
            "branch7x7dbl_5": row(inner, 192),
            "branch_pool": _Conv(channels_in, 192),
        },
        [
            ["branch1x1"],
            ["branch7x7_1", "branch7x7_2", "branch7x7_3"],
            [f"branch7x7dbl_{number}" for number in range(1, 6)],
            ["mean", "branch_pool"],
        ],
    )


def _to_8(channels_in: int) -> nn.Module:
    """Figure 10 again: from 17 by 17 to 8 by 8."""
    return _Block(
        {
            "branch3x3_1": _Conv(channels_in, 192),
            "branch3x3_2": _Conv(192, 320, 3, stride=2),
            "branch7x7x3_1": _Conv(channels_in, 192),
            "branch7x7x3_2": _Conv(192, 192, (1, 7), padding=(0, 3)),
            "branch7x7x3_3": _Conv(192, 192, (7, 1), padding=(3, 0)),
            "branch7x7x3_4": _Conv(192, 192, 3, stride=2),
        },
        [
            ["branch3x3_1", "branch3x3_2"],
            [f"branch7x7x3_{number}" for number in range(1, 5)],
            ["shrink"],
        ],
    )


def _block_8(channels_in: int, pool: str) -> nn.Module:
    """Figure 7: 8 by 8, forks at the ends."""
    row, column = partial(_row, length=3), partial(_column, length=3)
    return _Block(
        {
            "branch1x1": _Conv(channels_in, 320),
            "branch3x3_1": _Conv(channels_in, 384),
            "branch3x3_2a": row(384, 384),
            "branch3x3_2b": column(384, 384),
            "branch3x3dbl_1": _Conv(channels_in, 448),
            "branch3x3dbl_2": _Conv(448, 384, 3, padding=1),
            "branch3x3dbl_3a": row(384, 384),
            "branch3x3dbl_3b": column(384, 384),
            "branch_pool": _Conv(channels_in, 192),
        },
        [
            ["branch1x1"],
            ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
            ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")],
            [pool, "branch_pool"],
        ],
    )


class Inception(nn.Module):
    """Pictures (N, 3, 299, 299) in [-1, 1] => what the last mean pooling gives, (N, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Conv(64, 80)
        self.Conv2d_4a_3x3 = _Conv(80, 192, 3)
        self.Mixed_5b = _block_35(192, 32)
        self.Mixed_5c = _block_35(256, 64)
        self.Mixed_5d = _block_35(288, 64)
        self.Mixed_6a = _to_17(288)
        self.Mixed_6b = _block_17(768, 128)
        self.Mixed_6c = _block_17(768, 160)
        self.Mixed_6d = _block_17(768, 160)
        self.Mixed_6e = _block_17(768, 192)
        self.Mixed_7a = _to_8(768)
        self.Mixed_7b = _block_8(1280, "mean")
        # The published graph takes the largest here, which the paper does not; figures of others
        # can be compared with those of this very graph only.
        self.Mixed_7c = _block_8(2048, "max")

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Look at pictures."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images_NCHW)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_POOLS["shrink"](x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(_POOLS["shrink"](x))))
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        x = self.Mixed_7a(self.Mixed_6e(self.Mixed_6d(x)))
        return self.Mixed_7c(self.Mixed_7b(x)).mean(dim=(2, 3))


def load_inception(path: Path) -> tuple[Inception, str]:
    """Read the weights that a person supplies.

    Args:
        path: A safetensors file.

    Returns:
        The network, ready to look at pictures, and the SHA-256 of the file.

    Raises:
        SettingsError: There is no such file, it is no safetensors file, or holds other weights.
    """
    digest, tensors = _read(path)
    with torch.device("meta"):
        network = Inception()
    wanted = {
        name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTER)
    }
    given = {
        name: value
        for name, value in tensors.items()
        if not name.startswith(_NOT_NEEDED) and not name.endswith(_COUNTER)
    }
    if differing := _differing(given, wanted):
        raise SettingsError(
            tr("{name} does not hold the weights of the official FID", name=path.name),
            tr(
                "Another name or shape: {differing}{value}.",
                differing=", ".join(differing[:3]),
                value=" …" if len(differing) > 3 else "",
            ),
            tr(_HINT),
        )
    whole = {name: value.float() for name, value in given.items()}
    if not all(bool(value.isfinite().all()) for value in whole.values()):
        raise SettingsError(
            tr("{name} has weights that are no numbers", name=path.name), "", tr(_HINT)
        )
    counters = network.state_dict().keys() - wanted.keys()
    whole |= {name: torch.zeros((), dtype=torch.int64) for name in counters}
    network.load_state_dict(whole, assign=True)
    return network.eval().requires_grad_(False), digest


def _read(path: Path) -> tuple[str, dict[str, Tensor]]:
    try:
        # Reading a pipe would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise SettingsError(tr("{path} is no file", path=path), "", tr(_HINT))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, load_file(path)
    except OSError as error:
        raise SettingsError(
            tr("{path} cannot be read", path=path),
            f"{error.strerror or error}.",
            tr("Check the spelling."),
        ) from error
    except safetensors.SafetensorError as error:
        raise SettingsError(
            tr("{name} is no safetensors file", name=path.name),
            tr("Pickled weights (.pth, .pt) can run programs, and are never opened."),
            tr(_HINT),
        ) from error


def _differing(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    return sorted(
        name
        for name in given.keys() | wanted.keys()
        if name not in given or name not in wanted or given[name].shape != wanted[name].shape
    )
