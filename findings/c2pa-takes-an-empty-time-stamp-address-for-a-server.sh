#!/bin/sh
# c2pa-python 0.38.1: the address of a time stamp server is optional when a signer is made. Given as an
# empty string, the signer is made without complaint, and the first signing fails with
# "Signature: internal error (empty string)", which names neither the address nor the server.
# Guess before running: an empty address means no time stamp, as None does; and PDFs can only be read.
# Seen: the first signing with an empty address fails; PDFs are signed, and read back as Valid.
# What we do: no address is given (services/signing.py), and contact sheets as PDF are signed, too.
# Linux, Python 3.11. Needs the package registry; nothing else is connected to.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet c2pa-python==0.38.1 cryptography==50.0.2 pillow==13.0.0
cat > "$folder/try.py" <<'PYTHON'
import datetime
import io

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

now = datetime.datetime.now(datetime.UTC)
root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def name(common):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def begun(common, public):
    builder = x509.CertificateBuilder(name("Root"), name(common), public)
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )


def usage(signs):
    others = dict.fromkeys(
        ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(
        digital_signature=signs, key_cert_sign=not signs, crl_sign=not signs, **others)


root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
root = (
    begun("Root", root_key.public_key())
    .add_extension(x509.BasicConstraints(True, 0), True)
    .add_extension(usage(False), True)
    .add_extension(root_id, False)
    .sign(root_key, hashes.SHA256())
)
leaf = (
    begun("Signer", key.public_key())
    .add_extension(x509.BasicConstraints(False, None), True)
    .add_extension(usage(True), True)
    .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), False)
    .sign(root_key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
chain = leaf.public_bytes(pem) + root.public_bytes(pem)
private = key.private_bytes(
    pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
claim = {
    "claim_generator_info": [{"name": "example", "version": "1"}],
    "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [
        {"action": "c2pa.created", "digitalSourceType":
         "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}]}}],
}


def signed(kind, media_type, address):
    plain, result = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 64), (200, 10, 10)).save(plain, kind)
    plain.seek(0)
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, chain, private, address))
    c2pa.Builder({**claim, "format": media_type}).sign(signer, media_type, plain, result)
    result.seek(0)
    return c2pa.Reader(media_type, result).get_validation_state()


without = signed("PNG", "image/png", None)
try:
    with_empty = signed("PNG", "image/png", b"")
except c2pa.C2paError as error:
    with_empty = f"{type(error).__name__}: {error}"
pdf = signed("PDF", "application/pdf", None)
print(f"no address: {without}; empty address: {with_empty}; PDF: {pdf}")
assert without == "Valid", without
assert "Signature" in with_empty and "empty" in with_empty, with_empty
assert pdf == "Valid", pdf
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
