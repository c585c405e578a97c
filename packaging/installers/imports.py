"""What the program imports by name only, which no search for import statements would find.

Standard library only.
"""

import ast
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

# How catalogues write down where something is: "package.module:object".
_LOCATION = re.compile(r"([a-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*")

# Of the standard library: its own tests and tools, windows of another kit, and what wants libraries
# of the system that not every desktop has (terminals, databases of Unix).
_NOT_FOR_PACKS = frozenset(
    {
        "__phello__", "_crypt", "_curses", "_curses_panel", "_dbm", "_gdbm", "_tkinter",
        "antigravity", "crypt", "curses", "dbm", "distutils", "ensurepip", "idlelib", "lib2to3",
        "nis", "ossaudiodev", "pydoc_data", "readline", "rlcompleter", "spwd", "test", "this",
        "tkinter", "turtle", "turtledemo", "venv",
    }
)  # fmt: skip
_TESTS = re.compile(r"(^|\.)(_?tests?|conftest|idle_test|__main__|examples?|benchmarks?)(\.|$)")


def hidden_imports(package: Path) -> list[str]:
    """Every module of the package, and every module that it names in a string.

    All modules, because none of them is there for nothing: so a new one cannot be forgotten,
    whichever way it comes to be imported. Modules of other packages are found where a catalogue
    names an entry ("package.module:object") or ``import_module`` is called.

    Args:
        package: Folder of the package's source.
    """
    found = set(_own_modules(package))
    for path in package.rglob("*.py"):
        found.update(_named_modules(path.read_text(encoding="utf-8"), package.name))
    return sorted(found)


def _own_modules(package: Path) -> Iterator[str]:
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named_modules(source: str, package: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if (
                ast.unparse(function).split(".")[-1] == "import_module"
            ):
                yield name
            case ast.Dict(values=values):
                yield from _locations(values, package)
            case _:
                pass


def _locations(values: list[ast.expr], package: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found = _LOCATION.fullmatch(value.value)
            # A word with a colon is a location only where a module can be.
            if found and ("." in found[1] or found[1] == package):
                yield found[1]


def standard_library() -> list[str]:
    """Every module of the standard library that a pack may want.

    The program itself needs few of them, and a packed program holds no other: what is installed
    beside it afterwards (packs.py) would miss them.
    """
    names = sorted(sys.stdlib_module_names - _NOT_FOR_PACKS)
    return [name for top in names for name in modules_of(top) if not _TESTS.search(name)]


def whole_package(name: str) -> list[str]:
    """Every module of a package of others, without its tests."""
    return [module for module in modules_of(name) if not _TESTS.search(module)]


def modules_of(name: str, path: list[str] | None = None) -> Iterator[str]:
    """A module and all below it that can be found here; imports none of them."""
    spec = PathFinder.find_spec(name, path)
    if spec is None and name in sys.builtin_module_names:
        yield name
    if spec is None:
        return
    yield name
    folders = list(spec.submodule_search_locations or ())
    for found in pkgutil.iter_modules(folders):
        yield from modules_of(f"{name}.{found.name}", folders)
