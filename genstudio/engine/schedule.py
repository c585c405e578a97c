"""What of a run is due when, counted in seconds of training; knows no clock, and does nothing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from genstudio.domain.training import Budget, LoopOptions
from genstudio.engine.state import Counters


class Task(StrEnum):
    """What is done now and then beside taking steps."""

    PREVIEW = "preview"
    SAVE = "save"
    MEASURE = "measure"
    FINALIZE = "finalize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often something is done.

    Attributes:
        every_s: Seconds of training from one time to the next, and before the first.
        share_of_age: At least this share of the run's age lies between two times.
        share_of_time: It takes at most this share of the time.
    """

    every_s: float
    share_of_age: float = 0.0
    share_of_time: float = math.inf

    def rest_s(self, seconds: float, took_s: float) -> float:
        """Seconds of training until the next time.

        Args:
            seconds: Age of the run.
            took_s: What this time took.
        """
        return max(self.every_s, seconds * self.share_of_age, took_s / self.share_of_time)


def paces(options: LoopOptions) -> dict[Task, Pace]:
    """How often a run does what."""
    return {
        # More rarely as a run grows older: a night's worth stays some hundreds. Some architectures
        # draw slowly.
        Task.PREVIEW: Pace(every_s=options.preview_every_s, share_of_age=0.01, share_of_time=0.05),
        Task.SAVE: Pace(every_s=options.save_every_s),
        Task.MEASURE: Pace(every_s=60.0, share_of_time=0.01),
        # A young model's latents soon lie elsewhere, and what is drawn from an old fit looks
        # broken.
        Task.FINALIZE: Pace(every_s=0.0, share_of_age=0.05, share_of_time=0.03),
    }


class Schedule:
    """What is due, and when the run is done.

    Args:
        budget: When the run is done; may be replaced while it goes on.
        paces: How often what is done.
        seconds: Age of the run.

    Attributes:
        budget: When the run is done.
        reason_to_end: Why the run shall end before; empty if it shall not.
    """

    def __init__(self, budget: Budget, paces: Mapping[Task, Pace], seconds: float) -> None:
        self.budget = budget
        self.reason_to_end = ""
        self._paces = paces
        self._due_s = {task: seconds + pace.every_s for task, pace in paces.items()}

    def is_due(self, task: Task, seconds: float) -> bool:
        """Whether it is time for something, at so many seconds of training."""
        return seconds >= self._due_s[task]

    def ask_for(self, task: Task) -> None:
        """Let it be due at once."""
        self._due_s[task] = -math.inf

    def begin(self, task: Task) -> None:
        """Let it not be due until it is :meth:`done`."""
        self._due_s[task] = math.inf

    def done(self, task: Task, seconds: float, took_s: float = 0.0) -> None:
        """Note that it was done at so many seconds of training, and took so long."""
        self._due_s[task] = seconds + self._paces[task].rest_s(seconds, took_s)

    def roll_back(self, seconds: float) -> None:
        """Go on from an earlier second; nothing may then wait for longer than at the beginning."""
        self.reason_to_end = ""
        for task, pace in self._paces.items():
            self._due_s[task] = min(self._due_s[task], seconds + pace.every_s)

    def end_early(self, reason: str) -> None:
        """Let the run end before its budget is spent; the first reason counts."""
        self.reason_to_end = self.reason_to_end or reason

    def progress(self, counters: Counters) -> float:
        """Share of the budget that is spent, from 0 to 1."""
        return self.budget.progress(
            step=counters.step, images_seen=counters.images_seen, seconds=counters.seconds
        )

    def is_done(self, counters: Counters) -> bool:
        """Whether the budget is spent, or what else the run shall end at has happened."""
        return self.progress(counters) >= 1 or bool(self.reason_to_end)
