"""Checkpoints are whole or absent, and hostile or damaged ones are refused in words."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from genstudio.domain.errors import CheckpointError, ProjectError
from genstudio.engine import checkpoint_files
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore

TENSORS = {
    "weights": {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)},
    "ema": {"layer.weight": torch.zeros(2, 3), "layer.bias": torch.zeros(2)},
    "optimizer": {"phase/0/step": torch.tensor(3.0)},
}
PREVIEW = np.full((4, 6, 3), 7, np.uint8)


def state(step: int = 5) -> CheckpointState:
    return CheckpointState(
        model_key="toy", step=step, images_seen=4 * step, seconds=1.5, losses={"KL — “x”": 0.25}
    )


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints")


def save(store: CheckpointStore, step: int = 5) -> Path:
    return store.save(state(step), TENSORS, PREVIEW)


def rewrite(path: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON file of a checkpoint, and its checksum with it where it has one."""
    (path / name).write_text(json.dumps(change(json.loads((path / name).read_text()))))
    if name != "checksums.json":
        checksums = json.loads((path / "checksums.json").read_text())
        checksums[name] = checkpoint_files._sha256(path / name)
        (path / "checksums.json").write_text(json.dumps(checksums))


# Round trip


def test_what_was_saved_comes_back(store: CheckpointStore) -> None:
    path = save(store)
    found = store.load(5)

    assert found.path == path == store.folder / "5"
    assert found.state == state()
    for name, group in TENSORS.items():
        back = found.tensors(name)
        assert set(back) == set(group)
        assert all(torch.equal(back[entry], value) for entry, value in group.items())
    assert set(found.checksums) == {
        "state.json", "preview.png", "weights.safetensors", "ema.safetensors",
        "optimizer.safetensors",
    }  # fmt: skip
    assert sorted(item.name for item in store.folder.iterdir()) == ["5"]


def test_a_checkpoint_needs_no_preview(store: CheckpointStore) -> None:
    store.save(state(), TENSORS, None)

    assert not (store.folder / "5" / "preview.png").exists()
    assert store.load(5).state == state()


def test_tensors_of_any_layout_are_saved_by_their_values(store: CheckpointStore) -> None:
    images = torch.arange(2 * 3 * 4 * 4.0).reshape(2, 3, 4, 4)
    odd = {
        "channels last": images.to(memory_format=torch.channels_last),
        "transposed": images.transpose(0, 1),
        "a part": images[:, 1],
        "learning": torch.nn.Parameter(images),
        "bfloat16": images.bfloat16(),
    }
    store.save(state(), {"weights": odd}, None)
    back = store.load(5).tensors("weights")

    assert all(torch.equal(back[name], value) for name, value in odd.items())


def test_the_same_state_is_the_same_bytes(store: CheckpointStore, tmp_path: Path) -> None:
    other = CheckpointStore(tmp_path / "other")
    save(store)
    reordered = {
        name: dict(reversed(list(group.items()))) for name, group in reversed(TENSORS.items())
    }
    other.save(state(), reordered, PREVIEW)

    assert store.load(5).checksums == other.load(5).checksums


def test_saving_a_step_again_replaces_it(store: CheckpointStore) -> None:
    save(store)
    changed = {**TENSORS, "weights": {"layer.bias": torch.full((2,), 9.0)}}
    store.save(state(), changed, None)

    assert store.load(5).tensors("weights")["layer.bias"].tolist() == [9.0, 9.0]
    assert store.steps() == [5]


# Which there are


def test_steps_are_listed_as_numbers_in_order(store: CheckpointStore) -> None:
    assert store.steps() == []
    for step in (100, 20, 3):
        save(store, step)

    assert store.steps() == [3, 20, 100]
    newest = store.newest()
    assert newest.checkpoint is not None
    assert newest.checkpoint.state.step == 100
    assert newest.damaged == []


