"""A catalogue of things that others may add to: lazy, and no entry can harm another."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from genstudio.domain.errors import GenStudioError, UnknownEntryError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One entry: what it is, or why it cannot be used."""

    key: str
    value: T | None
    error: GenStudioError | None = None


class Registry(Generic[T]):
    """Entries by key, imported when they are asked for.

    Args:
        what: What an entry is called in messages, such as "modality".
        group: Entry-point group by which packages add entries.
        built_in: Key => "module:object" of the program's own.
        fault: Says what is wrong with an imported object; empty if nothing is.
    """

    def __init__(
        self,
        what: str,
        group: str,
        built_in: Mapping[str, str],
        fault: Callable[[str, object], str] = lambda _key, _found: "",
    ) -> None:
        self._what = what
        self._group = group
        self._built_in = built_in
        self._fault = fault

    @cached_property
    def _locations(self) -> dict[str, str]:
        found = dict(self._built_in)
        for entry in entry_points(group=self._group):
            found.setdefault(entry.name, entry.value)
        return found

    def keys(self) -> list[str]:
        """All keys, built-in ones first; some may turn out not to be usable."""
        return list(self._locations)

    def get(self, key: str) -> T:
        """Import an entry.

        Raises:
            UnknownEntryError: No such key, and the hint lists the known ones; or it is broken.
        """
        location = self._locations.get(key)
        if location is None:
            known = ", ".join(self._locations)
            raise UnknownEntryError(f"There is no {self._what} “{key}”", "", f"Known: {known}.")
        module_name, _, name = location.partition(":")
        try:
            found = getattr(importlib.import_module(module_name), name)
        except (Exception, SystemExit) as error:
            if location == self._built_in.get(key):
                raise
            # The edge to other people's code: whatever it raises concerns its own package only.
            reason = f"It cannot be imported: {type(error).__name__}: {error}."
            raise self._broken(key, location, reason) from error
        if fault := self._fault(key, found):
            raise self._broken(key, location, fault)
        return cast("T", found)

    def entries(self) -> Iterator[Entry[T]]:
        """Everything there is, usable or not."""
        for key in self.keys():
            try:
                yield Entry(key, self.get(key))
            except UnknownEntryError as error:
                yield Entry(key, None, error)

    def usable(self) -> list[T]:
        """Everything that can be used."""
        return [entry.value for entry in self.entries() if entry.value is not None]

    def _broken(self, key: str, location: str, why: str) -> UnknownEntryError:
        return UnknownEntryError(
            f"The {self._what} “{key}” cannot be used",
            f"{why} It is {location}, of a package that was installed beside GenStudio.",
            "Install that package again with all that it needs, or uninstall it.",
        )
