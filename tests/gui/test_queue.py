"""Several runs wait for their turn, and are trained one after another while nobody looks."""

import itertools
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QListWidget, QMessageBox, QPushButton
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.data import scan
from genstudio.data.modalities import scanning
from genstudio.domain.progress import Progress
from genstudio.domain.queue import ItemState, QueuedRun
from genstudio.domain.training import TrainingSettings
from genstudio.services import first_pictures, fit_check, power, run_queue
from genstudio.services.queue_file import load_queue
from genstudio.services.training import complete_settings
from genstudio.ui.state.queue import QueueState


@pytest.fixture(autouse=True)
def few_first_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    short = partial(fit_check.check_fit, seconds=0.1)
    monkeypatch.setattr(run_queue, "check_fit", short)
    monkeypatch.setattr(first_pictures, "COUNT", 2)


def queue_of(studio: StudioDriver) -> QueueState:
    return studio.window._states.queue


def add(studio: StudioDriver, steps: int) -> QueuedRun:
    count = len(queue_of(studio).items)
    studio.set_number("train.budget", steps)
    studio.click("train.queue_add")
    studio.wait(lambda: len(queue_of(studio).items) > count and not queue_of(studio)._jobs)
    return queue_of(studio).items[-1]


def test_the_queue_goes_on_by_itself_and_passes_over_what_fails(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "flowers"))
    studio.open_pictures(folder, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    first = add(studio, 2)
    assert first.told.startswith("24 examples")
    gone = add(studio, 3)
    last = add(studio, 4)
    assert studio.find("train.queue", QPushButton).text() == "Queue (3)"

    studio.click("train.queue")
    listed = studio.find("queue.list", QListWidget)
    listed.setCurrentRow(2)
    studio.click("queue.up")
    assert [it.id for it in queue_of(studio).items] == [first.id, last.id, gone.id]
    assert listed.currentRow() == 1
    queue = queue_of(studio).queue
    assert queue is not None
    queue_of(studio)._keep(queue.changed(gone.id, folder=tmp_path / "gone"))

    studio.click("queue.start")
    studio.wait(lambda: queue_of(studio).report)

    states = [(it.state, bool(it.fault)) for it in queue_of(studio).items]
    assert states == [(ItemState.DONE, False), (ItemState.DONE, False), (ItemState.WAITING, True)]
    assert not queue_of(studio).is_going
    project = studio.window._project.path
    assert project is not None
    assert load_queue(project).items == queue_of(studio).items
    assert studio.find("queue.report").isVisible()
    studio.find("dialog.queue", QDialog).close()


def test_the_folder_of_a_run_is_looked_through_once_before_it_begins(
    studio: StudioDriver, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    looked: list[Path] = []

    def scan_folder(folder: Path, **more: Any) -> Any:
        looked.append(folder)
        return scan.scan_folder(folder, **more)

    monkeypatch.setattr(scanning, "scan_folder", scan_folder)
    add(studio, 2)
    assert looked == []  # What was found when it was opened is known.

    queue_of(studio).start()
    studio.wait(lambda: queue_of(studio).report)

    assert [it.state for it in queue_of(studio).items] == [ItemState.DONE]
    assert looked == [pictures]


def test_a_person_who_stops_a_run_stops_the_queue(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=1000000)
    add(studio, 1000000)
    add(studio, 2)
    queue_of(studio).start()
    studio.wait(lambda: queue_of(studio).items[0].state is ItemState.RUNNING)

    studio.click("train.stop")
    studio.wait(lambda: not studio.window._training.is_running)

    states = [it.state for it in queue_of(studio).items]
    assert states == [ItemState.STOPPED, ItemState.WAITING]
    assert not queue_of(studio).is_going
    queue_of(studio).do_again(queue_of(studio).items[0].id)
    studio.wait(lambda: not queue_of(studio)._jobs)
    assert queue_of(studio).items[0].run


def test_a_queue_is_there_after_a_restart_and_a_damaged_one_is_told(
    open_project: Opener, project: Path
) -> None:
    (project / "queue.json").write_text("{", encoding="utf-8")
    studio = open_project()
    assert queue_of(studio).queue is None
    notices = studio.window._notice_bar
    studio.wait(notices.isVisible)
    studio.click("train.queue")
    assert studio.find("queue.list", QListWidget).count() == 0
    assert (project / "queue.json").read_text(encoding="utf-8") == "{"
    studio.find("dialog.queue", QDialog).close()


def test_the_computer_sleeps_only_after_it_was_asked(
    studio: StudioDriver, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[str] = []
    monkeypatch.setattr(power, "do_when_done", did.append)
    monkeypatch.setattr(power.shutil, "which", lambda name: f"/bin/{name}")
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    add(studio, 2)
    studio.click("train.queue")
    box = studio.find("queue.when_done", QComboBox)
    box.setCurrentIndex(box.findText("sleep", Qt.MatchFlag.MatchContains))
    box.activated.emit(box.currentIndex())
    studio.find("dialog.queue", QDialog).close()
    queue_of(studio).start()
    studio.wait(lambda: studio.window.findChild(QMessageBox, "dialog.power"))
    assert did == []
    question = studio.find("dialog.power", QMessageBox)
    next(it for it in question.buttons() if it.text() == "Stay on").click()
    assert did == []
    queue_of(studio).power_wanted.emit("sleep")
    question = studio.window.findChildren(QMessageBox, "dialog.power")[-1]
    next(it for it in question.buttons() if it.text() == "Now").click()
    studio.wait(lambda: did == ["sleep"])


def test_a_system_that_hangs_and_refuses_to_sleep_holds_up_nothing_and_is_told(
    open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_project()
    may_refuse, ways = threading.Event(), {"sleep": (("systemctl", "suspend"),)}
    monkeypatch.setattr(power, "_LINUX", ways)
    monkeypatch.setattr(power.sys, "platform", "linux")
    monkeypatch.setattr(power.shutil, "which", lambda name: f"/bin/{name}")

    def refuse(command: list[str], **_: object) -> SimpleNamespace:
        assert may_refuse.wait(60)
        return SimpleNamespace(returncode=1, stderr=f"{command[1]} is not allowed")

    monkeypatch.setattr(power.subprocess, "run", refuse)
    queue_of(studio).power_wanted.emit("sleep")
    question = studio.find("dialog.power", QMessageBox)
    next(it for it in question.buttons() if it.text() == "Now").click()
    # The window is there meanwhile.
    studio.go_to("gallery")
    may_refuse.set()
    bar = studio.window._notice_bar
    studio.wait(lambda: bar.current() and "stays on" in bar.current().title)
    notice = bar.current()
    assert notice is not None
    assert "suspend is not allowed" in notice.message


def test_looking_whether_a_run_can_begin_tells_how_far_it_is_and_ends_with_the_window(
    open_project: Opener, project: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_project()
    asked, ended = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> Iterator[Progress]:
        try:
            for number in itertools.count():
                yield Progress("Looking through the pictures", number, 100_000)
                asked.wait(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(run_queue, "scan_material", slow)
    settings = complete_settings(TrainingSettings.model_validate({"model_key": "vae", "size": 32}))
    queue_of(studio).add(QueuedRun(title="Many", folder=pictures, settings=settings), None)
    studio.go_to("train")
    studio.click("train.queue")
    studio.wait(lambda: "of 100,000" in studio.text("queue.told"))
    studio.find("dialog.queue", QDialog).close()
    studio.window.close()
    assert ended.is_set()


def test_of_several_folders_that_are_one_set_a_queued_run_learns_those(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        folder = Path(shutil.copytree(pictures, tmp_path / "all" / name))
        # Of one name in two folders they would be pairs.
        for path in [*folder.iterdir()]:
            path.rename(folder / f"{name}-{path.name}")
    studio.window.open_dataset(tmp_path / "all", within=("a", "c"))
    studio.wait(lambda: studio.text("dataset.summary").startswith("48 found"))
    studio.set_up_small_run("Describe and redraw", steps=2)
    item = add(studio, 2)
    assert item.within == ("a", "c")
    queue_of(studio).start()
    studio.wait(lambda: queue_of(studio).report)
    project = studio.window._project.path
    assert project is not None
    (done,) = load_queue(project).items
    run = run_queue.run_of(done, project)
    assert run is not None
    manifest = run.project().load_manifest(run.file.dataset)
    assert len(manifest.pictures) == 48
    assert manifest.within == ("a", "c")
