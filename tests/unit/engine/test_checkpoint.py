"""Checkpoints come back as they were saved, and are listed, starred and cleared away."""

from pathlib import Path

import pytest
import torch
from checkpoint_helpers import PREVIEW, TENSORS, rewrite, save, state

from genstudio.domain.errors import CheckpointError
from genstudio.engine.checkpoint import CheckpointStore

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


def test_a_star_that_is_a_link_is_not_followed(store: CheckpointStore, tmp_path: Path) -> None:
    save(store)
    store.star(5, is_starred=True)
    (mark,) = (path for path in store.folder.iterdir() if path.is_file())
    mark.unlink()
    mark.symlink_to(tmp_path / "elsewhere")

    for is_starred in (True, False):
        with pytest.raises(CheckpointError, match="leads elsewhere"):
            store.star(5, is_starred=is_starred)
    assert mark.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


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
