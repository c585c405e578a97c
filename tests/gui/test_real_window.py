"""The main job on a real window system: mouse and keys come from outside the program."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget
from studio_driver import StudioDriver

pytestmark = pytest.mark.xvfb

SCREENSHOTS = Path(__file__).parents[2] / ".screenshots"


def xdotool(*arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], check=True, env=os.environ)


def click_from_outside(studio: StudioDriver, name: str) -> None:
    widget = studio.find(name)
    studio.wait(lambda: widget.isVisible() and widget.isEnabled())
    middle: QPoint = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
    xdotool("mousemove", str(middle.x()), str(middle.y()), "click", "1")


def screenshot(window: QWidget, name: str) -> Path:
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    assert window.screen().grabWindow(0).save(str(path))
    return path


@pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool is not installed")
def test_mouse_and_keys_from_outside_train_a_model(studio: StudioDriver, pictures: Path) -> None:
    studio.window.move(0, 0)
    studio.window.resize(1280, 800)
    studio.qtbot.waitExposed(studio.window)
    studio.wait(studio.window.isActiveWindow)
    studio.open_pictures(pictures, 24)
    click_from_outside(studio, "rail.train")
    studio.wait(studio.find("page.train").isVisible)
    studio.set_up_small_run("Describe and redraw", steps=4)
    click_from_outside(studio, "train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    trained = screenshot(studio.window, "train")
    xdotool("key", "ctrl+4")
    studio.wait(studio.find("page.gallery").isVisible)
    studio.wait(lambda: studio.rows("gallery.grid") == 24)
    hung = screenshot(studio.window, "gallery")
    assert trained.stat().st_size > 10_000
    assert trained.read_bytes() != hung.read_bytes()
