"""What the program must never contain: code from files, hidden formats, the network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import genstudio

PACKAGE = Path(genstudio.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

FORBIDDEN_MODULES = {
    "pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "ruamel",
    "code", "codeop", "runpy", "imp", "ctypes", "cffi",
    "socket", "socketserver", "ssl", "asyncio", "http", "ftplib", "smtplib", "poplib", "imaplib",
    "telnetlib", "nntplib", "requests", "aiohttp", "httpx", "httpcore", "urllib3", "websockets",
    "xmlrpc", "webbrowser", "urllib.request",
    # Parsers that follow entities into memory bombs and foreign files; defusedxml does not.
    "xml", "lxml",
}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    "torch.load", "torch.save", "torch.jit.load", "torch.package", "torch.hub", "np.fromfile",
    # They fall back on pickle, or parse what stands at the beginning of a file as Python.
    "np.load", "numpy.load", "np.lib.format.read_array", "np.lib.format.read_array_header_1_0",
    "os.system", "os.popen", "os.startfile", "tempfile.mktemp", "shutil.unpack_archive",
}  # fmt: skip
# Archives are unpacked to wherever the names inside them lead; databases run what they load.
FORBIDDEN_METHODS = {"extract", "extractall", "enable_load_extension", "load_extension"}
FORBIDDEN_PREFIXES = ("os.exec", "os.spawn", "os.posix_spawn")
# The protocol that sockets are made with, in Qt's own words, and what starts or loads programs.
FORBIDDEN_WORDS = (
    "QtNetwork", "QTcpSocket", "QNetworkAccessManager", "QtWebEngine", "QProcess", "QPluginLoader",
)  # fmt: skip
# What imports names that are not written down beside the call: the catalogues' own entries.
MAY_IMPORT_BY_NAME = {"domain/registry.py"}
IMPORTS_BY_NAME = "import_module of a name that is computed"


def offences(source: str) -> Iterator[str]:
    """Names of forbidden things that a module uses."""
    yield from (word for word in FORBIDDEN_WORDS if word in source)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from {alias.name, alias.name.split(".")[0]} & FORBIDDEN_MODULES
            case ast.ImportFrom(module=str(module), names=names):
                yield from {module, module.split(".")[0]} & FORBIDDEN_MODULES
                yield from {f"{module}.{alias.name}" for alias in names} & FORBIDDEN_ATTRIBUTES
            case ast.Call():
                yield from _offences_of_call(node)
            case ast.Attribute():
                yield from _offences_of_attribute(node)
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield "allow_pickle=True"
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                yield "shell=True"
            case _:
                pass


def _offences_of_call(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    if name in FORBIDDEN_CALLS:
        yield name
    if name.split(".")[-1] == "import_module" and not isinstance(call.args[0], ast.Constant):
        yield IMPORTS_BY_NAME
    if name.split(".")[-1] == "open_memmap":
        modes = {word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
        if "w+" not in modes:
            yield "open_memmap of a file that is there"


def _offences_of_attribute(node: ast.Attribute) -> Iterator[str]:
    name = ast.unparse(node)
    if name in FORBIDDEN_ATTRIBUTES or name.startswith(FORBIDDEN_PREFIXES):
        yield name
    if node.attr in FORBIDDEN_METHODS:
        yield node.attr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_neither_runs_files_nor_calls_home(path: Path) -> None:
    allowed = path.relative_to(PACKAGE).as_posix() in MAY_IMPORT_BY_NAME
    found = list(offences(path.read_text(encoding="utf-8")))

    assert found == ([IMPORTS_BY_NAME] if allowed else [])


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
        "import asyncio",
        "import ctypes.util",
        "from xml.etree import ElementTree",
        "from lxml import etree",
        "import yaml\nyaml.safe_load('x')",
        "np.load(path)",
        "from numpy.lib import format\nformat.open_memmap(path)",
        "np.lib.format.open_memmap(path, mode='r')",
        "importlib.import_module(file.read_text())",
        "import_module(settings.model_key)",
        "import shutil\nshutil.unpack_archive(path)",
        "from shutil import unpack_archive",
        "tarfile.open(path).extractall(folder)",
        "zipfile.ZipFile(path).extract(name)",
        "connection.enable_load_extension(True)",
        "os.execvp(name, arguments)",
        "os.posix_spawn(name, arguments, {})",
        "torch.jit.load(path)",
        "QProcess.startDetached(name)",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "import_module('genstudio.engine.device')",
        "np.lib.format.open_memmap(path, mode='w+', shape=(2, 3))",
        "import defusedxml.ElementTree",
        "import zipfile\nzipfile.ZipFile(path, 'w').write(name)",
        "model.eval()",
    ],
)
def test_the_search_lets_pass_what_is_harmless(source: str) -> None:
    assert list(offences(source)) == []
