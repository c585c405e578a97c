"""Checkpoints that are damaged or hostile are refused in words."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from checkpoint_helpers import TENSORS, rewrite, save, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genstudio.domain.errors import CheckpointError
from genstudio.engine import checkpoint_files
from genstudio.engine.checkpoint import CheckpointStore


def cut(name: str, keep: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = (path / name).read_bytes()
        (path / name).write_bytes(content[: int(len(content) * keep)])

    return damage


def altered(name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray((path / name).read_bytes())
        content[-1] ^= 1
        (path / name).write_bytes(content)

    return damage


def removed(name: str) -> Callable[[Path], None]:
    return lambda path: (path / name).unlink()


def listing(content: object) -> Callable[[Path], None]:
    return lambda path: (path / "checksums.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "damage",
    [
        cut("weights.safetensors", 0.5), cut("weights.safetensors", 0), cut("state.json", 0.5),
        cut("checksums.json", 0.5), cut("checksums.json", 0), altered("weights.safetensors"),
        altered("ema.safetensors"), altered("preview.png"), removed("optimizer.safetensors"),
        removed("preview.png"), removed("state.json"), listing([]), listing({}), listing(None),
        listing({"state.json": 3}), listing({"state.json": "0" * 64}),
    ],
)  # fmt: skip
def test_a_damaged_checkpoint_is_refused_and_the_newest_undamaged_one_chosen(
    store: CheckpointStore, damage: Callable[[Path], None]
) -> None:
    save(store, 4)
    damage(save(store, 5))

    with pytest.raises(CheckpointError) as caught:
        store.load(5)
    assert "5" in caught.value.title
    assert caught.value.hint
    newest = store.newest()
    assert newest.checkpoint is not None
    assert newest.checkpoint.state.step == 4
    # Without its list of files it is none at all.
    assert newest.damaged == [step for step in (5,) if step in store.steps()]


@pytest.mark.parametrize("name", ["state.json", "checksums.json"])
def test_a_file_nested_beyond_measure_is_damage(store: CheckpointStore, name: str) -> None:
    path = save(store)
    (path / name).write_text("[" * 100_000)
    if name == "state.json":
        listing({name: checkpoint_files._sha256(path / name)})(path)

    with pytest.raises(CheckpointError, match="is damaged"):
        store.load(5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["state.json", "checksums.json", "weights.safetensors"])
def test_a_pipe_in_place_of_a_file_is_damage(store: CheckpointStore, name: str) -> None:
    path = save(store)
    (path / name).unlink()
    os.mkfifo(path / name)

    with pytest.raises(CheckpointError):
        store.load(5)
    assert store.newest().checkpoint is None
    assert [info.step for info in store.infos()] == ([5] if name == "weights.safetensors" else [])


@pytest.mark.parametrize(
    "change",
    [
        {"step": -1}, {"step": "many"}, {"images_seen": None}, {"seconds": "nan?"},
        {"surprise": 1}, {"losses": [1]}, {"model_key": 3},
    ],
)  # fmt: skip
def test_a_state_that_makes_no_sense_is_damage(
    store: CheckpointStore, change: dict[str, object]
) -> None:
    rewrite(save(store), "state.json", lambda content: {**content, **change})

    with pytest.raises(CheckpointError, match="is damaged"):
        store.load(5)


def test_a_checkpoint_of_a_newer_program_is_refused_as_such(store: CheckpointStore) -> None:
    path = save(store)
    rewrite(path, "state.json", lambda content: {**content, "format_version": 4, "new": True})
    before = {item.name: item.read_bytes() for item in path.iterdir()}

    with pytest.raises(CheckpointError, match="newer GenStudio") as caught:
        store.load(5)
    assert "Update GenStudio" in caught.value.hint
    assert {item.name: item.read_bytes() for item in path.iterdir()} == before


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "..", ".", "", "a/b", "nul\0", "../5/state.json"]
)
def test_checksums_cannot_lead_out_of_the_checkpoint(
    store: CheckpointStore, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "secret").write_text("secret")
    path = save(store)
    rewrite(path, "checksums.json", lambda sums: {name: "0" * 64, **sums})
    read: list[Path] = []
    real = checkpoint_files._sha256
    monkeypatch.setattr(checkpoint_files, "_sha256", lambda file: read.append(file) or real(file))

    with pytest.raises(CheckpointError, match="is damaged"):
        store.load(5)
    assert all(path in (file, file.parent) for file in read)


def test_tensors_that_were_not_checked_are_not_read(store: CheckpointStore) -> None:
    path = save(store)
    rewrite(
        path,
        "checksums.json",
        lambda sums: {name: value for name, value in sums.items() if name != "ema.safetensors"},
    )
    found = store.load(5)

    with pytest.raises(CheckpointError, match="is damaged"):
        found.tensors("ema")
    assert found.tensors("weights")


def test_a_file_of_tensors_that_is_none_is_damage(store: CheckpointStore) -> None:
    path = save(store)
    (path / "weights.safetensors").write_bytes(b"\x80\x04pickled?" * 40)
    digest = checkpoint_files._sha256(path / "weights.safetensors")
    rewrite(path, "checksums.json", lambda sums: {**sums, "weights.safetensors": digest})

    with pytest.raises(CheckpointError, match="is damaged"):
        store.load(5).tensors("weights")
    with pytest.raises(CheckpointError, match="is damaged"):
        store.load(5).tensors("unheard-of")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255), name=st.sampled_from(
    ["state.json", "checksums.json", "weights.safetensors", "preview.png"]
))  # fmt: skip
def test_one_wrong_byte_anywhere_is_found_or_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: float, value: int, name: str
) -> None:
    store = CheckpointStore(tmp_path_factory.mktemp("store"))
    path = save(store)
    content = bytearray((path / name).read_bytes())
    content[int(place * len(content))] ^= value
    (path / name).write_bytes(content)

    try:
        found = store.load(5)
    except CheckpointError:
        return
    # Only blanks between the checksums can change without a trace.
    assert name == "checksums.json"
    assert found.state == state()
    assert torch.equal(found.tensors("weights")["layer.weight"], TENSORS["weights"]["layer.weight"])
