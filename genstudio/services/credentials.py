"""Certificates that exports are signed with: one made on this machine, or a person's own.

A certificate that was made here says only that all that is signed with it comes from one
machine; it names nobody. Needs the pack "provenance": import it when something is signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.files import explained, is_file, read_file, write_bytes
from genstudio.domain.language import tr

# Without a time stamp from the network, a signature is worth something as long as its certificate.
_YEARS_VALID: Final = 30
_LARGEST_BYTES = 2**18
CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"
_NAME = "GenStudio"
_UNIT = "Made on the signer's own machine"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs.

    Attributes:
        chain_pem: The signer's certificate, then those that vouch for it.
        key_pem: Its private key, in PKCS 8.
        algorithm: As C2PA names it, such as "ES256".
        valid_until: The end of the signer's certificate.
    """

    chain_pem: bytes
    key_pem: bytes
    algorithm: str
    valid_until: datetime

    @property
    def anchor_pem(self) -> str:
        """The last certificate of the chain."""
        begin = b"-----BEGIN CERTIFICATE-----"
        return (begin + self.chain_pem.rpartition(begin)[2]).decode()


def own_credentials(folder: Path) -> Credentials:
    """Those of this machine, which are made when they are first asked for.

    Args:
        folder: Where they lie.

    Raises:
        ProjectError: They cannot be written or read.
        SettingsError: They have expired or are damaged.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    if not (certificate.exists() or key.exists()):
        _make(certificate, key)
    return load_credentials(certificate, key)


def load_credentials(certificate: Path, key: Path) -> Credentials:
    """Read a certificate with its chain, and its key.

    Args:
        certificate: PEM, the signer's first.
        key: PEM without a password.

    Raises:
        ProjectError: A file cannot be read.
        SettingsError: One is not what it should be, they do not belong together, or the certificate
            has expired or may not sign.
    """
    content = _read(certificate)
    try:
        chain = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise SettingsError(
            tr("{name} holds no certificate", name=certificate.name),
            tr("Nothing in {path} can be read as one.", path=certificate),
            tr("Choose a .pem file with your certificate, and behind it those that vouch for it."),
        ) from error
    private = _private_key(key)
    leaf = chain[0]
    if leaf.public_key() != private.public_key():
        raise SettingsError(
            tr("The certificate and the key do not belong together"),
            f"{certificate.name}, {key.name}",
            tr("Choose the key that the certificate was made for."),
        )
    _refuse_useless(leaf, certificate)
    return Credentials(
        chain_pem=b"".join(it.public_bytes(serialization.Encoding.PEM) for it in chain),
        key_pem=private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        algorithm=_algorithm(private, key),
        valid_until=leaf.not_valid_after_utc,
    )


def words_about_certificate(place: str) -> str:
    """What lies at a place, for people; empty where nothing is named."""
    if not place.strip():
        return ""

    path = Path(place.strip()).expanduser()
    try:
        leaf = x509.load_pem_x509_certificates(_read(path))[0]
        _refuse_useless(leaf, path)
    except (ProjectError, SettingsError) as error:
        return str(error)
    except ValueError:
        return tr("{name} holds no certificate", name=path.name)
    return tr(
        "{name}, until {date}",
        name=leaf.subject.rfc4514_string(),
        date=leaf.not_valid_after_utc.date().isoformat(),
    )


def words_about_key(place: str) -> str:
    """The same for a private key."""
    if not place.strip():
        return ""
    path = Path(place.strip()).expanduser()
    try:
        return _algorithm(_private_key(path), path)
    except (ProjectError, SettingsError) as error:
        return str(error)


def _private_key(path: Path) -> PrivateKeyTypes:

    try:
        return serialization.load_pem_private_key(_read(path), password=None)
    except TypeError as error:
        raise SettingsError(
            tr("{name} is locked by a password", name=path.name),
            tr("The program asks for none, and keeps none."),
            tr("Save a copy of the key without a password, in a folder that only you can read."),
        ) from error
    except ValueError as error:
        raise SettingsError(
            tr("{name} holds no private key", name=path.name),
            tr("Nothing in {path} can be read as one.", path=path),
            tr("Choose the .pem file with the key that belongs to your certificate."),
        ) from error


def _read(path: Path) -> bytes:
    if not is_file(path):
        raise ProjectError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Choose another one."),
        )
    try:
        return read_file(path, largest_bytes=_LARGEST_BYTES)
    except OSError as error:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Choose another one."),
        ) from error


def _refuse_useless(leaf: x509.Certificate, path: Path) -> None:

    now = datetime.now(UTC)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise SettingsError(
            tr("The certificate has expired, or is not valid yet"),
            tr(
                "{name} is valid from {begin} to {end}.",
                name=path.name,
                begin=leaf.not_valid_before_utc.date().isoformat(),
                end=leaf.not_valid_after_utc.date().isoformat(),
            ),
            tr("Use a newer one, or leave the line empty for the one of this machine."),
        )
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        may_sign = usage.digital_signature
        leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        may_sign = False
    if not may_sign:
        raise SettingsError(
            tr("The certificate may not sign pictures"),
            tr(
                "{name} does not say that it is for digital signatures, and for what kind.",
                name=path.name,
            ),
            tr("Ask whoever issues it for one for C2PA, or leave the line empty."),
        )


def _algorithm(key: PrivateKeyTypes, path: Path) -> str:

    if isinstance(key, ec.EllipticCurvePrivateKey):
        known = {256: "ES256", 384: "ES384", 521: "ES512"}
        if key.key_size in known:
            return known[key.key_size]
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        return "ED25519"
    elif isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "PS256"
    raise SettingsError(
        tr("A key of this kind cannot sign"),
        path.name,
        tr(
            "C2PA knows elliptic curves of 256, 384 and 521 bits, Ed25519, and RSA from 2,048 bits."
        ),
    )


def _make(certificate: Path, key: Path) -> None:
    """Make a certificate for signing, and one that vouches for it, whose key is thrown away."""
    # A clock that is set right later must not make it one of the future.
    begin = datetime.now(UTC) - timedelta(days=1)
    end = begin + timedelta(days=365 * _YEARS_VALID)
    anchor_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    anchor_name, leaf_name = (
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _NAME),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _UNIT),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )
        for common in ("This machine", "Exports of this machine")
    )
    rights = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    anchor_id = x509.SubjectKeyIdentifier.from_public_key(anchor_key.public_key())

    def begun(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(anchor_name, name, public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(begin).not_valid_after(end)

    anchor = (
        begun(anchor_name, anchor_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **rights),
            critical=True,
        )
        .add_extension(anchor_id, critical=False)
        .sign(anchor_key, hashes.SHA256())
    )
    leaf = (
        begun(leaf_name, leaf_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **rights),
            critical=True,
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(leaf_key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(anchor_id),
            critical=False,
        )
        .sign(anchor_key, hashes.SHA256())
    )
    private = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with explained(key):
        key.parent.mkdir(parents=True, exist_ok=True)
        key.parent.chmod(0o700)  # Before the key is there: nobody else reads it.
    write_bytes(key, private)
    pem = serialization.Encoding.PEM
    write_bytes(certificate, leaf.public_bytes(pem) + anchor.public_bytes(pem))
