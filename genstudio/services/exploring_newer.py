"""Gets a newer checkpoint of a run ready, beside the one that is explored meanwhile."""

import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from genstudio.domain.errors import GenStudioError
from genstudio.domain.progress import Working

if TYPE_CHECKING:
    from genstudio.models.latents import Directions
    from genstudio.services.exploring import Explorer


class NewerExplorer:
    """A thread of its own: what it draws at once would keep a hand that drags waiting.

    Attributes:
        is_over: Whether it has ended.
        explorer: Ready with its directions and the places of pictures; None where there was nothing
            newer after all, or it could not be opened.
        shares: Of its directions.
    """

    def __init__(
        self, run: Path, than_step: int, pictures: Iterable[Path], tell: Callable[[], None]
    ) -> None:
        """Prepare; nothing is loaded before :meth:`start`.

        Args:
            run: Folder of the run.
            than_step: Step of the checkpoint that is explored now.
            pictures: Files whose places are to be found, too.
            tell: Called when it is over, in its thread.
        """
        self._run, self._than_step, self._pictures, self._tell = run, than_step, pictures, tell
        self._is_cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="genstudio-explore-newer")
        self.is_over = False
        self.explorer: Explorer | None = None
        self.shares: tuple[float, ...] = ()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """End soon, with nothing; waits for that."""
        self._is_cancelled.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._get_ready()
        except GenStudioError:
            self.explorer = None  # Cleared away meanwhile, or damaged: the next one will do.
        finally:
            self.is_over = True
            self._tell()

    def _get_ready(self) -> None:
        exploring = import_module("genstudio.services.exploring")
        runs = import_module("genstudio.services.runs")
        import_module("torch").set_num_threads(1)
        newer: Explorer = exploring.Explorer(runs.Run(self._run), "last")
        if newer.step <= self._than_step:
            return
        directions: Working[Directions] = newer.find_directions()
        while not self._is_cancelled.is_set():
            try:
                next(directions)
            except StopIteration as end:
                self.shares = tuple(float(it) for it in end.value.shares_N)
                break
        for path in self._pictures:
            for _ in newer.find_picture(path):
                if self._is_cancelled.is_set():
                    return
        if not self._is_cancelled.is_set():
            self.explorer = newer
