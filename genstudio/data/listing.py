"""Which files in a folder, and in the folders inside it, are pictures; nothing is opened."""

import errno
import os
import re
import stat
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genstudio.data.decode import why_inaccessible
from genstudio.data.formats import SUFFIXES, may_be_picture, passed_over_kind
from genstudio.domain.datasets import UnreadablePicture
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, trn

# What systems, storage devices and programs keep beside a person's pictures: thumbnails,
# deleted ones, earlier versions.
_SYSTEM_FOLDERS = frozenset(
    {
        "$recycle.bin",
        "#recycle",
        "#snapshot",
        "@__thumb",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@sharebin",
        "@tmp",
        "__macosx",
        "_gsdata_",
        "lost+found",
        "network trash folder",
        "recycled",
        "recycler",
        "system volume information",
        "temporary items",
        "zbthumbnail.info",
    }
)
_SYSTEM_ENDINGS = (
    ".lrdata",
    ".lrlibrary",
    ".photoslibrary",
    ".photolibrary",
    ".migratedphotolibrary",
    ".aplibrary",
    ".cocatalog",
    ".fcpbundle",
    ".app",
)
_REPAIRED = re.compile(r"found\.\d{3}")
# What captions are written in.
_KINDS_OF_TEXT = frozenset({"TXT", "CSV", "TSV", "JSONL"})
_DIGITS = re.compile(r"[0-9]+")

_NO_SUCH_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})

# Device and number of a folder, or its real path: the same however it is come by.
_Identity = tuple[int, int] | str


@dataclass(slots=True, kw_only=True)
class Listing:
    """What is in a folder and in the folders inside it.

    Attributes:
        names: Paths of pictures relative to the folder, with forward slashes, in natural order.
        passed_over: How many other files there are of each kind, such as ``HEIC``.
        texts: Paths of files that may hold captions, as ``names`` has them; they are among those
            that are passed over.
        unreadable: Folders inside it that cannot be looked into.
    """

    names: list[str] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    unreadable: list[UnreadablePicture] = field(default_factory=list)


def natural_key(name: str) -> str:
    """Sorts ``frame2`` before ``frame10``, and small letters like capital ones."""
    return _DIGITS.sub(_number_key, name.casefold())


def _number_key(digits: re.Match[str]) -> str:
    # Longer numbers are larger ones; what they begin with sorts them among letters.
    number = digits[0].lstrip("0")
    return f"0{chr(len(number))}{number}"


def list_pictures(folder: Path, within: Sequence[str] = ()) -> Listing:
    """Find the pictures in a folder, also behind links to other folders.

    Folders that systems and programs keep for themselves are not looked into, and none is twice.

    Args:
        folder: To look through.
        within: Folders inside it that alone are looked into, relative and with forward slashes;
            by default all.

    Raises:
        DatasetError: The folder is missing, cannot be read, or holds no pictures.
    """
    refuse_no_folder(folder)
    walk = _Walk(folder)
    found = walk.listing(within)
    if not found.names:
        raise _nothing_found(folder, found)
    # Names that differ in zeros or capitals only still have one order.
    found.names.sort()
    found.names.sort(key=natural_key)
    found.texts.sort()
    return found


def list_files(folder: Path, suffixes: Collection[str]) -> Listing:
    """Find pictures and files with some other suffixes, as :func:`list_pictures` does.

    Args:
        folder: To look through.
        suffixes: In small letters, with the dot.

    Raises:
        DatasetError: The folder is missing or cannot be read.
    """
    refuse_no_folder(folder)
    wanted = tuple(suffixes)
    found = _Walk(folder, lambda name: _is_wanted(name, wanted)).listing()
    found.names.sort()
    found.names.sort(key=natural_key)
    return found


def _is_wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    if may_be_picture(name):
        return True
    # Some systems keep what they know of a file in another one, called like it behind “._”.
    return name.lower().endswith(suffixes) and not name.startswith(".")


