"""A picture beside what it was made from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot
from tiny_studio import save_sounds

from genstudio.ui.viewers.image import ImageViewer
from genstudio.ui.widgets.before_after import BeforeAfterView


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[ImageViewer]:
    made = ImageViewer()
    qtbot.addWidget(made.widget)
    made.widget.resize(320, 240)
    made.widget.show()
    yield made
    made.shutdown()


def test_only_a_picture_is_laid_over_what_was_made_from_it(
    viewer: ImageViewer, pictures: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    first, second, *_ = sorted(pictures.iterdir())
    sound = next(save_sounds(tmp_path / "sounds", 1).iterdir())
    slider = viewer.widget.findChild(QSlider, "viewer.before_after")
    view = viewer.widget.findChild(BeforeAfterView)

    viewer.show_result(first, second)
    qtbot.waitUntil(slider.isVisible)
    viewer.show_result(second, sound)
    qtbot.waitUntil(lambda: not slider.isVisible())
    assert view.picture_rect().isValid()