def test_what_is_no_checkpoint_is_not_listed(store: CheckpointStore) -> None:
    save(store)
    for name in ("7", "notes", ".partial-9-1", "-3", "1.5", "²"):
        (store.folder / name).mkdir()
    (store.folder / ".partial-9-1" / "checksums.json").write_text("{}")
    (store.folder / "notes" / "checksums.json").write_text("{}")
    (store.folder / "8").write_text("a file")

    assert store.steps() == [5]


def test_without_any_there_is_no_newest(store: CheckpointStore) -> None:
    assert store.newest().checkpoint is None
    with pytest.raises(CheckpointError, match="no complete checkpoint 5") as caught:
        store.load(5)
    assert caught.value.hint == "Saved steps: none."


def test_clearing_away_keeps_the_newest_the_last_of_each_hour_and_the_starred(
    store: CheckpointStore,
) -> None:
    for step in range(1, 9):
        aged = state(step).model_copy(update={"seconds": step * 1200.0})
        store.save(aged, TENSORS, None)
    store.star(4, is_starred=True)
    store.clear_away()
    # An hour has three of them: 1 and 2, 3 to 5, 6 to 8.
    assert store.steps() == [2, 4, 5, 6, 7, 8]

    store.star(4, is_starred=False)
    store.clear_away()
    assert store.steps() == [2, 5, 6, 7, 8]


def test_where_the_disk_is_small_hours_give_way(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(1, 9):
        store.save(state(step).model_copy(update={"seconds": step * 3600.0}), TENSORS, None)
    store.star(2, is_starred=True)
    monkeypatch.setattr("genstudio.engine.checkpoint.free_disk_bytes", lambda _: 0)
    store.clear_away()

    assert store.steps() == [2, 6, 7, 8]


def test_a_checkpoint_at_a_glance(store: CheckpointStore) -> None:
    for step in (5, 6):
        save(store, step)
    store.star(6, is_starred=True)
    (store.folder / "6" / "weights.safetensors").write_bytes(b"not looked into")
    damage = save(store, 7) / "state.json"
    damage.write_text("{")

    first, second = store.infos()
    assert (first.step, first.images_seen, first.seconds) == (5, 20, 1.5)
    assert first.losses == state().losses
    assert first.num_bytes == sum(file.stat().st_size for file in first.path.iterdir())
    assert first.preview.is_file()
    assert [first.is_starred, second.is_starred] == [False, True]


@pytest.mark.parametrize(
    ("figures", "best"),
    [
        ([None, None], []),
        ([8.0, 3.0, None, 5.0], [2]),
        ([8.0, 3.0, 5.0, None], [2]),
        # Still getting better when it was last measured.
        ([8.0, 3.0], [2]),
        ([8.0, 3.0, None, None], [4]),
        ([8.0, None], [2]),
    ],
)
def test_the_best_is_the_one_of_the_lowest_distance_or_the_newest_while_it_gets_better(
    store: CheckpointStore, figures: list[float | None], best: list[int]
) -> None:
    for step, figure in enumerate(figures, start=1):
        metrics = {"other": 1.0} if figure is None else {"SWD": figure}
        store.save(state(step).model_copy(update={"metrics": metrics}), TENSORS, None)

    assert [info.step for info in store.infos() if info.is_best] == best


def test_only_what_is_there_can_be_starred(store: CheckpointStore) -> None:
    save(store)
    with pytest.raises(CheckpointError, match="no complete checkpoint 6"):
        store.star(6, is_starred=True)
    store.star(5, is_starred=True)
    store.star(5, is_starred=True)
    assert store.starred() == {5}
    for _ in range(2):
        store.star(5, is_starred=False)
    assert store.starred() == set()
    assert store.steps() == [5]


def test_a_damaged_one_can_be_set_aside(store: CheckpointStore) -> None:
    save(store, 4)
    weights = save(store, 5) / "weights.safetensors"
    weights.write_bytes(b"x")
    store.set_aside(5)

    assert store.steps() == [4]
    (aside,) = store.folder.glob(".damaged-5-*/weights.safetensors")
    assert aside.read_bytes() == b"x"
    save(store, 5)
    assert store.steps() == [4, 5]


def test_the_checkpoints_of_the_first_format_are_read(store: CheckpointStore) -> None:
    new = {"saved_at", "metrics", "learning_rate_scale", "parts", "loss_scale"}
    rewrite(
        save(store),
        "state.json",
        lambda content: {
            **{name: value for name, value in content.items() if name not in new},
            "format_version": 1,
        },
    )
    found = store.load(5).state

    assert found.saved_at is None
    assert (found.learning_rate_scale, found.parts, found.loss_scale) == (1.0, 1, {})


def test_what_interrupted_saves_left_is_removed_and_nothing_else(store: CheckpointStore) -> None:
    save(store)
    (store.folder / ".partial-6-123").mkdir()
    (store.folder / ".partial-6-123" / "weights.safetensors").write_bytes(b"half")
    (store.folder / "notes.txt").write_text("tulips")

    store.remove_partial()

    assert sorted(path.name for path in store.folder.iterdir()) == ["5", "notes.txt"]
    CheckpointStore(store.folder / "missing").remove_partial()


# Damage


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
    rewrite(path, "state.json", lambda content: {**content, "format_version": 3, "new": True})
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


# What goes wrong while saving


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    return fail


@pytest.mark.parametrize("moment", ["_write_flushed", "flush", "save_file", "verify"])
@pytest.mark.parametrize(
    ("code", "title"), [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "cannot be written to")]
)
def test_a_disk_that_gives_up_while_saving_costs_no_older_checkpoint(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch, moment: str, code: int, title: str
) -> None:
    save(store, 4)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_files, moment, failing(code))
        with pytest.raises(ProjectError, match=title) as caught:
            save(store, 5)

    assert caught.value.hint
    assert [path.name for path in store.folder.iterdir()] == ["4"]
    assert store.load(4).state.step == 4


