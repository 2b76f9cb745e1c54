r"""CRX3, the signed form in which browsers get a package: reading with its signature verified, and signing.

Layout (Chromium, components/crx_file/crx3.proto): ``Cr24``, version 3, header length, header, zip. The header holds RSA proofs
(public key, signature) and ``signed_header_data`` with the 16-byte id. The signature is over ``CRX3 SignedData\0``, the length of
``signed_header_data`` as 4 bytes little-endian, ``signed_header_data``, and the zip.
"""

import dataclasses
import hashlib
import io
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from webstore.errors import ReleaseGuardError
from webstore.files import CHUNK

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_MAGIC = b"Cr24"
_FORMAT = 3
_PROLOGUE = 12
_MAX_HEADER = 1024 * 1024
_SIGNED_PREFIX = b"CRX3 SignedData\0"
_RSA_PROOFS = 2
_SIGNED_HEADER_DATA = 10_000
_ID_BYTES = 16
_LENGTH_DELIMITED = 2
_MAX_VARINT_SHIFT = 63


class CrxError(ReleaseGuardError):
    """A CRX that is broken, or that was changed after it was signed."""

    users_mistake = True
    hint = "do not use this file; fetch the package again"


@dataclasses.dataclass(frozen=True)
class Crx:
    """Who signed a CRX whose signature holds, and where its zip begins."""

    extension_id: str
    public_key: bytes
    """DER (SubjectPublicKeyInfo)."""
    offset: int
    """Bytes before the zip."""


def is_crx(data: bytes) -> bool:
    """Whether it begins as a CRX does."""
    return data[:4] == _MAGIC


def extension_id(public_key: bytes) -> str:
    """The id of a key: the first 16 bytes of the DER key's SHA-256, each half byte a letter from a to p."""
    return _letters(hashlib.sha256(public_key).digest()[:_ID_BYTES])


def read_crx(source: bytes | IO[bytes]) -> Crx:
    """Verify a CRX; an open file is read in pieces, from its beginning to its end.

    Raises:
        CrxError: it is no CRX3, or the proof of the key that gives its id does not hold.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    file.seek(0)
    prologue = file.read(_PROLOGUE)
    if len(prologue) < _PROLOGUE or not is_crx(prologue):
        raise CrxError("this is no CRX file")
    version, length = struct.unpack_from("<II", prologue, 4)
    if version != _FORMAT:
        raise CrxError(f"CRX version {version} is not read; only version 3 is signed as it should be")
    if length > _MAX_HEADER:
        raise CrxError(f"the CRX header is longer than {_MAX_HEADER} bytes")
    header = file.read(length)
    if len(header) < length:
        raise CrxError("the CRX header is longer than the file")
    key, signature, signed = _proof(header)
    _verify(key, signature, _digest(signed, file))
    return Crx(extension_id(key), key, _PROLOGUE + length)


def open_crx(file: IO[bytes]) -> tuple[Crx, IO[bytes]]:
    """Verify a CRX, and take the zip out of it as a file of its own.

    Raises:
        CrxError: as `read_crx`.
    """
    crx = read_crx(file)
    file.seek(crx.offset)
    archive = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK)  # noqa: SIM115 - it is the caller's
    shutil.copyfileobj(file, archive)
    archive.seek(0)
    return crx, archive


def _proof(header: bytes) -> tuple[bytes, bytes, bytes]:
    """Key, signature and signed header of the proof whose key gives the id."""
    fields = list(_fields(header))
    signed = next((value for number, value in fields if number == _SIGNED_HEADER_DATA), b"")
    identity = next((value for number, value in _fields(signed) if number == 1), b"")
    if len(identity) != _ID_BYTES:
        raise CrxError("the CRX header names no extension id")
    for number, proof in fields:
        if number == _RSA_PROOFS:
            parts = dict(_fields(proof))
            key = parts.get(1, b"")
            if hashlib.sha256(key).digest()[:_ID_BYTES] == identity:
                return key, parts.get(2, b""), signed
    raise CrxError("no proof in the CRX is of the key that gives its id")


def sign_crx(archive: bytes, key: "RSAPrivateKey") -> bytes:
    """Sign a zip as a CRX3."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - heavy, and not needed to read the rest of this module
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415 - as above

    public = public_der(key)
    signed = _field(1, hashlib.sha256(public).digest()[:_ID_BYTES])
    signature = key.sign(_digest(signed, io.BytesIO(archive)), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    header = _field(_RSA_PROOFS, _field(1, public) + _field(2, signature)) + _field(_SIGNED_HEADER_DATA, signed)
    return _MAGIC + struct.pack("<II", _FORMAT, len(header)) + header + archive


def new_key() -> "RSAPrivateKey":
    """A new RSA key of 2048 bits, as the store uses."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def private_pem(key: "RSAPrivateKey") -> bytes:
    """A key as it is kept in files, PEM (PKCS 8), not encrypted."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def stored_key(file: Path) -> "RSAPrivateKey":
    """The RSA key in a PEM file, which is made, readable by its owner only, when it is not there: an id that stays the same.

    Raises:
        CrxError: the file holds no RSA key.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - as above

    if not file.exists():
        key = new_key()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(private_pem(key))
        return key
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise CrxError(f"{file} holds no private key that can be read") from error
    if not isinstance(key, RSAPrivateKey):
        raise CrxError(f"{file} holds no RSA key")
    return key


def public_der(key: "RSAPrivateKey") -> bytes:
    """The public half of a key, DER (SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _verify(public_key: bytes, signature: bytes, digest: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415 - as above

    try:
        key = serialization.load_der_public_key(public_key)
        if not isinstance(key, rsa.RSAPublicKey):
            raise CrxError("the CRX proof's key is no RSA key")
        key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise CrxError("the CRX signature does not hold: the file was changed or is broken") from error


def _digest(signed: bytes, archive: IO[bytes]) -> bytes:
    """SHA-256 of what a signature is over; the zip is read to its end."""
    digest = hashlib.sha256(_SIGNED_PREFIX + struct.pack("<I", len(signed)) + signed)
    while chunk := archive.read(CHUNK):
        digest.update(chunk)
    return digest.digest()


def _letters(identity: bytes) -> str:
    return "".join(chr(ord("a") + nibble) for byte in identity for nibble in (byte >> 4, byte & 15))


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field in protobuf's wire format."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message; the proofs and the signed header have no others."""
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        length, position = _read_varint(data, position)
        if tag & 7 != _LENGTH_DELIMITED or position + length > len(data):
            raise CrxError("the CRX header is broken")
        yield tag >> 3, data[position : position + length]
        position += length


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift <= _MAX_VARINT_SHIFT:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
        shift += 7
    raise CrxError("the CRX header is broken")
