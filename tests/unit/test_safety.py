"""What the program must never contain: code from files, hidden formats, the network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import genstudio

PACKAGE = Path(genstudio.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

FORBIDDEN_MODULES = {
    "pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml",
    "socket", "ssl", "http", "ftplib", "smtplib", "requests", "aiohttp", "httpx",
    "xmlrpc", "webbrowser", "urllib.request",
}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {"torch.load", "torch.save", "np.fromfile", "os.system", "os.popen"}
# The protocol that sockets are made with, in Qt's own words.
FORBIDDEN_WORDS = ("QtNetwork", "QTcpSocket", "QNetworkAccessManager")


def offences(source: str) -> Iterator[str]:
    """Names of forbidden things that a module uses."""
    yield from (word for word in FORBIDDEN_WORDS if word in source)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from {alias.name, alias.name.split(".")[0]} & FORBIDDEN_MODULES
            case ast.ImportFrom(module=str(module)):
                yield from {module, module.split(".")[0]} & FORBIDDEN_MODULES
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield name
            case ast.Attribute() if ast.unparse(node) in FORBIDDEN_ATTRIBUTES:
                yield ast.unparse(node)
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield "allow_pickle=True"
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                yield "shell=True"
            case _:
                pass


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_neither_runs_files_nor_calls_home(path: Path) -> None:
    assert list(offences(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from urllib.request import urlopen",
        "import torch\ntorch.load('x')",
        "eval('1')",
        "np.load(path, allow_pickle=True)",
        "subprocess.run('ls', shell=True)",
        "from PySide6.QtNetwork import QTcpSocket",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(offences(source))
