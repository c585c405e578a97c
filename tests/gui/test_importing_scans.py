"""Scans become pictures by way of a dialog, whose window of grey is seen at once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QSlider, QWidget
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


def test_scans_that_are_opened_as_a_folder_show_how_they_become_pictures(
    studio: StudioDriver, tmp_path: Path
) -> None:
    nibabel = pytest.importorskip("nibabel", reason="scans need the extra “medical”")
    folder = tmp_path / "Mrs Someone"
    folder.mkdir()
    grain = np.random.default_rng(0).normal(100, 30, (32, 32, 8)).astype(np.float32)
    grain[..., :4] -= 1000
    nibabel.save(nibabel.Nifti1Image(grain, np.eye(4)), folder / "head.nii.gz")

    studio.window.open_dataset(folder)
    view = studio.find("dataset.scans.preview", PictureView)
    studio.wait(lambda: view.isVisible() and not view._image.isNull())
    shown = studio.find("dataset.scans", QWidget)
    words = " ".join(label.text() for label in shown.findChildren(QLabel))
    assert "Not for diagnosis" in words
    # Another slice, by the keyboard as well.
    before = view._image.copy()
    studio.find("dataset.scans.slice", QSlider).setValue(0)
    studio.wait(lambda: not view._image.isNull() and view._image != before)

    studio.click("dataset.scans.start")
    studio.wait(lambda: "8 found" in studio.text("dataset.summary"))
    assert "grey" in studio.text("dataset.summary")
    assert "Someone" not in studio.text("dataset.path")
    assert not shown.isVisible()


def test_pictures_of_many_greys_lead_to_the_choice_of_their_range(
    studio: StudioDriver, tmp_path: Path
) -> None:
    folder = tmp_path / "microscope"
    folder.mkdir()
    for number in range(3):
        levels = np.random.default_rng(number).uniform(20_000, 23_000 + 500 * number, (48, 48))
        Image.fromarray(levels.astype(np.uint16)).save(folder / f"{number}.tif")
    studio.window.open_dataset(folder)
    studio.wait(lambda: "3 found" in studio.text("dataset.summary"))

    studio.click("dataset.range")
    numbers = studio.find("dataset.scans.numbers", QLabel)
    studio.wait(lambda: "20,0" in numbers.text())
    assert studio.find("dataset.scans", QWidget).isVisible()
    alike = studio.find("dataset.scans.alike", QPushButton)
    assert alike.isEnabled(), "each file has a range of its own"
    studio.click("dataset.scans.alike")
    form = studio.find("dataset.scans", QWidget).findChild(SettingsForm)
    assert form is not None
    assert 3_000 < form.values()["width"] < 4_000
    assert 21_000 < form.values()["middle"] < 22_500
    studio.wait(lambda: not alike.isEnabled())

    studio.click("dataset.scans.start")
    studio.wait(lambda: str(folder) not in studio.text("dataset.path"))
    studio.wait(lambda: "3 found" in studio.text("dataset.summary"))
    made = Path(studio.text("dataset.path"))
    brightest = [np.asarray(Image.open(it)).mean() for it in sorted(made.glob("*.png"))]
    assert brightest == sorted(brightest), "in one range, the brighter one stays the brighter one"
    assert brightest[2] - brightest[0] > 5


def test_scans_can_be_left_alone(studio: StudioDriver, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "broken.nii").write_bytes(b"no volume")
    studio.window.open_dataset(folder)
    view = studio.find("dataset.scans.preview", PictureView)
    studio.wait(lambda: view.isVisible() and "NIfTI" in view._placeholder)

    studio.click("dataset.scans.dismiss")
    assert not view.isVisible()
    assert not studio.find("dataset.summary", QLabel).text()


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
