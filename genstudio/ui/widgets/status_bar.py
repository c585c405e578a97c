"""The bar at the bottom: what the machine is doing, on what, for how long, and the free space."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from genstudio.domain import events
from genstudio.domain.language import tr
from genstudio.ui.run_words import duration
from genstudio.ui.widgets.named_label import NamedLabel

# Between two steps a training draws, measures and saves, on slow machines for a minute.
_BETWEEN_STEPS_MS = 3000
# Slow steps are no pause: so many times as long as from one told step to the next.
_STEPS_LATE = 4


class StudioStatusBar(QStatusBar):
    """State, device, time left and free disk, always in the same places."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._run: events.RunStarted | None = None
        self._step, self._seconds = 0, 0.0
        self._between = QTimer(self, singleShot=True, interval=_BETWEEN_STEPS_MS)
        self._between.timeout.connect(self._show_between)
        self._state = self._label("status.state", tr("State"), 1)
        self._device = self._label("status.device", tr("Device"))
        self._eta = self._label("status.eta", tr("Time left"))
        self._disk = self._label("status.disk", tr("Free disk space"))

    def show_state(self, text: str) -> None:
        """Say what is going on."""
        self._between.stop()
        self._state.setText(text)

    def show_device(self, text: str) -> None:
        """Say what is computing."""
        self._device.setText(text)

    def show_run(self, event: events.RunStarted) -> None:
        """Say what a run computes on, and in which precision."""
        self._run = event
        self._show_threads(event.threads)

    def show_step(self, event: events.StepDone) -> None:
        """Say how fast the training goes and how long it will take."""
        apart_s = event.seconds - self._seconds
        self._step, self._seconds = event.step, event.seconds
        self._between.start(max(_BETWEEN_STEPS_MS, round(_STEPS_LATE * 1000 * apart_s)))
        self._state.setText(
            tr(
                "Training · step {step:,} · {images_per_s:.0f} examples a second · "
                "{memory_gib:.1f} GB in use",
                step=event.step,
                images_per_s=event.images_per_s,
                memory_gib=event.memory_gib,
            )
        )
        self._eta.setText(
            "" if event.eta_s is None else tr("{duration} left", duration=duration(event.eta_s))
        )
        self._show_threads(event.threads)

    def clear_eta(self) -> None:
        """No training, no time left."""
        self._eta.setText("")

    def show_free_disk(self, free_bytes: int) -> None:
        """Say how much space is left where the project is."""
        told = tr("{free_bytes:,.0f} GB free", free_bytes=free_bytes / 2**30)
        if free_bytes < 2**30:  # Where it matters, “0 GB” would say nothing.
            told = tr("{free_bytes:,.0f} MB free", free_bytes=free_bytes / 2**20)
        self._disk.setText(told)

    def _show_between(self) -> None:
        """No step has come for a while: the pace of the last one would be no news."""
        self._state.setText(
            tr("Training · step {step:,} · draws, measures or saves", step=self._step)
        )

    def _show_threads(self, count: int) -> None:
        """Beside a busy program a run may take fewer than it began with, and later more again."""
        if self._run is not None:
            changed = (
                tr(" (now {count})", count=count) if count not in (0, self._run.threads) else ""
            )
            self.show_device(f"{self._run.device}{changed} · {self._run.precision}")

    def _label(self, name: str, title: str, stretch: int = 0) -> QLabel:
        label = NamedLabel(title)
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        # Status tips of menus would hide ordinary widgets.
        self.addPermanentWidget(label, stretch)
        return label