def test_the_systems_reason_behind_the_librarys_error_is_found(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise checkpoint_files.safetensors.SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        )

    monkeypatch.setattr(checkpoint_files, "save_file", fail)

    with pytest.raises(ProjectError, match="The disk is full"):
        save(store)


def test_other_errors_of_the_library_keep_their_words(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise checkpoint_files.safetensors.SafetensorError("dtype unheard of")

    monkeypatch.setattr(checkpoint_files, "save_file", fail)

    with pytest.raises(OSError, match="dtype unheard of"):
        save(store)
    assert list(store.folder.iterdir()) == []


def test_a_drive_that_does_not_keep_what_is_written_is_noticed(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, 4)
    real = checkpoint_files._write_files

    def forgetful(folder: Path, files: Any, tensors: Any) -> dict[str, str]:
        checksums = real(folder, files, tensors)
        save_file({"layer.bias": torch.full((2,), 5.0)}, folder / "weights.safetensors")
        return checksums

    monkeypatch.setattr(checkpoint_files, "_write_files", forgetful)

    with pytest.raises(CheckpointError, match="is damaged"):
        save(store, 5)
    assert store.steps() == [4]
    assert [path.name for path in store.folder.iterdir()] == ["4"]


def test_everything_is_on_the_disk_before_the_checkpoint_has_its_name(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(
        checkpoint_files,
        "flush",
        lambda path: flushed.append(f"{path.name} {sorted(store.steps())}"),
    )
    save(store)

    names = [entry.split()[0] for entry in flushed]
    assert set(names[:6]) == {
        "state.json", "preview.png", "weights.safetensors", "ema.safetensors",
        "optimizer.safetensors", "checksums.json",
    }  # fmt: skip
    assert names[6].startswith(".partial-5-")
    assert all(entry.endswith("[]") for entry in flushed[:7])
    assert flushed[7] == "checkpoints [5]"
