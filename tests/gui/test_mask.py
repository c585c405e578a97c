from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.dialogs.painting_mask import ask_for_mask
from genstudio.ui.widgets.mask_view import MaskView


def painted(qtbot: QtBot, view: MaskView, button: Qt.MouseButton, at: QPoint) -> None:
    qtbot.mousePress(view, button, pos=at)
    qtbot.mouseMove(view, at + QPoint(10, 0))
    qtbot.mouseRelease(view, button, pos=at + QPoint(10, 0))


def test_what_is_painted_over_is_the_mask(qtbot: QtBot) -> None:
    view = MaskView()
    qtbot.addWidget(view)
    view.resize(202, 102)
    view.set_picture(np.full((100, 200, 3), 128, np.uint8))
    view.set_brush(20)
    assert view.is_empty()

    painted(qtbot, view, Qt.MouseButton.LeftButton, view.rect().center())
    mask = view.mask()
    assert mask.shape == (100, 200, 3)
    assert set(np.unique(mask)) == {0, 255}
    assert mask[50, 100].all()
    assert not mask[5, 5].any()
    assert 300 < (mask[..., 0] > 0).sum() < 900

    view.invert()
    assert np.array_equal(view.mask(), 255 - mask)
    view.undo()
    painted(qtbot, view, Qt.MouseButton.RightButton, view.rect().center())
    assert view.is_empty()
    view.undo()
    view.undo()
    assert view.is_empty()
    assert not view.can_undo()


def test_a_mask_is_used_only_when_there_is_one(qtbot: QtBot, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60, 3), 200, np.uint8)).save(tmp_path / "a.png")
    window, used = QWidget(), []
    qtbot.addWidget(window)
    dialog = ask_for_mask(window, tmp_path / "a.png", used.append)
    view = dialog.findChild(MaskView, "mask.view")
    use = dialog.findChild(QPushButton, "mask.use")
    assert view is not None
    assert use is not None
    qtbot.waitUntil(lambda: view.mask().size != 0)
    assert not use.isEnabled()

    painted(qtbot, view, Qt.MouseButton.LeftButton, view.rect().center())
    assert use.isEnabled()
    use.click()

    (mask,) = used
    assert mask.shape == (40, 60, 3)
    assert mask.any()
