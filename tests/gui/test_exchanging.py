"""Models go out and come in through the menu, and files say where they come from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot
from saved_runs import Opener, only_run
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.progress import drain
from genstudio.services.model_files import save_model
from genstudio.services.projects import open_or_create
from genstudio.ui.dialogs import models as dialogs
from genstudio.ui.manners import exchanging


@pytest.fixture
def package(saved: Path, tmp_path: Path) -> Path:
    options = SaveOptions(title="Flowers", author="A. B.", licence="CC0")
    return drain(save_model(only_run(saved), tmp_path / "out", options)).path


def opened(qtbot: QtBot, project: Path) -> StudioDriver:
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.wait(lambda: bool(window._training.entries))
    return driver


@pytest.fixture
def person(qtbot: QtBot, tmp_path: Path) -> Iterator[StudioDriver]:
    """A person with an empty project."""
    open_or_create(tmp_path / "Other")
    driver = opened(qtbot, tmp_path / "Other")
    yield driver
    driver.window.close()


def told(person: StudioDriver) -> str:
    notice = person.window._notice_bar.current()
    return f"{notice.title}. {notice.message}" if notice else ""


def test_a_package_is_shown_asked_about_and_taken_in(
    person: StudioDriver, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanging, "ask_for_package", lambda _: package)
    person.window._actions["project.take_in"].trigger()
    person.wait(lambda: person.window.findChild(QMessageBox, "dialog.taking_in") is not None)
    box = person.window.findChild(QMessageBox, "dialog.taking_in")
    assert "Flowers" in box.text()
    assert "A. B." in box.informativeText()
    assert "CC0" in box.informativeText()
    next(it for it in box.buttons() if it.objectName() == "taking_in.yes").click()
    person.wait(lambda: len(person.window._training.runs) == 1)
    assert person.find("page.create").isVisible()
    assert person.find("create.run").count() >= 1


def test_a_model_is_saved_as_it_was_asked_for(open_project: Opener, tmp_path: Path) -> None:
    person = open_project()
    person.window._actions["project.save_model"].trigger()
    dialog = person.window.findChild(dialogs._SaveDialog)
    assert dialog is not None
    dialog._form.set_values({"form": "card", "title": "My flowers"})
    dialog.findChild(QLineEdit, "save_model.place").setText(str(tmp_path / "out"))
    dialog._on_accepted()
    person.wait((tmp_path / "out" / "My flowers.html").is_file)
    person.wait(lambda: "is saved" in told(person))


def test_without_a_model_it_says_so(person: StudioDriver) -> None:
    person.window._actions["project.save_model"].trigger()
    assert "no model yet" in told(person)


def test_without_a_project_nothing_is_made_again(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = build_window(None)
    qtbot.addWidget(window)
    monkeypatch.setattr(exchanging, "ask_for_made_file", lambda _: tmp_path / "1.png")
    window._actions["project.make_again"].trigger()
    assert "Open the project that it was made in" in window._notice_bar.current().message
    window.close()


def test_a_file_says_where_it_comes_from(
    person: StudioDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("c2pa")
    from hung_pictures import hung

    from genstudio.services.export import export_gallery

    items = hung(tmp_path / "Hills" / "gallery", 1)
    signed = tmp_path / "signed"
    drain(export_gallery(items, to=signed, kind="folder", title="Hills", options={"signed": True}))
    monkeypatch.setattr(exchanging, "ask_for_signed_file", lambda _: signed / "0.png")
    person.window._actions["project.check_origin"].trigger()
    person.wait(lambda: "signed on this machine" in told(person))
