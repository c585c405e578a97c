"""The door to torchvision opens beside a torch that torchvision was not compiled for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from genstudio.data import vision


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> str:
    """An operator of no one's, so that those of the installed torchvision stay as they are."""
    name = "made_for_a_test"
    monkeypatch.setattr(vision, "_MISSING_OPERATORS", (name,))
    return name


@pytest.fixture
def declaration(tmp_path: Path, operator: str) -> Iterator[torch.library.Library | None]:
    (tmp_path / "_C.so").write_bytes(b"for another torch")
    library = vision.declare_missing_operators(tmp_path)
    yield library
    if library is not None:
        library._destroy()


def test_where_the_binary_does_not_load_the_operators_are_declared(
    declaration: torch.library.Library | None, operator: str
) -> None:
    assert declaration is not None
    schema = getattr(torch.ops.torchvision, operator).default._schema

    assert [argument.name for argument in schema.arguments] == ["dets", "scores", "iou_threshold"]
    boxes = torch.zeros(1, 4)
    with pytest.raises(NotImplementedError):
        getattr(torch.ops.torchvision, operator)(boxes, boxes[:, 0], 0.5)


def test_where_the_binary_loads_nothing_is_declared(
    tmp_path: Path, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr(torch.ops, "load_library", loaded.append)
    (tmp_path / "_C.so").write_bytes(b"for this torch")

    assert vision.declare_missing_operators(tmp_path) is None
    assert loaded == [tmp_path / "_C.so"]
    assert not hasattr(torch.ops.torchvision, operator)


def test_a_missing_torchvision_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ModuleNotFoundError, match="torchvision"):
        vision._installed_package()


def test_what_the_program_uses_of_torchvision_works() -> None:
    pictures_NCHW = torch.arange(2 * 3 * 2 * 2, dtype=torch.uint8).reshape(2, 3, 2, 2)

    assert vision.make_grid(pictures_NCHW, nrow=2, padding=1).shape == (3, 4, 7)
