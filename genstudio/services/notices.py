"""The one place that messages for people come together at, from any thread."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice

_log = logging.getLogger("genstudio")


class NoticeBoard:
    """Hands notices to whoever listens, and keeps those that came before anybody did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Notice] = []
        self._listener: Callable[[Notice], None] | None = None

    def post(self, notice: Notice) -> None:
        """Tell a person something; may be called from any thread."""
        level = logging.INFO if notice.level is Level.INFO else logging.WARNING
        text = "\n".join(part for part in (notice.title, notice.message, notice.details) if part)
        _log.log(level, "Notice %s", text)
        with self._lock:
            listener = self._listener
            if listener is None:
                self._waiting.append(notice)
        if listener is not None:
            listener(notice)

    def listen(self, listener: Callable[[Notice], None] | None) -> None:
        """Send notices here from now on, first those that were kept; None keeps them again."""
        with self._lock:
            self._listener = listener
            waiting, self._waiting = (self._waiting, []) if listener else ([], self._waiting)
        for notice in waiting:
            if listener is not None:
                listener(notice)

    def hook(self) -> None:
        """Send here what nobody caught, in any thread, and what Python warns of."""
        sys.excepthook = self._uncaught
        threading.excepthook = lambda args: self._uncaught(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        logging.captureWarnings(capture=True)

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        sys.stderr.write("".join(traceback.format_exception(kind, error, trace)))
        self.post(notice_about(error or kind()))


def notice_about(error: BaseException) -> Notice:
    """Put an error into words: ours as it stands, others as a mistake of the program."""
    if isinstance(error, GenStudioError):
        message = " ".join(part for part in (error.message, error.hint) if part)
        return Notice(level=Level.ERROR, title=error.title, message=message)
    return Notice(
        level=Level.ERROR,
        title=tr("Something went wrong inside the program"),
        message=tr("What was saved is intact. The details help to mend it."),
        details="".join(traceback.format_exception(error)),
    )
