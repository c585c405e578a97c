"""Packs as packages of their own, for the program that is installed and has no pip.

A pack goes into a folder beside the program (``pack_folders.py``), as a package for Debian and as
an archive for the other Linux systems. It holds only what the program does not hold itself.
Standard library only.
"""

import json
import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from email import message_from_string
from pathlib import Path

import dev_environment
from dev_environment import ROOT, SetupError

from installers import debian, environment, notices, pack_folders, payload, seeing
from installers.trimming import unused_in_packs

# Of the others, the program holds some; soundfont and language have no wheels for every Linux.
PACKAGES: Mapping[str, str] = {
    "video": "reads and writes films",
    "medical": "reads scans as DICOM and NIfTI files",
    "molecules": "learns and makes molecules",
    "diffusion": "makes pictures with weights of Stable Diffusion that you have",
    "onnx": "takes models out as ONNX files for other programs",
    "upscaling": "makes pictures larger by networks (Real-ESRGAN)",
    "seeing": "names what is on pictures and counts faces, for stories",
}
# No distributions of Python: files alone.
OF_DATA = frozenset({"seeing"})
# Of most, weights are a person's own.
_WEIGHTS: Mapping[str, str] = {
    "upscaling": "the weights of three networks",
    "seeing": "the weights of two networks",
}
# Which line of the selftest needs which pack.
TRIED_BY: Mapping[str, str] = {"video": "films", "molecules": "molecules", "diffusion": "diffusion"}
_FOLDER = payload.WORK / "packs"
_FOR_DEBIAN = "usr/lib/genstudio"
# Distributions that packs need, or use if they are there, and the program holds, by what is
# imported of them. They are packed whole: the program alone uses parts.
_SHARED = {
    "filelock": "filelock",
    "fsspec": "fsspec",
    "idna": "idna",
    "jinja2": "jinja2",
    "networkx": "networkx",
    "numpy": "numpy",
    "packaging": "packaging",
    "psutil": "psutil",
    "pydantic": "pydantic",
    "pillow": "PIL",
    "requests": "requests",
    "rich": "rich",
    "safetensors": "safetensors",
    "typer": "typer",
    "typing_extensions": "typing_extensions",
    "urllib3": "urllib3",
}
_FOR_OTHERS = re.compile(r"extra *==|\b(Windows|win32)\b")
# Fetches weights, for which packs have no network; what torch wants on other Pythons only; and what
# the program that comes with the networks of "upscaling" wants, of which only files are used.
_LEFT_OUT = frozenset({"hf_xet", "opencv_python", "setuptools"})
# PyInstaller takes all of torch, and of sympy all that importing it brings.
_WHOLE_ANYWAY = frozenset({"sympy", "torch"})


def shared_modules() -> list[str]:
    """Packages of the program that packs use, too, and that are packed whole for them."""
    return sorted(_SHARED.values())


def build(
    packed: Path, keys: Iterable[str] = tuple(PACKAGES), *, compression: str = "small"
) -> list[Path]:
    """Make the packages of some packs; gives the files in ``dist``.

    Args:
        packed: The folder that ``payload.build`` gives.
        keys: Of :data:`PACKAGES`.
        compression: A key of ``debian.COMPRESSIONS``.

    Raises:
        SetupError: A tool is missing or fails, or a pack does not fit the program.
    """
    made: list[Path] = []
    for key in keys:
        folder = gather(key, packed)
        made += [_deb(key, folder, packed, compression), _archive(key, folder, compression)]
        for path in made[-2:]:
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
    return made


def to_verify(program: Path) -> dict[str, Path]:
    """The packages in ``dist`` that a fresh system tries beside the program: pack => file."""
    _, ending = program.name.split("_", maxsplit=1)
    found = {key: program.with_name(f"genstudio-pack-{key}_{ending}") for key in TRIED_BY}
    return {key: path for key, path in found.items() if path.is_file()}


def gathered() -> list[Path]:
    """Folders of the packs that were made here."""
    return [folder for key in PACKAGES if (folder := _FOLDER / key).is_dir()]


def gather(key: str, packed: Path) -> Path:
    """Put what a pack brings into a folder, trimmed, compiled and with its notices; gives it.

    Raises:
        SetupError: It cannot be fetched, or does not fit the program.
    """
    inside = packed / "_internal"
    folder = _FOLDER / key
    shutil.rmtree(folder, ignore_errors=True)
    if key in OF_DATA:
        seeing.gather(folder)
        return _finished(key, folder, f"{payload.megabytes(folder):.0f} MB")
    held = distributions_in(inside)
    wanted = _resolved(key)
    brought = {name: version for name, version in wanted.items() if name not in {*held, *_LEFT_OUT}}
    pins = [f"{name}=={version}" for name, version in sorted(brought.items())]
    environment.pip("install", *_where(), "--no-deps", "--target", str(folder), *pins)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    _trim(folder)
    fault = misfit(
        brings=top_level(folder),
        holds=top_level(inside),
        needs={name for name in needed_by(folder) if name in held},
    )
    if fault:
        raise SetupError(f"The pack “{key}” does not fit the program: {fault}")
    return _finished(key, folder, f"{', '.join(pins)}; {payload.megabytes(folder):.0f} MB")


def _finished(key: str, folder: Path, words: str) -> Path:
    """Compile what was gathered, mark it, and write its notices."""
    compiling = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    stripped = ["-s", str(folder), "-p", f"/{_FOR_DEBIAN}/{pack_folders.FOLDER}/{key}"]
    environment.call([str(environment.python()), *compiling, *stripped, str(folder)])
    version = environment.project()["version"]
    (folder / pack_folders.MARK).write_text(f"{version}\n", encoding="utf-8")
    notices.write_for_pack(environment.python(), folder)
    print(f"{key}: {words}")
    return folder


