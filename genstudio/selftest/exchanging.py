"""Checks of what goes to others: a model as a package, an export that is signed."""

from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.progress import drain
from genstudio.selftest.place import Place, SelfTestError, missing_pack
from genstudio.services.export import export_gallery
from genstudio.services.exporters.protocol import ExportOptions
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.model_files import save_model
from genstudio.services.model_packages import take_in
from genstudio.services.projects import open_or_create, open_project
from genstudio.services.provenance import State, origin_of
from genstudio.services.runs import Run

_SEED = 7


def pass_a_model_on(place: Place) -> str:
    """Save a model as a package, take it into another project, and draw with both."""
    run = Run(place.run())
    package = drain(save_model(run, place.folder / "models", SaveOptions(form="package"))).path
    taken = drain(take_in(package, open_or_create(place.folder / "Taken in")))
    (here,), (there,) = generate(run, [_SEED]), generate(taken, [_SEED])
    if (here.image_HWC != there.image_HWC).any():
        raise SelfTestError("The model draws something else in the other project")
    size_kb = package.stat().st_size // 1000
    return f"a model went into another project as one file ({size_kb:,} kB), and draws the same"


def sign_an_export(place: Place) -> str:
    """Export the gallery signed, look where a picture comes from, and change one."""
    if without := missing_pack("provenance"):
        return without
    project = open_project(place.project)
    with Gallery(project) as gallery:
        items = gallery.items()
    to = place.folder / "exported" / "signed"
    options = ExportOptions(signed=True).model_dump()
    drain(export_gallery(items, to=to, kind="folder", title=project.name, options=options))
    picture = next(to.rglob("*.png"))
    if origin_of(picture).state is not State.INTACT:
        raise SelfTestError("A signature does not hold", origin_of(picture).words())
    content = bytearray(picture.read_bytes())
    # The pixels, and not the manifest beside them.
    content[content.rindex(b"IDAT") + 8] ^= 1
    changed = picture.with_name("changed.png")
    changed.write_bytes(content)
    if origin_of(changed).state is State.INTACT:
        raise SelfTestError("A changed picture passes for what was signed")
    return f"{len(items)} pictures signed; one that was changed was told"
