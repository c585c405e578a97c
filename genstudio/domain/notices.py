"""Messages to the person in front of the program."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Level(StrEnum):
    """How much a message matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Notice(BaseModel):
    """One message: what happened, what it means and what to do, details for the curious."""

    model_config = ConfigDict(frozen=True)

    level: Level
    title: str
    message: str = ""
    details: str = ""
