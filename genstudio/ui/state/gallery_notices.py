"""What a person is told of the gallery."""

from collections.abc import Sequence

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.notices import Level, Notice
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.notices import notice_about
from genstudio.services.studio_operations import RemadePicture

_MOST_NAMED = 10


def notice_of_remade(name: str, made: RemadePicture) -> Notice:
    """Say whether a picture came out the same."""
    if made.is_same:
        return Notice(
            level=Level.INFO,
            title=tr("{name} was made again", name=name),
            message=tr("It is the same to the last pixel."),
        )
    return Notice(
        level=Level.WARNING,
        title=tr("{name} is not what its recipe makes", name=name),
        message=tr(
            "It was changed afterwards, or made on another kind of machine. What the recipe "
            "makes is in {path}.",
            path=made.path,
        ),
    )


def notice_of_left_out(done: ExportDone) -> Notice:
    """Say what is missing from an export, and why."""
    reasons = [f"{item.name}: {item.reason}." for item in done.left_out[:_MOST_NAMED]]
    if len(done.left_out) > len(reasons):
        reasons.append(
            tr(
                "The same goes for {num_left_out:,} more.",
                num_left_out=len(done.left_out) - len(reasons),
            )
        )
    number = (
        tr("1 picture was")
        if len(done.left_out) == 1
        else tr("{num_left_out:,} pictures were", num_left_out=len(done.left_out))
    )
    return Notice(
        level=Level.WARNING,
        title=tr("{number} left out of the export", number=number),
        message=" ".join(reasons),
    )


def notice_of_unsigned(done: ExportDone) -> Notice:
    """Say how many files carry no signature, where one was wanted."""
    return Notice(
        level=Level.INFO,
        title=trn(
            "{number} file could not be signed", "{number} files could not be signed", done.unsigned
        ),
        message=tr("Files of their kind hold no signature; they are exported all the same."),
    )


def notice_of_copies(done: ExportDone) -> Notice:
    """Say which pictures of an export are nearly what was learned from."""
    return Notice(
        level=Level.WARNING,
        title=trn(
            "{number} picture is nearly a copy of one that was learned from",
            "{number} pictures are nearly copies of what was learned from",
            len(done.copies),
        ),
        message=", ".join(done.copies[:_MOST_NAMED]),
    )


def notice_about_all(errors: Sequence[GenStudioError]) -> Notice:
    """Say what went wrong with the first of several, and with how many more."""
    notice = notice_about(errors[0])
    if len(errors) == 1:
        return notice
    others = tr("The same goes for {num_errors:,} more.", num_errors=len(errors) - 1)
    return notice.model_copy(update={"message": f"{notice.message} {others}"})
