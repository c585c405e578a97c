"""Opens the studio, trains in it for a while, and prints the events: one JSON object a line.

Usage: train_in_window.py PICTURES PROJECT MODEL SECONDS
"""

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from genstudio.app import build_window
from genstudio.domain import events
from genstudio.domain.training import Budget
from genstudio.services.presets import resolve_settings


def main(pictures: Path, project: Path, model: str, seconds: float) -> None:
    """Train, and leave when that ended."""
    app = QApplication(sys.argv[:1])
    window = build_window(project)
    window.resize(1280, 800)
    window.show()
    window._show_page("train")
    budget = Budget(unit="minutes", amount=seconds / 60)
    settings = resolve_settings(
        preset="quick", model_key=model, training={"size": 64, "budget": budget}, model={}
    )

    def start() -> None:
        if window._dataset.report is not None and not window._training.is_running:
            window._dataset.changed.disconnect(start)
            window._start(settings)

    def tell(received: list[events.Event]) -> None:
        for event in received:
            told: dict[str, Any] = {"event": type(event).__name__}
            told |= {name: getattr(event, name, 0) for name in ("step", "seconds")}
            sys.stdout.write(f"{json.dumps(told)}\n")
            sys.stdout.flush()
            if isinstance(event, events.Terminal):
                QTimer.singleShot(0, app.quit)

    window._dataset.changed.connect(start)
    window._training.received.connect(tell)
    window.open_dataset(pictures)
    app.exec()
    window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
