"""Reads Sentry envelopes as SDKs send them: a line of headers, then items, each a header line and a payload.

Framing (reference/sentry.md, section 8): with `length` exactly that many bytes and a newline or the end; without, up to the next
newline. A trailing newline is optional. Item types that are not known are kept.
"""

import dataclasses
import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any, cast

MAX_BODY = 20 * 1024 * 1024
MAX_ITEM = 1024 * 1024
MAX_ITEMS = 1_000


class EnvelopeError(Exception):
    """A body that is no envelope, or one that is too large."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


@dataclasses.dataclass(frozen=True)
class EnvelopeItem:
    """One item: its type, its headers and its payload as it came."""

    type: str
    headers: Mapping[str, Any]
    payload: bytes

    def json(self) -> Mapping[str, Any]:
        """The payload as an object.

        Raises:
            EnvelopeError: it is none.
        """
        return _object(self.payload, f"the payload of a {self.type[:40]} item")


@dataclasses.dataclass(frozen=True)
class Envelope:
    """Headers and items."""

    headers: Mapping[str, Any]
    items: tuple[EnvelopeItem, ...]


def decode(body: bytes, encoding: str) -> bytes:
    """Undo `Content-Encoding`, bounded.

    Raises:
        EnvelopeError: it is too large, broken, or of an encoding that is not read here (br, zstd).
    """
    if encoding in {"", "identity"}:
        plain = body
    elif encoding in {"gzip", "deflate"}:
        try:
            unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32 if encoding == "gzip" else zlib.MAX_WBITS)
            plain = unpacking.decompress(body, MAX_BODY + 1)
        except (zlib.error, gzip.BadGzipFile) as error:
            raise EnvelopeError("the body cannot be decompressed") from error
    else:
        raise EnvelopeError(f"the local Sentry does not read the content encoding {encoding[:20]!r}")
    if len(plain) > MAX_BODY:
        raise EnvelopeError("the envelope is too large", 413)
    return plain


def parse(body: bytes) -> Envelope:
    """Read an envelope.

    Raises:
        EnvelopeError: it is malformed.
    """
    line, position = _line(body, 0)
    headers = _object(line, "the envelope's headers")
    items: list[EnvelopeItem] = []
    while position < len(body):
        line, position = _line(body, position)
        if not line.strip():
            continue
        if len(items) >= MAX_ITEMS:
            raise EnvelopeError("the envelope has too many items", 413)
        item_headers = _object(line, "an item's headers")
        payload, position = _payload(body, position, item_headers.get("length"))
        items.append(EnvelopeItem(str(item_headers.get("type", "")), item_headers, payload))
    return Envelope(headers, tuple(items))


def _payload(body: bytes, position: int, length: Any) -> tuple[bytes, int]:
    if length is None:
        payload, after = _line(body, position)
    elif isinstance(length, int) and 0 <= length <= len(body) - position:
        payload, after = body[position : position + length], position + length
        if after < len(body):
            if body[after : after + 1] != b"\n":
                raise EnvelopeError("an item is longer than it says")
            after += 1
    else:
        raise EnvelopeError("an item's length is wrong")
    if len(payload) > MAX_ITEM:
        raise EnvelopeError("an item is too large", 413)
    return payload, after


def _line(body: bytes, position: int) -> tuple[bytes, int]:
    end = body.find(b"\n", position)
    return (body[position:], len(body)) if end < 0 else (body[position:end], end + 1)


def _object(text: bytes, what: str) -> Mapping[str, Any]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError(f"{what} cannot be read as JSON") from error
    if not isinstance(value, dict):
        raise EnvelopeError(f"{what} are no object")
    return cast("Mapping[str, Any]", value)
