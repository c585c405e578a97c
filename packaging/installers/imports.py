"""What the program imports by name only, which no search for import statements would find.

Standard library only.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# How catalogues write down where something is: "package.module:object".
_LOCATION = re.compile(r"([a-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*")


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
