#!/bin/sh
# typer 0.29.2: the commands that typer.main.get_command gives are none of click's, for typer has a copy of
# click inside (typer._click); whoever walks them with click's classes finds no group.
#
# Guess before running: typer is built on click, so that a group of it is a click.Group, and tools for
# click (translating or documenting help) take it.
# Seen: with click installed beside it, isinstance(get_command(app), click.Group) is False; the class is
# typer.core.TyperGroup over typer._click.core.Group. A walk by isinstance ends at the first level
# without a word: only the help of the program itself was translated, that of its commands was not.
# What we do: commands are told by having commands inside (genstudio/cli_help.py).
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet typer==0.29.2 click
"$place/env/bin/python" - <<'PYTHON'
import click
import typer
from typer.main import get_command

app = typer.Typer()


@app.command()
def one() -> None:
    """One."""


@app.command()
def two() -> None:
    """Two."""


command = get_command(app)
bases = [f"{base.__module__}.{base.__name__}" for base in type(command).__mro__]
print("typer", typer.__version__, isinstance(command, click.Group), bases[:3])
assert not isinstance(command, click.Group)
assert not isinstance(command, click.Command)
assert any(base.startswith("typer._click") for base in bases), bases
assert sorted(command.commands) == ["one", "two"]
PYTHON
echo "as described"
