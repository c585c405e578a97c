"""Kinds of films that are written, as plain values."""

from typing import Final, Literal

from genstudio.domain.language import tr_noop

# What goes into MP4 and WebM: what plays everywhere (H.264, VP9), or AV1.
Codec = Literal["usual", "av1"]
# Suffix and codec => what it is called; without a suffix, a folder.
KINDS: Final[dict[tuple[str, Codec], str]] = {
    (".mp4", "usual"): "MP4 (H.264)",
    (".mp4", "av1"): "MP4 (AV1)",
    (".webm", "usual"): "WebM (VP9)",
    (".webm", "av1"): "WebM (AV1)",
    (".webp", "usual"): "WebP",
    ("", "usual"): tr_noop("Single pictures (PNG)"),
}
