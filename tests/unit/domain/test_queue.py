"""The queue in memory: order, what waits, what changes."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from genstudio.domain.queue import ItemState, QueuedRun, RunQueue
from genstudio.domain.training import TrainingSettings


def queue_of(*titles: str) -> RunQueue:
    settings = TrainingSettings(model_key="vae")
    items = tuple(
        QueuedRun(id=it, title=it, folder=Path("pictures"), settings=settings) for it in titles
    )
    return RunQueue(project=Path("project"), items=items)


def titles(queue: RunQueue) -> str:
    return "".join(it.title for it in queue.items)


@pytest.mark.parametrize(
    ("item", "by", "order"),
    [("c", -1, "acb"), ("a", 1, "bac"), ("a", -5, "abc"), ("a", 9, "bca"), ("x", 1, "abc")],
)
def test_runs_change_places_as_far_as_there_is_room(item: str, by: int, order: str) -> None:
    assert titles(queue_of("a", "b", "c").moved(item, by)) == order


def test_only_what_can_begin_waits() -> None:
    queue = queue_of("a", "b", "c").changed("a", fault="Gone.").changed("b", state=ItemState.DONE)
    assert [it.id for it in queue.waiting()] == ["c"]
    assert queue.changed("x", fault="?") is queue
    assert titles(queue.without("b")) == "ac"


@pytest.mark.parametrize("name", ["../other", "a/b", "a\\b", "x" * 201])
def test_the_name_of_a_run_does_not_lead_out_of_the_project(name: str) -> None:
    item = queue_of("a").items[0]
    with pytest.raises(ValidationError):
        QueuedRun.model_validate({**item.model_dump(), "run": name})