def refuse_no_folder(folder: Path) -> None:
    """Say why a folder cannot be looked through, where it cannot.

    Raises:
        DatasetError: It is missing, a file, or may not be read.
    """
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise DatasetError(
                tr("{folder} is a file", folder=folder),
                "",
                tr("Choose the folder that the pictures are in."),
            )
        os.scandir(folder).close()
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno in _NO_SUCH_FOLDER:
            hint = tr("Check the spelling, or whether a drive is missing.")
            raise DatasetError(
                tr("There is no folder {folder}", folder=folder), "", hint
            ) from error
        raise DatasetError(
            tr("The folder {folder} cannot be read", folder=folder),
            f"{error.strerror}.",
            tr("Check its permissions."),
        ) from error


def _nothing_found(folder: Path, found: Listing) -> DatasetError:
    others = found.passed_over.total()
    what = (
        trn("It holds {number} other file.", "It holds {number} other files.", others)
        if others
        else tr("It is empty.")
    )
    if found.unreadable:
        what = f"{found.unreadable[0].name}: {found.unreadable[0].reason}"
    kinds = ", ".join(sorted(suffix[1:].upper() for suffix in SUFFIXES))
    return DatasetError(
        tr("There are no pictures in {folder}", folder=folder),
        what,
        tr("Kinds that can be read: {kinds}.", kinds=kinds),
    )


def shown_name(name: str) -> str:
    """A name that can be written down; on some systems names need not be text."""
    return name.encode("utf-8", "replace").decode("utf-8")


class _Walk:
    """One walk through a folder: own folders first, then those behind links."""

    def __init__(self, folder: Path, takes: Callable[[str], bool] = may_be_picture) -> None:
        self._folder = folder
        self._takes = takes
        self._found = Listing()
        self._visited: set[_Identity] = set()
        self._linked: deque[str] = deque()
        # A link to one of these leads to all that is around the folder.
        self._around = {os.path.realpath(parent) for parent in folder.resolve().parents}

    def listing(self, within: Sequence[str] = ()) -> Listing:
        """Walk through the folder, or some folders inside it, and give what was found."""
        left = list(within) or [""]
        while left or self._linked:
            if left:
                left += self._folders_in(left.pop())
            else:
                left.append(self._linked.popleft())
        return self._found

    def _folders_in(self, inside: str) -> list[str]:
        """Take up the files of a folder; gives the folders in it that are no links."""
        # A Path for each of very many files would take longer than finding them.
        path = os.path.join(self._folder, inside)  # noqa: PTH118
        folders: list[str] = []
        try:
            identity = _identity(path)
            if identity not in self._visited:
                self._visited.add(identity)
                with os.scandir(path) as entries:
                    for entry in entries:
                        self._take_up(entry, inside and f"{inside}/", folders)
        except OSError as error:
            reason = why_inaccessible(error).replace("It", tr("The folder"), 1)
            name = f"{shown_name(inside)}/"
            self._found.unreadable.append(UnreadablePicture(name=name, reason=reason))
        return folders

    def _take_up(self, entry: os.DirEntry[str], prefix: str, folders: list[str]) -> None:
        if _is_folder(entry):
            if _is_of_the_system(entry.name):
                return
            if not _is_link(entry):
                folders.append(prefix + entry.name)
            elif os.path.realpath(entry.path) not in self._around:
                self._linked.append(prefix + entry.name)
        elif self._takes(entry.name):
            self._found.names.append(prefix + entry.name)
        elif kind := passed_over_kind(entry.name):
            self._found.passed_over[kind] += 1
            if kind in _KINDS_OF_TEXT:
                self._found.texts.append(prefix + entry.name)


def _identity(path: str) -> _Identity:
    status = os.stat(path)  # noqa: PTH116  # as above
    # Some network drives number nothing.
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # It may not be examined: its name says what it is.


def _is_link(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return entry.is_symlink()
    # Junctions are no links for Python.
    status = entry.stat(follow_symlinks=False)
    return bool(getattr(status, "st_reparse_tag", 0))


def _is_of_the_system(name: str) -> bool:
    low = name.casefold()
    if low[0] == "." or low in _SYSTEM_FOLDERS or low.endswith(_SYSTEM_ENDINGS):
        return True
    return _REPAIRED.fullmatch(low) is not None
