import numpy as np
import pytest
import torch

from genstudio.data.samples import paint_flower
from genstudio.models.style import key_frames
from genstudio.models.style.key_frames import KeyFrame, KeyFramePainter


def frame(index: int) -> np.ndarray:
    """A flower at another place in each frame."""
    return np.roll(paint_flower(64, seed=0, index=1), 5 * index, axis=1)


def painted(frame_HWC: np.ndarray) -> np.ndarray:
    """A negative with red and blue exchanged."""
    return 255 - frame_HWC[..., ::-1]


def test_what_was_painted_once_is_painted_on_other_frames() -> None:
    painter = KeyFramePainter([KeyFrame(frame(0), painted(frame(0)))], seed=0, width=16, blocks=1)
    assert list(painter.learn(150)) == list(range(1, 151))
    made = painter.paint(frame(4))
    assert made.dtype == np.uint8
    error = np.abs(made.astype(int) - painted(frame(4))).mean()
    unpainted = np.abs(frame(4).astype(int) - painted(frame(4))).mean()
    assert error < unpainted / 5


def test_the_same_seed_gives_the_same_painter_whatever_else_draws_random_numbers() -> None:
    def made(seed: int) -> np.ndarray:
        painter = KeyFramePainter([KeyFrame(frame(0), painted(frame(0)))], seed=seed, width=16)
        for _ in painter.learn(3):
            torch.rand(3)
        return painter.paint(frame(1))

    np.testing.assert_array_equal(made(1), made(1))
    assert (made(1) != made(2)).any()


def test_frames_of_any_size_are_painted() -> None:
    painter = KeyFramePainter([KeyFrame(frame(0), painted(frame(0)))], seed=0, width=16)
    assert painter.paint(frame(0)[:37, :51]).shape == (37, 51, 3)


def test_learning_ends_where_the_loss_of_unpainted_frames_was_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_frames, "_LOOKED_EVERY", 2)
    monkeypatch.setattr(key_frames, "_PATIENCE", 6)
    painter = KeyFramePainter(
        [KeyFrame(frame(0), painted(frame(0)))], seed=0, width=16, blocks=1, unpainted=[frame(4)]
    )
    # The best is that after the sixth step, though patches were closer at first: the painted
    # frame was not learned by then.
    errors = iter([0.5, 0.3, 0.1, 0.1, 0.1, 0.1, 0.0])
    distances = iter([0.1, 0.1, 0.2, 0.1998, 0.22, 0.23, 0.0])
    monkeypatch.setattr(painter, "_error_of_painted", lambda: next(errors))
    monkeypatch.setattr(painter, "_distance_of_unpainted", lambda: next(distances))
    best = None
    taken = 0
    for taken in painter.learn(100):
        if taken == 6:
            best = painter.paint(frame(1))
    assert taken == 12
    np.testing.assert_array_equal(painter.paint(frame(1)), best)


def test_the_error_of_painted_frames_falls_while_they_are_learned() -> None:
    painter = KeyFramePainter(
        [KeyFrame(frame(0), painted(frame(0)))], seed=0, width=16, blocks=1, unpainted=[frame(4)]
    )
    before = painter._error_of_painted()
    for _ in painter.learn(40):
        pass
    assert painter._error_of_painted() < before / 2


def test_paler_frames_are_told_from_painted_ones() -> None:
    pale = frame(4) // 2 + 64
    painter = KeyFramePainter(
        [KeyFrame(frame(0), painted(frame(0)))], seed=0, width=16, blocks=1, unpainted=[frame(4)]
    )
    for _ in painter.learn(40):
        pass
    before = painter._distance_of_unpainted()
    assert before == painter._distance_of_unpainted()
    painter._unpainted = [pale]
    assert painter._distance_of_unpainted() > before
