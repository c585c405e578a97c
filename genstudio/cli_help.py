"""What the command line says of itself, in the language that is spoken."""

from typing import Any

from genstudio.domain.language import tr


def translate_help(command: Any) -> None:
    """Put the help of a command, of its parameters and of all commands inside it into words.

    Declared help is read when the modules are imported, and stands in docstrings: so it is
    looked up here, once for all.

    Args:
        command: A command or a group of them, as Typer makes them of its own copy of click.
    """
    command.help = command.help and tr(command.help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = tr(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        translate_help(inner)
