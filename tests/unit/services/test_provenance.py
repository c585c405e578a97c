"""What is exported can be signed, and says afterwards whether it was changed."""

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hung_pictures import hung
from PIL import Image

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.progress import drain
from genstudio.services import content_credentials, provenance, signing
from genstudio.services.export import export_gallery
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.provenance import State, origin_of
from genstudio.services.signing import signer_for

c2pa = pytest.importorskip("c2pa")
from genstudio.services import credentials  # noqa: E402  # needs the pack

SIGNED = {"signed": True, "author": "A. Painter", "licence": "CC BY 4.0", "statement": "At dusk."}


def _lies(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have the certificate of this machine lie elsewhere."""
    for module in (content_credentials, signing):
        monkeypatch.setattr(module, "credentials_folder", lambda: folder)


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lies(monkeypatch, tmp_path / "signing")


def exported(
    tmp_path: Path, kind: str = "folder", to: str = "out", **options: object
) -> ExportDone:
    items = hung(tmp_path / "Meadow" / "gallery", 2)
    return drain(
        export_gallery(
            items, to=tmp_path / to, kind=kind, title="Meadow", options={**SIGNED, **options}
        )
    )


def test_a_signed_picture_says_whose_it_is_and_how_it_was_made(tmp_path: Path) -> None:
    exported(tmp_path)
    path = tmp_path / "out" / "1.png"
    origin = origin_of(path)
    assert origin.state is State.INTACT
    assert origin.is_own
    assert origin.is_synthetic
    assert origin.authorship.author == "A. Painter"
    assert origin.authorship.licence == "CC BY 4.0"
    assert origin.recipe is not None
    assert origin.recipe.seed == 1
    assert "A. Painter" in origin.words()
    original = tmp_path / "Meadow" / "gallery" / "1.png"
    with Image.open(path) as copy, Image.open(original) as first:
        assert np.array_equal(np.asarray(copy), np.asarray(first))
    assert origin_of(original).state is State.UNSIGNED


def test_what_is_changed_afterwards_is_found_out(tmp_path: Path) -> None:
    exported(tmp_path)
    path = tmp_path / "out" / "0.png"
    content = bytearray(path.read_bytes())
    content[content.index(b"A. Painter")] ^= 1
    path.write_bytes(content)
    assert origin_of(path).state in (State.CHANGED, State.UNREADABLE)
    assert "changed" in origin_of(path).words() or "damaged" in origin_of(path).words()


def test_pixels_that_were_changed_are_found_out(tmp_path: Path) -> None:
    exported(tmp_path)
    path = tmp_path / "out" / "0.png"
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 8] ^= 1
    path.write_bytes(content)
    assert origin_of(path).state is State.CHANGED


def test_only_the_mark_keeps_the_recipe_to_oneself(tmp_path: Path) -> None:
    exported(tmp_path, metadata="mark")
    path = tmp_path / "out" / "0.png"
    origin = origin_of(path)
    assert origin.state is State.INTACT
    assert origin.recipe is None
    assert origin.is_synthetic
    assert b'"seed"' not in path.read_bytes()


def test_nothing_and_a_signature_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="says where it comes from"):
        exported(tmp_path, metadata="nothing")


def test_without_a_signature_the_name_still_goes_along(tmp_path: Path) -> None:
    exported(tmp_path, signed=False, author="A & B")
    content = (tmp_path / "out" / "0.png").read_bytes()
    assert b"A &amp; B" in content
    assert b"trainedAlgorithmicMedia" in content
    with Image.open(tmp_path / "out" / "0.png") as picture:
        assert "dc:creator" in picture.info["XML:com.adobe.xmp"]
        assert picture.getxmp()
    assert not (tmp_path / "signing").exists()


def test_nothing_else_goes_along_where_nothing_shall(tmp_path: Path) -> None:
    exported(tmp_path, signed=False, metadata="nothing")
    assert b"Painter" not in (tmp_path / "out" / "0.png").read_bytes()


def test_exporting_twice_makes_no_second_copy(tmp_path: Path) -> None:
    exported(tmp_path)
    before = (tmp_path / "out" / "0.png").read_bytes()
    exported(tmp_path)
    assert sorted(it.name for it in (tmp_path / "out").iterdir()) == ["0.png", "1.png"]
    assert (tmp_path / "out" / "0.png").read_bytes() == before


@pytest.mark.parametrize(("kind", "to"), [("sheet", "sheet.png"), ("sheet", "sheet.pdf")])
def test_sheets_are_signed_too(tmp_path: Path, kind: str, to: str) -> None:
    done = exported(tmp_path, kind, to)
    origin = origin_of(done.path)
    assert origin.state is State.INTACT
    assert origin.recipe is None
    assert origin.authorship.author == "A. Painter"


def test_web_pages_and_sprites_hold_signed_pictures(tmp_path: Path) -> None:
    exported(tmp_path, "web", "web")
    exported(tmp_path, "game", "game", sheet="none", singles=True)
    assert origin_of(tmp_path / "web" / "images" / "0.png").state is State.INTACT
    assert origin_of(tmp_path / "game" / "0.png").state is State.INTACT


def test_the_key_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    signer_for()
    folder = tmp_path / "signing"
    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    first = (folder / "certificate.pem").read_bytes()
    signer_for()
    assert (folder / "certificate.pem").read_bytes() == first
    assert first.count(b"BEGIN CERTIFICATE") == 2


def test_another_machine_cannot_say_who_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(tmp_path)
    _lies(monkeypatch, tmp_path / "elsewhere")
    origin = origin_of(tmp_path / "out" / "0.png")
    assert origin.state is State.INTACT
    assert not origin.is_own
    assert "cannot know" in origin.words()


def test_own_certificates_are_taken(tmp_path: Path) -> None:
    signer_for()
    folder = tmp_path / "signing"
    done = exported(
        tmp_path,
        certificate=str(folder / "certificate.pem"),
        private_key=str(folder / "key.pem"),
    )
    assert origin_of(done.path / "0.png").state is State.INTACT
    assert "Exports of this machine" in signing.words_about_certificate(
        str(folder / "certificate.pem")
    )
    assert signing.words_about_key(str(folder / "key.pem")) == "ES256"


def test_what_cannot_sign_is_refused_in_words(tmp_path: Path) -> None:
    signer_for()
    mine = tmp_path / "signing"
    credentials.own_credentials(tmp_path / "other")
    other = tmp_path / "other"
    (tmp_path / "text.pem").write_text("hello", "ascii")
    for certificate, key, words in (
        (mine / "certificate.pem", other / "key.pem", "do not belong together"),
        (tmp_path / "text.pem", mine / "key.pem", "holds no certificate"),
        (mine / "certificate.pem", tmp_path / "text.pem", "holds no private key"),
    ):
        with pytest.raises(SettingsError, match=words):
            signer_for(str(certificate), str(key))
    with pytest.raises(SettingsError, match="needs its key"):
        signer_for(str(mine / "certificate.pem"))
    with pytest.raises(ProjectError, match="cannot be read"):
        signer_for(str(tmp_path / "gone.pem"), str(mine / "key.pem"))


def test_an_expired_certificate_signs_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            del tz
            return datetime.now(UTC) + timedelta(days=366 * 40)

    signer_for()
    monkeypatch.setattr(credentials, "datetime", Later)
    with pytest.raises(SettingsError, match="expired"):
        signer_for()


def test_claims_of_expired_certificates_prove_nothing() -> None:
    failed = {"activeManifest": {"failure": [{"code": "signingCredential.expired"}]}}
    origin = provenance._origin("Invalid", failed, {})
    assert origin.state is State.EXPIRED
    assert "expired" in origin.words()


def test_a_signature_that_does_not_hold_is_no_changed_file() -> None:
    failed = {"activeManifest": {"failure": [{"code": "claimSignature.mismatch"}]}}
    origin = provenance._origin("Invalid", failed, {})
    assert origin.state is provenance.State.INVALID
    assert "not valid" in origin.words()


def test_without_the_pack_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (content_credentials, signing):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="pack “provenance”"):
        exported(tmp_path)
    assert signing.words_about_certificate("anything") == ""


def test_files_that_hold_no_signature_are_counted(tmp_path: Path) -> None:
    from genstudio.services.exporters.protocol import ExportOptions
    from genstudio.services.exporters.signing import Finisher

    finisher = Finisher(ExportOptions(signed=True))
    assert finisher.finished(b"MThd", Path("tune.mid")) == b"MThd"
    assert finisher.unsigned == 1
    with pytest.raises(ProjectError, match="hold no manifest"):
        origin_of(Path("tune.mid"))
