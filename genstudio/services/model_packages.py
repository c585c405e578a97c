"""Model packages: a trained model as one file, with its card, and taken in by another project.

A package is a stranger's: nothing in it is run, nothing but the few names of the format is
unpacked, sizes and checksums are checked while it is read, and what is not whole leaves nothing
behind.
"""

import hashlib
import json
import os
import shutil
import struct
import zipfile
from pathlib import Path
from typing import IO, Any, Final, cast

import tomli_w

import genstudio
from genstudio.domain import model_packages as packed
from genstudio.domain.errors import GenStudioError, ProjectError, SettingsError
from genstudio.domain.files import explained, free_disk_bytes, is_file, replacing, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.model_packages import PackageList, PackedFile
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import setting_fields
from genstudio.domain.training import new_run_id
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.checkpoint_files import CHECKSUMS, PARTIAL
from genstudio.models.catalog import model_class
from genstudio.services.content_credentials import Authorship
from genstudio.services.generation import load_model
from genstudio.services.model_cards import model_page
from genstudio.services.projects import Project
from genstudio.services.runs import Run

# Older than any file: packages of the same model are the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK_BYTES = 2**22
_LARGEST_LIST_BYTES = 2**18
_LARGEST_BYTES: Final = {packed.WEIGHTS: 2**36}
_LARGEST_OTHER_BYTES = 2**26
# A dozen short names; zipfile reads the whole directory before it can be asked how long it is.
_LONGEST_DIRECTORY_BYTES = 2**14
# The end of a zip file without a comment: record and locator of zip64, and the end itself.
_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q4sLQL")
_IMPORTED: Final = "imported"