def misfit(*, brings: set[str], holds: set[str], needs: set[str]) -> str:
    """Why a pack would not work beside the program; empty if it would.

    Args:
        brings: What can be imported of the pack.
        holds: What can be imported of the program.
        needs: Distributions of the program that the pack uses.
    """
    twice = sorted(brings & holds)
    if twice:
        return f"the program holds parts of the same: {', '.join(twice)}"
    whole = {name for name, module in _SHARED.items() if module in holds} | _WHOLE_ANYWAY
    in_parts = sorted(needs - whole)
    return f"the program may hold only parts of {', '.join(in_parts)}" if in_parts else ""


def top_level(folder: Path) -> set[str]:
    """Names that can be imported from a folder."""
    found = set[str]()
    for path in folder.iterdir():
        if path.suffix in {".py", ".pyc", ".so"}:
            found.add(path.name.split(".")[0])
        elif path.is_dir() and path.name.isidentifier() and path.name != "__pycache__":
            found.add(path.name)
    return found


def distributions_in(folder: Path) -> set[str]:
    """Names of the distributions in a folder, as they are compared.

    Those of which there is only the metadata do not count.
    """
    there = top_level(folder)
    return {
        canonical(path.parent.name.split("-")[0])
        for path in folder.glob("*.dist-info/RECORD")
        if there & {_module(line) for line in path.read_text(encoding="utf-8").splitlines()}
    }


def _module(line: str) -> str:
    """Which name the file that a line of RECORD is about can be imported by."""
    return re.split(r"[/.,]", line, maxsplit=1)[0]


def needed_by(folder: Path) -> set[str]:
    """What the distributions in a folder say that they need here, without their extras."""
    found = set[str]()
    for path in folder.glob("*.dist-info/METADATA"):
        for needed in message_from_string(path.read_text("utf-8")).get_all("Requires-Dist", []):
            name = re.match(r"[\w.-]+", needed)
            if name and not _FOR_OTHERS.search(needed):
                found.add(canonical(name[0]))
    return found


def canonical(name: str) -> str:
    """A distribution's name as all its spellings are compared."""
    return re.sub(r"[-_.]+", "_", name).lower()


def control(
    key: str, *, version: str, architecture: str, installed_kib: int, depends: Iterable[str]
) -> str:
    """The text of the control file of a pack's package."""
    # Exactly this version: it holds only what this version of the program lacks.
    wanted = [f"genstudio (= {version})", *sorted(depends)]
    return f"""\
Package: genstudio-pack-{key}
Version: {version}
Architecture: {architecture}
Maintainer: {debian.MAINTAINER}
Installed-Size: {installed_kib}
Depends: {", ".join(wanted)}
Section: graphics
Priority: optional
Description: GenStudio {PACKAGES[key]}
 A pack for GenStudio, which works without it.
 It brings {_WEIGHTS.get(key, "no weights")} and no pictures.
"""


def _resolved(key: str) -> dict[str, str]:
    """Everything that a pack needs, down to torch: distribution => version."""
    report = _FOLDER / f"{key}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    # As in an empty environment: what the tools for packing brought is not in the program.
    environment.pip(
        "install", "--dry-run", "--ignore-installed", "--report", str(report), *_where(),
        f"torch=={dev_environment.locked_version('torch')}", *environment.of_packs([key]),
    )  # fmt: skip
    told = json.loads(report.read_text(encoding="utf-8"))
    found = [it["metadata"] for it in told["install"]]
    return {canonical(it["name"]): it["version"] for it in found}


def _where() -> list[str]:
    return [*dev_environment.cpu_index(), "--constraint", str(environment.constraints())]


def _trim(folder: Path) -> None:
    below = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    names = {path.relative_to(folder).as_posix(): path for path in below}
    for name in unused_in_packs(names):
        names[name].unlink()
    payload.remove_empty_folders(folder)


def _deb(key: str, folder: Path, packed: Path, compression: str) -> Path:
    version = environment.project()["version"]
    name = f"genstudio-pack-{key}"
    root = payload.WORK / "deb-pack"
    shutil.rmtree(root, ignore_errors=True)
    place = root / _FOR_DEBIAN / pack_folders.FOLDER / key
    shutil.copytree(folder, place, symlinks=True, copy_function=os.link)
    notes = root / "usr" / "share" / "doc" / name
    notes.mkdir(parents=True)
    (notes / "copyright").symlink_to(f"/{place.relative_to(root)}/NOTICES.txt")
    debian.set_modes(root / "usr")
    text = control(
        key,
        version=version,
        architecture=debian.architecture(),
        installed_kib=round(payload.megabytes(root) * 1e6 / 1024),
        depends=debian.depends(place, beside=packed),
    )
    return debian.pack(root, text, name, compression)


def _archive(key: str, folder: Path, compression: str) -> Path:
    """For a program that came by the ``.run``: to be unpacked in the program's folder."""
    version = environment.project()["version"]
    to = environment.DIST / f"genstudio-pack-{key}-{version}-linux-{platform.machine()}.tar.xz"
    compress = f"xz -T0 -{0 if compression == 'quick' else 6}"
    environment.call(
        ["tar", "-C", str(folder.parent), "-I", compress, "--owner=0", "--group=0", "--sort=name",
         f"--transform=s,^,{pack_folders.FOLDER}/,", "-cf", str(to), key]
    )  # fmt: skip
    return to
