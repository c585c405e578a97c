"""What scans say of persons is in nothing that the program makes of them, from import to export."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import Script, small_settings, steps

from genstudio.domain import events
from genstudio.domain.errors import DatasetError
from genstudio.domain.operations import AUGMENT
from genstudio.domain.progress import drain
from genstudio.services.export import export_gallery
from genstudio.services.first_pictures import hang_first_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.runs import Run
from genstudio.services.scans import ScanOptions, import_scans
from genstudio.services.training import NewRun, start_run

pydicom = pytest.importorskip("pydicom", reason="scans need the extra “medical”")

# Each in a tag of its own, in the name of a folder, or in the name of a file.
SECRETS = (b"Quillon", b"QX-4711", b"19511003", b"Harrowgate", b"Zebulon")
PATIENTS, SLICES = 16, 4

pytestmark = pytest.mark.usefixtures("small_sheets")


def write_scans(folder: Path) -> Path:
    """Slices of some patients, in folders called sick and well that hold folders of persons."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    random = np.random.default_rng(0)
    for number in range(PATIENTS * SLICES):
        patient = number % PATIENTS
        meta: Any = FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data: Any = pydicom.Dataset()
        data.file_meta = meta
        data.PatientName, data.PatientID = f"Quillon^{patient}", f"QX-4711-{patient}"
        data.PatientBirthDate, data.InstitutionName = "19511003", "Harrowgate Clinic"
        data.Rows = data.Columns = 40
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 1
        data.WindowCenter, data.WindowWidth = 0, 400
        # Coarse, or all would look the same from afar.
        coarse = random.normal(0, 120, (5, 5)).repeat(8, 0).repeat(8, 1)
        data.PixelData = coarse.astype(np.int16).tobytes()
        place = folder / ("sick" if number % 2 else "well") / f"Zebulon {patient}"
        place.mkdir(parents=True, exist_ok=True)
        data.save_as(place / f"Quillon{number}.dcm", enforce_file_format=True)
    (folder / "well" / "Zebulon 0" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM Quillon")
    return folder


def trained(pictures: Path, project: Path, **changes: Any) -> Path:
    settings = small_settings("residual-vae", colours="grey", kinds=True, budget=steps(2),
                              **changes)  # fmt: skip
    told = start_run(NewRun(folder=pictures, project=project, settings=settings), Script())
    *_, ending = told
    assert isinstance(ending, events.Finished), ending
    assert ending.run is not None
    return ending.run


def test_nobody_is_named_from_import_to_export(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scans = write_scans(tmp_path / "Zebulon's scans")
    before = {path: path.read_bytes() for path in scans.rglob("*.dcm")}
    made = tmp_path / "made"
    done = drain(import_scans([scans], made / "pictures", ScanOptions(classes=True)))
    assert (done.pictures, done.groups) == (PATIENTS * SLICES, PATIENTS)
    assert sum(done.left_out.values()) == 1

    run = trained(made / "pictures", made / "P", groups="table")
    drain(hang_first_pictures(run))
    with Gallery(Run(run).project()) as gallery:
        items = list(gallery.items())[:3]
        for kind in ("folder", "web", "zip", "sheet"):
            suffix = {"zip": ".zip", "sheet": ".png"}.get(kind, "")
            drain(export_gallery(items, to=made / f"{kind}{suffix}", kind=kind, title="Heads"))

    told = f"{done.words} {caplog.text}".encode()
    files = [path for path in made.rglob("*") if path.is_file()]
    assert len(files) > PATIENTS * SLICES
    for secret in SECRETS:
        assert secret not in told
        for path in files:
            assert secret not in path.relative_to(made).as_posix().encode(), path
            assert secret not in path.read_bytes(), path
    assert {path: path.read_bytes() for path in scans.rglob("*.dcm")} == before


def test_patients_are_on_one_side_or_augmenting_is_refused(tmp_path: Path) -> None:
    """A model that has seen slices of a patient is not tested on others of the same."""
    scans = write_scans(tmp_path / "scans")
    pictures = tmp_path / "pictures"
    drain(import_scans([scans], pictures, ScanOptions(classes=True)))
    with (pictures / "groups.csv").open() as file:
        groups = {row["file"]: row["group"] for row in csv.DictReader(file)}
    wish = {"source": "nothing", "goal": "number", "number": 1, "check": False}

    apart = trained(pictures, tmp_path / "P", held_out=0.2)
    with pytest.raises(DatasetError, match="held out"):
        list(perform(AUGMENT, run=apart, checkpoint="last", settings=wish))
    assert Run(apart).held_out

    kept = trained(pictures, tmp_path / "Q", held_out=0.2, groups="table")
    out = set(Run(kept).held_out)
    assert out
    assert not {groups[name] for name in out} & {groups[it] for it in groups if it not in out}
    assert any(
        isinstance(it, Made) for it in perform(AUGMENT, run=kept, checkpoint="last", settings=wish)
    )
