"""Opens the studio, trains in it, and says so; what happens then is up to whoever started it.

Usage: window_that_trains.py PICTURES PROJECT [logout]
"""

import sys
from pathlib import Path

import tiny_studio
from PySide6.QtCore import QTimer

from genstudio import app
from genstudio.domain import events
from genstudio.opening import open_window
from genstudio.ui.main_window import MainWindow

build = app._build


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def drive(window: MainWindow, pictures: Path, *, logs_out: bool) -> None:
    """Open pictures, start a training when they are looked through, tell of its second step."""

    def start() -> None:
        if window._dataset.report is not None and not window._training.is_running:
            settings = tiny_studio.small_settings("residual-vae", budget=tiny_studio.steps(1e9))
            window._start(settings)

    def look(received: list[events.Event]) -> None:
        if any(isinstance(event, events.StepDone) and event.step >= 2 for event in received):
            window._training.received.disconnect(look)
            say("training")
            if logs_out:
                QTimer.singleShot(0, log_out)

    def log_out() -> None:
        # What the system's question leads to; nothing here manages sessions that could ask it.
        window.save_before_logout()
        say("may log out")

    window._dataset.changed.connect(start)
    window._training.received.connect(look)
    window.open_dataset(pictures)


def main(pictures: Path, project: Path, *, logs_out: bool) -> int:
    def driven(*arguments: object) -> MainWindow:
        window = build(*arguments)  # type: ignore[arg-type]
        QTimer.singleShot(0, lambda: drive(window, pictures, logs_out=logs_out))
        return window

    app._build = driven  # type: ignore[assignment]
    return open_window(project)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), logs_out=len(sys.argv) > 3))
