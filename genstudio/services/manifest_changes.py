"""What is other in a set of pictures than when a run froze it, in names and in words."""

from collections.abc import Collection
from dataclasses import dataclass

from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.language import tr

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChanges:
    """Names of pictures.

    Attributes:
        added: Would be learned from now, and were not there.
        gone: Were learned from, and are not there any more.
        changed: Have other content.
        left_out: Were learned from, and are taken out now.
        cropped: Whether other squares of them are learned.
        unreachable: Whether their folder is not there, or cannot be read; all are gone, then.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    cropped: bool = False
    unreachable: bool = False

    def __bool__(self) -> bool:
        """Whether anything is other."""
        return bool(self.added or self.gone or self.changed or self.left_out or self.cropped)

    def sentence(self) -> str:
        """All of it in words; empty if nothing is other."""
        parts = [
            tr(
                "{num_names:,} {what} ({named})",
                num_names=len(names),
                what=what,
                named=_named(names),
            )
            for names, what in (
                (self.added, tr("new")),
                (self.gone, tr("gone")),
                (self.changed, tr("changed")),
                (self.left_out, tr("left out")),
            )
            if names
        ]
        if self.cropped:
            parts.append(tr("other crops"))
        return f"{', '.join(parts)}." if parts else ""


def changes_since(manifest: Manifest, report: ScanReport, excluded: Collection[str]) -> SetChanges:
    """Compare what a run froze with what would be frozen now.

    Args:
        manifest: Of the run.
        report: Of the folder as it is now.
        excluded: Names that are taken out now.
    """
    if manifest.folder != report.folder:
        return SetChanges()
    before = dict(manifest.pictures)
    now = {it.name: it.content_hash for it in report.pictures}
    out = frozenset(excluded)
    used = {name: digest for name, digest in now.items() if name not in out}
    crops = {
        name: tuple(sorted(own)) for name, own in report.crops.items() if own and name in before
    }
    crops_before: dict[str, list[tuple[int, int, int]]] = {}
    for place, left, top, side in manifest.crops:
        crops_before.setdefault(manifest.pictures[place][0], []).append((left, top, side))
    return SetChanges(
        added=tuple(name for name in used if name not in before),
        gone=tuple(name for name in before if name not in now),
        changed=tuple(name for name in used if name in before and before[name] != used[name]),
        left_out=tuple(name for name in before if name in now and name in out),
        cropped=crops != {name: tuple(sorted(own)) for name, own in crops_before.items()},
    )


def _named(names: Collection[str]) -> str:
    some = list(names)[:_MOST_NAMED]
    return ", ".join(some) + ("…" if len(names) > len(some) else "")
