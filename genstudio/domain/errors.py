"""Errors that are shown to people: what happened, what it means, what to do."""

# Parts may quote files of strangers; more than this nobody reads, and a window cannot lay it out.
_LONGEST_TITLE = 300
_LONGEST_PART = 2000


class GenStudioError(Exception):
    """Something a person can understand and mend.

    Args:
        title: What happened, in a few words.
        message: What it means, in a plain sentence.
        hint: What to do about it.
    """

    def __init__(self, title: str, message: str = "", hint: str = "") -> None:
        self.title = _printable(title, _LONGEST_TITLE)
        self.message = _printable(message, _LONGEST_PART)
        self.hint = _printable(hint, _LONGEST_PART)
        super().__init__(self.title)

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.title}.", self.message, self.hint) if part)

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        """Keep all three parts when the error crosses a process boundary."""
        return type(self), (self.title, self.message, self.hint)


def _printable(text: str, longest: int) -> str:
    """Text that can be printed and written down; names of files need not be text at all."""
    shown = text if len(text) <= longest else f"{text[:longest]}…"
    return shown.encode("utf-8", "replace").decode("utf-8")


class DatasetError(GenStudioError):
    """The pictures cannot be used as they are."""


class ProjectError(GenStudioError):
    """A project folder cannot be read or written."""


class DiskFullError(ProjectError):
    """There is no space left to write to."""


class SettingsError(GenStudioError):
    """A setting is unknown or out of bounds."""


class UnknownModelError(GenStudioError):
    """No architecture goes by that key."""


class CheckpointError(GenStudioError):
    """A checkpoint is missing, damaged or does not fit the model."""


class TrainingError(GenStudioError):
    """Training cannot go on."""


class RunawayError(TrainingError):
    """Losses or weights stopped being numbers."""


class DeviceError(GenStudioError):
    """A device or precision is not available here."""


class UnknownEntryError(GenStudioError):
    """A catalogue has no such entry, or it cannot be used."""
