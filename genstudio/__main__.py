"""Entry point: a command is carried out, anything else opens the window."""

import difflib
import io
import sys
from importlib import import_module
from pathlib import Path

from genstudio.domain.language import chosen_language, speak, tr
from genstudio.domain.model_packages import SUFFIX
from genstudio.services.preferences import load_preferences

_INTERRUPTED = 130
_PROJECT_FILE = "project.toml"


def main() -> None:
    """Run the program with the arguments it was started with."""
    _allow_all_letters()
    try:
        speak(chosen_language(load_preferences().language))
        _run(sys.argv[1:])
    except KeyboardInterrupt:
        # While the program is being loaded, or where a command leaves Ctrl-C alone.
        sys.stderr.write("Interrupted.\n")
        sys.exit(_INTERRUPTED)


def _allow_all_letters() -> None:
    """Write “?” for letters that a pipe's encoding does not have, instead of failing at them."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _run(arguments: list[str]) -> None:
    if _may_be_command(arguments):
        from genstudio.cli import command_names, run_command

        if len(arguments) > 1 or arguments[0] in command_names() or _is_option(arguments):
            run_command()
            return
    package = _package(arguments)
    project = _project_folder(Path(arguments[0])) if arguments and package is None else None
    if project is not None and not project.is_dir():
        from genstudio.cli import command_names

        sys.exit(_not_found(arguments[0], command_names()))
    if sys.platform == "win32":
        # There, torch cannot be loaded any more once Qt is (WinError 1114).
        import_module("torch")
    from genstudio.opening import open_window

    sys.exit(open_window(project, package))


def _may_be_command(arguments: list[str]) -> bool:
    """Whether the commands have to be loaded: a path, as file managers give it, is none."""
    return bool(arguments) and (len(arguments) > 1 or not Path(arguments[0]).is_absolute())


def _package(arguments: list[str]) -> Path | None:
    """A model package that was opened by a double-click."""
    path = Path(arguments[0]) if arguments else Path()
    return path.absolute() if path.suffix == SUFFIX and path.is_file() else None


def _project_folder(path: Path) -> Path:
    """The folder of a project whose file was opened, as file managers do by a double-click."""
    return path.absolute().parent if path.name == _PROJECT_FILE and path.is_file() else path


def _is_option(arguments: list[str]) -> bool:
    return arguments[0].startswith("-")


def _not_found(word: str, commands: list[str]) -> int:
    close = difflib.get_close_matches(word, commands, n=1)
    hint = (
        tr("Did you mean “genstudio {close}”?", close=close[0])
        if close
        else tr("See “genstudio --help”.")
    )
    sys.stderr.write(
        tr("There is neither a command nor a folder “{word}”. {hint}\n", word=word, hint=hint)
    )
    return 2


if __name__ == "__main__":
    main()
