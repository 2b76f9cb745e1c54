r"""CRX3, the signed form in which browsers get a package: reading with its signature verified, and signing.

Layout (Chromium, components/crx_file/crx3.proto): ``Cr24``, version 3, header length, header, zip. The header holds RSA proofs
(public key, signature) and ``signed_header_data`` with the 16-byte id. The signature is over ``CRX3 SignedData\0``, the length of
``signed_header_data`` as 4 bytes little-endian, ``signed_header_data``, and the zip.
"""

import dataclasses
import hashlib
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from webstore.errors import ReleaseGuardError

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

    hint = "do not use this file; fetch the package again"


@dataclasses.dataclass(frozen=True)
class Crx:
    """A CRX whose signature holds."""

    extension_id: str
    public_key: bytes
    """DER (SubjectPublicKeyInfo)."""
    archive: bytes
    """The zip."""


def is_crx(data: bytes) -> bool:
    """Whether it begins as a CRX does."""
    return data[:4] == _MAGIC


def extension_id(public_key: bytes) -> str:
    """The id of a key: the first 16 bytes of the DER key's SHA-256, each half byte a letter from a to p."""
    return _letters(hashlib.sha256(public_key).digest()[:_ID_BYTES])


def read_crx(data: bytes) -> Crx:
    """Verify and open a CRX.

    Raises:
        CrxError: it is no CRX3, or the proof of the key that gives its id does not hold.
    """
    if len(data) < _PROLOGUE or not is_crx(data):
        raise CrxError("this is no CRX file")
    version, length = struct.unpack_from("<II", data, 4)
    if version != _FORMAT:
        raise CrxError(f"CRX version {version} is not read; only version 3 is signed as it should be")
    if length > _MAX_HEADER or _PROLOGUE + length > len(data):
        raise CrxError("the CRX header is longer than the file")
    header, archive = data[_PROLOGUE : _PROLOGUE + length], data[_PROLOGUE + length :]
    fields = list(_fields(header))
    signed = next((value for number, value in fields if number == _SIGNED_HEADER_DATA), b"")
    identity = next((value for number, value in _fields(signed) if number == 1), b"")
    if len(identity) != _ID_BYTES:
        raise CrxError("the CRX header names no extension id")
    for number, proof in fields:
        if number == _RSA_PROOFS:
            parts = dict(_fields(proof))
            key, signature = parts.get(1, b""), parts.get(2, b"")
            if hashlib.sha256(key).digest()[:_ID_BYTES] == identity:
                _verify(key, signature, _payload(signed, archive))
                return Crx(_letters(identity), key, archive)
    raise CrxError("no proof in the CRX is of the key that gives its id")


def sign_crx(archive: bytes, key: "RSAPrivateKey") -> bytes:
    """Sign a zip as a CRX3."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - heavy, and not needed to read the rest of this module
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - as above

    public = public_der(key)
    signed = _field(1, hashlib.sha256(public).digest()[:_ID_BYTES])
    signature = key.sign(_payload(signed, archive), padding.PKCS1v15(), hashes.SHA256())
    header = _field(_RSA_PROOFS, _field(1, public) + _field(2, signature)) + _field(_SIGNED_HEADER_DATA, signed)
    return _MAGIC + struct.pack("<II", _FORMAT, len(header)) + header + archive


def new_key() -> "RSAPrivateKey":
    """A new RSA key of 2048 bits, as the store uses."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def public_der(key: "RSAPrivateKey") -> bytes:
    """The public half of a key, DER (SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _verify(public_key: bytes, signature: bytes, payload: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - as above

    try:
        key = serialization.load_der_public_key(public_key)
        if not isinstance(key, rsa.RSAPublicKey):
            raise CrxError("the CRX proof's key is no RSA key")
        key.verify(signature, payload, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise CrxError("the CRX signature does not hold: the file was changed or is broken") from error


def _payload(signed: bytes, archive: bytes) -> bytes:
    return _SIGNED_PREFIX + struct.pack("<I", len(signed)) + signed + archive


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
