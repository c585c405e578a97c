"""A catalogue of things that others may add to: lazy, and no entry can harm another."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from genstudio.domain.errors import GenStudioError, UnknownEntryError
from genstudio.domain.language import tr

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
        aliases: Other names of built-in entries, in small letters; no package can take them.
        error: What is raised for an entry that is unknown or broken.
    """

    def __init__(
        self,
        what: str,
        group: str,
        built_in: Mapping[str, str],
        fault: Callable[[str, object], str] = lambda _key, _found: "",
        *,
        aliases: Mapping[str, str] | None = None,
        error: type[GenStudioError] = UnknownEntryError,
    ) -> None:
        self._what = what
        self._group = group
        self._built_in = built_in
        self._fault = fault
        self._aliases = aliases or {}
        self._error = error
        self._found: dict[str, str] | None = None

    @property
    def _locations(self) -> dict[str, str]:
        # No cached_property: until Python 3.12 it holds one lock for all registries, and a thread
        # that waits for it while another waits for that thread waits for ever.
        if self._found is None:
            found = dict(self._built_in)
            for entry in entry_points(group=self._group):
                if entry.name.lower() not in self._aliases:
                    found.setdefault(entry.name, entry.value)
            self._found = found
        return self._found

    def keys(self) -> list[str]:
        """All keys, built-in ones first; some may turn out not to be usable."""
        return list(self._locations)

    def get(self, key: str) -> T:
        """Import an entry.

        Args:
            key: Of an entry, or an alias.

        Raises:
            GenStudioError: Of the registry's own type, by default UnknownEntryError: no such key,
                and the hint lists the known ones; or it is broken.
        """
        key = self._aliases.get(key.lower(), key)
        location = self._locations.get(key)
        if location is None:
            known = ", ".join([*self._locations, *self._aliases])
            raise self._error(
                tr("There is no {what} “{key}”", what=self._what, key=key),
                "",
                tr("Known: {known}.", known=known),
            )
        module_name, _, name = location.partition(":")
        try:
            found = getattr(importlib.import_module(module_name), name)
        except (Exception, SystemExit) as error:
            if location == self._built_in.get(key):
                raise
            # The edge to other people's code: whatever it raises concerns its own package only.
            reason = tr(
                "It cannot be imported: {name}: {error}.", name=type(error).__name__, error=error
            )
            raise self._broken(key, location, reason) from error
        if fault := self._fault(key, found):
            raise self._broken(key, location, fault)
        return cast("T", found)

    def entries(self) -> Iterator[Entry[T]]:
        """Everything there is, usable or not."""
        for key in self.keys():
            try:
                yield Entry(key, self.get(key))
            except self._error as error:
                yield Entry(key, None, error)

    def duplicates(self) -> list[GenStudioError]:
        """What packages bring under names that are taken; the first of a name is used."""
        return [
            self._error(
                tr("Two entries are called “{name}” ({what})", name=entry.name, what=self._what),
                tr(
                    "They are {taken_by} and {value}; the first one is used.",
                    taken_by=taken_by,
                    value=entry.value,
                ),
                tr("Uninstall the package of the other one."),
            )
            for entry in entry_points(group=self._group)
            if (taken_by := self._taken_by(entry.name)) != entry.value
        ]

    def _taken_by(self, key: str) -> str:
        own = self._aliases.get(key.lower())
        return self._locations[key] if own is None else self._locations[own]

    def usable(self) -> list[T]:
        """Everything that can be used."""
        return [entry.value for entry in self.entries() if entry.value is not None]

    def _broken(self, key: str, location: str, why: str) -> GenStudioError:
        return self._error(
            tr("The {what} “{key}” cannot be used", what=self._what, key=key),
            tr(
                "{why} It is {location}, of a package that was installed beside GenStudio.",
                why=why,
                location=location,
            ),
            tr("Install that package again with all that it needs, or uninstall it."),
        )