def write_package(
    run: Run, checkpoint: Checkpoint, to: Path, *, title: str, about: Authorship
) -> Working[Path]:
    """Write a run's averaged weights with all that is needed to use them; gives the file.

    What it learned from stays here: no picture, no name of a file or folder goes along, but the
    names of classes and the words that captions have, without which it could not be asked for them.

    Args:
        run: The run.
        checkpoint: Its weights.
        to: A new file.
        title: Name for people.
        about: Whose it is.

    Raises:
        GenStudioError: The model cannot be loaded, or the file not be written.
    """
    page = yield from model_page(run, checkpoint, about, title)
    content: dict[str, bytes | Path] = {
        packed.RUN: _run_toml(run, title),
        packed.STATE: checkpoint.path / "state.json",
        packed.WEIGHTS: checkpoint.path / "ema.safetensors",
        packed.SHEET: page.sheet_png,
        packed.CARD: page.page,
    }
    if is_file(checkpoint.path / "preview.png") and page.sheet_png:
        # Not the preview of the run: a person's own pictures may stand on it.
        content[packed.PREVIEW] = page.sheet_png
    content = {name: it for name, it in content.items() if it}
    listed = PackageList(
        format_version=packed.FORMAT_VERSION,
        title=title,
        run=run.path.name,
        model_key=run.settings.model_key,
        step=checkpoint.state.step,
        author=about.author,
        licence=about.licence,
        statement=about.statement,
        software=f"GenStudio {genstudio.__version__}",
        files={name: _described(it) for name, it in content.items()},
    )
    with (
        explained(to),
        replacing(to) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        _write(archive, packed.LIST, listed.model_dump_json(indent=1).encode())
        for number, (name, it) in enumerate(content.items(), start=1):
            _write(archive, name, it)
            yield Progress(tr("Packing the model"), number, len(content))
    return to


def read_list(package: Path) -> PackageList:
    """What a package says of itself; nothing is unpacked.

    Raises:
        ProjectError: It is no package, a damaged one, or of a newer program.
    """
    with _opened(package) as archive:
        return _list_of(archive, package)


def take_in(package: Path, project: Project) -> Working[Run]:
    """Make a run of a package, which can do everything but go on learning.

    Args:
        package: The file; only read.
        project: Where the run is made.

    Returns:
        The run. It has the name that it had, so that recipes of its results find it.

    Raises:
        ProjectError: It is damaged, needs what is not here, or the model is here already.
    """
    with _opened(package) as archive:
        listed = _list_of(archive, package)
        target = project.path / "runs" / listed.run
        if target.exists():
            target = _another_place(target, listed)
        _refuse_full_disk(project, listed)
        # Not among the runs before it is whole, but as deep: a run asks for its project.
        aside = project.path / f"{PARTIAL}model"
        shutil.rmtree(aside, ignore_errors=True)
        partial = aside / target.name
        try:
            with explained(partial):
                (partial / "checkpoints" / str(listed.step)).mkdir(parents=True)
            for number, name in enumerate(listed.files, start=1):
                place = _unpacked_place(partial, listed, name)
                _unpack(archive, name, listed.files[name], place, package)
                yield Progress(tr("Taking in the model"), number, len(listed.files))
            _finish(partial, listed, package)
            _refuse_useless(partial, listed, package)
            with explained(target):
                target.parent.mkdir(exist_ok=True)
                partial.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return Run(target)


def _described(content: bytes | Path) -> PackedFile:
    if isinstance(content, bytes):
        return PackedFile(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    with explained(content), content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PackedFile(size=content.stat().st_size, sha256=digest)


def _write(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with archive.open(entry, "w", force_zip64=True) as target, content.open("rb") as source:
        shutil.copyfileobj(source, target, _BLOCK_BYTES)


def _run_toml(run: Run, title: str) -> bytes:
    """The run's settings without what leads to a person's files."""
    file = run.file
    settings = file.settings.model_copy(update={"lesson": ""})
    for field in _places(run):
        if settings.model.get(field):
            raise SettingsError(
                tr("This model is only a change of weights that lie elsewhere"),
                tr("Without them it is nothing, and they are not yours to pass on here."),
                tr("Use “Save a LoRA” on the Create page."),
            )
    shared = file.model_copy(
        update={
            "dataset": _IMPORTED,
            "settings": settings,
            "held_out": (),
            "branched_from": "",
            "imported_from": title,
        }
    )
    content = shared.model_dump(mode="json")
    return tomli_w.dumps(content).encode()


def _places(run: Run) -> list[str]:
    fields = setting_fields(model_class(run.settings.model_key).Config)
    return [field.name for field in fields if field.hints.opens]


def _opened(package: Path) -> zipfile.ZipFile:
    if not is_file(package):
        raise ProjectError(
            tr("{name} cannot be read", name=package.name),
            tr("{path} is no file.", path=package),
            tr("Choose another one."),
        )
    _refuse_long_directory(package)
    try:
        return zipfile.ZipFile(package)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(package, str(error)) from error


def _refuse_long_directory(package: Path) -> None:
    with explained(package), package.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END64.size - _END.size))
        tail = file.read()
    if len(tail) < _END.size:
        raise _damaged(package, tr("It is no zip file"))
    end = _END.unpack(tail[-_END.size :])
    lengths = [end[5]]
    before = tail[: -_END.size]
    if len(before) == _END64.size and before[-20:-16] == b"PK\x06\x07":
        lengths.append(_END64.unpack(before)[8])
    if end[0] != b"PK\x05\x06" or end[7] != 0:
        raise _damaged(package, tr("It is no zip file"))
    if max(lengths) > _LONGEST_DIRECTORY_BYTES:
        raise _damaged(package, tr("It holds files that do not belong into a package"))


def _list_of(archive: zipfile.ZipFile, package: Path) -> PackageList:
    names = [entry.filename for entry in archive.infolist()]
    known = {packed.LIST, *packed.MEMBERS}
    if packed.LIST not in names:
        raise ProjectError(
            tr("{name} is no model package", name=package.name),
            tr("It does not say what is in it."),
            tr("Choose a file that GenStudio saved as a package."),
        )
    if len(names) != len(set(names)) or not set(names) <= known:
        raise _damaged(package, tr("It holds files that do not belong into a package"))
    raw = _read_small(archive, packed.LIST, _LARGEST_LIST_BYTES, package)
    try:
        content: Any = json.loads(raw)
        own = cast("dict[str, object]", content) if isinstance(content, dict) else {}
        version = own.get("format_version")
        if isinstance(version, int) and version > packed.FORMAT_VERSION:
            raise ProjectError(
                tr("{name} was made by a newer GenStudio", name=package.name),
                tr(
                    "It has format {version}; this program reads up to {known}.",
                    version=version,
                    known=packed.FORMAT_VERSION,
                ),
                tr("Update GenStudio to open it."),
            )
        listed = PackageList.model_validate(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(package, tr("Its list cannot be read")) from error
    if not set(listed.files) >= packed.NEEDED or set(listed.files) != set(names) - {packed.LIST}:
        raise _damaged(package, tr("Its list does not fit what is in it"))
    return listed


def _read_small(archive: zipfile.ZipFile, name: str, most: int, package: Path) -> bytes:
    try:
        with archive.open(name) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _damaged(package, str(error)) from error
    if len(content) > most:
        raise _damaged(package, tr("{name} is too large", name=name))
    return content


def _unpack(
    archive: zipfile.ZipFile, name: str, expected: PackedFile, place: Path, package: Path
) -> None:
    """Write one file while it is checked: no more than was said is ever written."""
    if expected.size > _LARGEST_BYTES.get(name, _LARGEST_OTHER_BYTES):
        raise _damaged(package, tr("{name} is too large", name=name))
    digest, left = hashlib.sha256(), expected.size
    try:
        with archive.open(name) as source, explained(place), place.open("xb") as target:
            while block := _block(source, left):
                digest.update(block)
                left -= len(block)
                target.write(block)
            is_longer = bool(source.read(1))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise _damaged(package, str(error)) from error
    if left or is_longer or digest.hexdigest() != expected.sha256:
        raise _damaged(package, tr("{name} is not what was packed", name=name))


def _block(source: IO[bytes], left: int) -> bytes:
    return source.read(min(_BLOCK_BYTES, left)) if left else b""


def _unpacked_place(partial: Path, listed: PackageList, name: str) -> Path:
    if name in (packed.WEIGHTS, packed.STATE, packed.PREVIEW):
        return partial / "checkpoints" / str(listed.step) / name.rpartition("/")[2]
    return partial / name


def _finish(partial: Path, listed: PackageList, package: Path) -> None:
    """List what the checkpoint holds, and see that the run is one of this format."""
    folder = partial / "checkpoints" / str(listed.step)
    sums = {
        _unpacked_place(partial, listed, name).name: it.sha256
        for name, it in listed.files.items()
        if name.startswith("checkpoint/")
    }
    write_bytes(folder / CHECKSUMS, json.dumps(sums, indent=1).encode())
    try:
        run = Run(partial)
    except GenStudioError as error:
        raise _damaged(package, error.message) from error
    fits = run.settings.model_key == listed.model_key and run.file.dataset == _IMPORTED
    if not fits or run.file.held_out != () or not run.file.imported_from:
        raise _damaged(package, tr("Its list does not fit what is in it"))


def _refuse_useless(partial: Path, listed: PackageList, package: Path) -> None:
    """Load it once: weights that do not fit are told now, and not when they are needed."""
    run = Run(partial)
    try:
        checkpoint = run.checkpoint(str(listed.step))
        if checkpoint.state.step != listed.step:
            raise _damaged(package, tr("Its list does not fit what is in it"))
        load_model(run, checkpoint)
    except ProjectError:
        raise
    except GenStudioError as error:
        raise ProjectError(
            tr("{name} cannot be used here", name=package.name),
            f"{error.title}. {error.message}",
            error.hint,
        ) from error


def _another_place(target: Path, listed: PackageList) -> Path:
    """A new name where another run has that of the package.

    Raises:
        ProjectError: It is this very model.
    """
    weights = listed.files[packed.WEIGHTS].sha256
    try:
        known = Run(target).checkpoint(str(listed.step)).checksums.get("ema.safetensors")
    except GenStudioError:
        known = None
    if known == weights:
        raise ProjectError(
            tr("This model is in the project already"),
            target.name,
            tr("Choose it on the Create page."),
        )
    return target.with_name(new_run_id(listed.model_key))


def _refuse_full_disk(project: Project, listed: PackageList) -> None:
    needed = sum(it.size for it in listed.files.values())
    free = free_disk_bytes(project.path)
    if needed > free:
        raise ProjectError(
            tr("The disk has no room for this model"),
            tr(
                "It takes {needed:.0f} MB, and {free:.0f} MB are free.",
                needed=needed / 1e6,
                free=free / 1e6,
            ),
            tr("Free some space, then try again."),
        )


def _damaged(package: Path, reason: str) -> ProjectError:
    return ProjectError(
        tr("{name} is damaged, or no model package", name=package.name),
        f"{reason}.",
        tr("Nothing of it was taken in. Ask for it again."),
    )
