"""Scans become pictures by way of a dialog, whose window of grey is seen at once."""

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QLabel, QPushButton
from studio_driver import StudioDriver

from genstudio.ui.dialogs.importing_scans import ScansDialog
from genstudio.ui.forms import SettingsForm
from genstudio.ui.widgets.picture_view import PictureView


def deep_pictures(folder: Path) -> Path:
    """Four 16-bit pictures with a ramp from 0 to 60,000."""
    folder.mkdir()
    for number in range(4):
        ramp = np.linspace(0, 60_000 - number, 32 * 32).astype(np.uint16).reshape(32, 32)
        Image.fromarray(ramp).save(folder / f"someone{number}.png")
    return folder


def opened_dialog(studio: StudioDriver) -> ScansDialog:
    action = studio.window.findChild(QAction, "project.import_scans")
    assert action is not None
    action.trigger()
    dialog = studio.window.findChild(ScansDialog, "dialog.scans")
    assert isinstance(dialog, QDialog)
    return dialog


def test_a_window_of_grey_is_seen_before_anything_is_made(
    studio: StudioDriver, tmp_path: Path
) -> None:
    dialog = opened_dialog(studio)
    start = dialog.findChild(QPushButton, "scans.start")
    view = dialog.findChild(PictureView, "scans.preview")
    form = dialog.findChild(SettingsForm)
    assert start is not None
    assert view is not None
    assert form is not None
    assert not start.isEnabled()

    dialog.set_folder(deep_pictures(tmp_path / "scans"))
    studio.wait(lambda: not view._image.isNull())
    assert view._image.pixelColor(16, 16).lightness() in range(100, 160)
    form.set_values({"middle": 60_000, "width": 10})
    form.changed.emit()
    studio.wait(lambda: view._image.pixelColor(16, 16).lightness() == 0)
    form.set_values({"middle": 30_000, "width": 30_000})
    form.changed.emit()
    studio.wait(lambda: view._image.pixelColor(16, 16).lightness() > 0)

    start.click()
    studio.wait(lambda: "4 found" in studio.find("dataset.summary", QLabel).text())
    folder = Path(studio.text("dataset.path") or "")
    assert "someone" not in str(folder)


def test_what_holds_no_scans_is_said_in_the_place_of_the_picture(
    studio: StudioDriver, tmp_path: Path
) -> None:
    dialog = opened_dialog(studio)
    (tmp_path / "empty").mkdir()
    dialog.set_folder(tmp_path / "empty")
    view = dialog.findChild(PictureView, "scans.preview")
    assert view is not None
    studio.wait(lambda: "There are no scans" in view._placeholder)
    dialog.reject()
