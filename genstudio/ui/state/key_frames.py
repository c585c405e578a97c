"""A clip on a timeline, and the painted pictures that were put on it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.data.films import FilmInfo
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services import studio_key_frames
from genstudio.services.film_looking import (
    FilmLooker,
    FilmOpened,
    FilmPassed,
    FramePassed,
    FrameShown,
    Look,
)
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.studio_key_frames import NotPainted, Painted
from genstudio.services.studio_operations import OperationResult
from genstudio.ui.bridge import Bridge

_NUM_SMALL = 32
_SMALL_SIDE_PX = 160
_LARGEST_SIDE_PX = 1280


class KeyFramesState(QObject):
    """Holds one clip at a time.

    Attributes:
        clip: The film; None for none.
        info: What it says of itself; None until it is opened.
        seconds: When each frame is shown; empty until all are counted.
        small: Some frames, made small, by number.
        painted: Painted pictures by the number of their frame.
        fault: Why the clip cannot be shown; empty if it can.

    Signals:
        clip_changed(): Another clip is looked at, or none is.
        frame_passed(): There is a further small frame, or the frames are counted.
        frame_shown(int, ndarray): A frame that was wanted, and its number.
        painted_changed(): Other pictures are on the timeline.
        refused(Path): This picture cannot be on it.
        failed(str): The clip cannot be shown, and why.
        noticed(Notice): Something a person should read.
    """

    clip_changed = Signal()
    frame_passed = Signal()
    frame_shown = Signal(int, object)
    painted_changed = Signal()
    refused = Signal(object)
    failed = Signal(str)
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._looker: FilmLooker | None = None
        self._jobs: list[Job[Any]] = []
        self._waiting: list[tuple[list[Path], int | None]] = []
        self.clip: Path | None = None
        self.info: FilmInfo | None = None
        self.seconds: tuple[float, ...] = ()
        self.small: dict[int, np.ndarray] = {}
        self.painted: dict[int, Painted] = {}
        self.fault = ""

    def open(self, clip: Path | None) -> None:
        """Look at another clip; the pictures on the timeline were of the one before."""
        if clip == self.clip:
            return
        self._let_go()
        self.clip = clip
        self.info, self.seconds, self.small = None, (), {}
        self.painted = {}
        self.fault = ""
        if clip is not None:
            looker = FilmLooker(
                clip,
                num_small=_NUM_SMALL,
                small_side=_SMALL_SIDE_PX,
                largest_side=_LARGEST_SIDE_PX,
            )
            self._looker = looker
            self._bridge.follow(
                looker.items,
                lambda items: self._on_looks(looker, items),
                lambda ending: self._on_end(looker, ending),
            )
            looker.start()
        self.clip_changed.emit()
        self.painted_changed.emit()

    def want(self, number: int) -> None:
        """Have a frame drawn large."""
        if self._looker is not None and 0 <= number < len(self.seconds):
            self._looker.want(number)

    def place(self, pictures: Sequence[Path], at: int | None = None) -> None:
        """Put painted pictures on the timeline.

        Args:
            pictures: Their files.
            at: The frame that a picture is of whose name does not say it; None finds it by what is
                on it.
        """
        if self.clip is None or self.info is None or not self.seconds:
            self._waiting.append((list(pictures), at))
            return
        job = studio_key_frames.place_painted(self.clip, pictures, self.info, len(self.seconds), at)
        self._do(job, self._on_placed)

    def move(self, number: int, to: int) -> None:
        """Say that a picture is of another frame; one that is there gives way."""
        if number not in self.painted or to == number or not 0 <= to < len(self.seconds):
            return
        moved = self.painted.pop(number)
        self._put(Painted(moved.path, to, moved.image_HWC))
        self.painted_changed.emit()

    def forget(self, pictures: Sequence[Path]) -> None:
        """Take pictures off the timeline; the files stay."""
        gone = [number for number, it in self.painted.items() if it.path in pictures]
        for number in gone:
            del self.painted[number]
        if gone:
            self.painted_changed.emit()

    def numbers(self, pictures: Sequence[Path]) -> list[int] | None:
        """Of which frame each picture is; None where that is not known of all yet."""
        known = {it.path: number for number, it in self.painted.items()}
        return [known[it] for it in pictures] if all(it in known for it in pictures) else None

    def save_frame(self, number: int, folder: Path) -> None:
        """Save a frame to paint on."""
        if self.clip is None:
            return
        clip = self.clip

        def on_items(items: Sequence[object]) -> None:
            for item in items:
                if isinstance(item, OperationResult):
                    self.noticed.emit(_saved(item.path, clip))

        self._do(studio_key_frames.save_frame(clip, number, folder), on_items)

    def close(self) -> None:
        """Leave no thread behind."""
        self._let_go()
        for job in self._jobs:
            job.join()

    def _let_go(self) -> None:
        if self._looker is not None:
            self._looker.stop()
            self._looker = None
        for job in self._jobs:
            job.cancel()
        self._waiting.clear()

    # --- reacting -----------------------------------------------------------------------

    def _on_looks(self, looker: FilmLooker, items: Sequence[Look]) -> None:
        if looker is not self._looker:
            return
        for item in items:
            if isinstance(item, FilmOpened):
                self.info = item.info
            elif isinstance(item, FramePassed):
                self.small[item.number] = item.image_HWC
            elif isinstance(item, FilmPassed):
                self.seconds = item.seconds
                waiting, self._waiting = self._waiting, []
                for pictures, at in waiting:
                    self.place(pictures, at)
            else:
                self.frame_shown.emit(item.number, item.image_HWC)
        if any(not isinstance(item, FrameShown) for item in items):
            self.frame_passed.emit()

    def _on_end(self, looker: FilmLooker, ending: JobEnded) -> None:
        if looker is self._looker and ending.error is not None:
            self.fault = notice_about(ending.error).message
            self.failed.emit(self.fault)

    def _on_placed(self, items: Sequence[Painted | NotPainted]) -> None:
        for item in items:
            if isinstance(item, Painted):
                self._put(item)
            else:
                self.noticed.emit(notice_about(item.error))
                self.refused.emit(item.path)
        self.painted_changed.emit()

    def _put(self, painted: Painted) -> None:
        before = self.painted.get(painted.number)
        self.painted[painted.number] = painted
        if before is not None and before.path != painted.path:
            self.noticed.emit(_given_way(before.path, painted))
            self.refused.emit(before.path)

    def _do(self, job: Job[Any], on_items: Callable[[list[Any]], object]) -> None:
        clip = self.clip

        def on_job_items(items: list[Any]) -> None:
            if clip == self.clip:
                on_items(items)

        def on_job_end(ending: JobEnded) -> None:
            self._jobs.remove(job)
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        self._jobs.append(job)
        self._bridge.follow(job.items, on_job_items, on_job_end)
        job.start()


def _saved(path: Path, clip: Path) -> Notice:
    return Notice(
        level=Level.INFO,
        title=tr("{name} is saved", name=path.name),
        message=tr(
            "It lies in {folder}. Paint on it in any program and keep its size and the end of its "
            "name; then drop it on the timeline of {clip}.",
            folder=path.parent,
            clip=clip.name,
        ),
    )


def _given_way(before: Path, painted: Painted) -> Notice:
    return Notice(
        level=Level.INFO,
        title=tr("{name} takes the place of {before}", name=painted.path.name, before=before.name),
        message=tr(
            "Both are of frame {number:,}, which has one painting. Both files stay.",
            number=painted.number,
        ),
    )
