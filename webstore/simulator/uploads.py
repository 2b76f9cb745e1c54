"""Takes the package out of an upload, in pieces: sent alone, or as the second part of `multipart/related`."""

import tempfile
from email.message import Message
from typing import IO

from starlette.requests import Request

from webstore.files import CHUNK
from webstore.simulator.refused import Refused, invalid

_MAX_UPLOAD = 2 * 1024**3
"""API description, `media.upload`, `maxSize`."""
_HEAD = 64 * 1024
"""So much may stand before the package in a multipart body."""
_TAIL = 1024


async def receive(request: Request) -> IO[bytes]:
    """The package of an upload, as an open file at its beginning; the caller's to close.

    Raises:
        Refused: it is too large, or no multipart body although it says so.
    """
    file = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK)  # noqa: SIM115 - the caller's
    try:
        size = await _store_body(request, file)
        kind = request.headers.get("content-type", "")
        if kind.lower().startswith("multipart/related"):
            return _second_part(file, size, kind)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


async def _store_body(request: Request, file: IO[bytes]) -> int:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > _MAX_UPLOAD:
            raise Refused(413, "INVALID_ARGUMENT", f"The upload is larger than {_MAX_UPLOAD} bytes.")
        file.write(piece)
    return size


def _second_part(file: IO[bytes], size: int, kind: str) -> IO[bytes]:
    """What stands between the second part's headers and the last boundary; the whole is closed."""
    message = Message()
    message["Content-Type"] = kind
    boundary = b"--" + str(message.get_param("boundary", "")).encode()
    file.seek(0)
    head = file.read(_HEAD)
    second = head.find(boundary, head.find(boundary) + 1)
    ends = [(found, len(gap)) for gap in (b"\r\n\r\n", b"\n\n") if (found := head.find(gap, second)) >= 0]
    tail_at = max(size - _TAIL, 0)
    file.seek(tail_at)
    last = file.read().rfind(boundary + b"--")
    if second < 0 or last < 0 or not ends:
        raise invalid("The multipart body has not two parts: the metadata and the package.")
    start, gap = min(ends)
    part = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK)  # noqa: SIM115 - the caller's
    _copy(file, part, start + gap, _without_line_end(file, tail_at + last))
    file.close()
    part.seek(0)
    return part


def _without_line_end(file: IO[bytes], end: int) -> int:
    """Where the content ends: the line break before a boundary belongs to the boundary."""
    file.seek(max(end - 2, 0))
    before = file.read(2)
    return end - (2 if before == b"\r\n" else 1 if before.endswith(b"\n") else 0)


def _copy(source: IO[bytes], target: IO[bytes], start: int, end: int) -> None:
    source.seek(start)
    while start < end and (piece := source.read(min(CHUNK, end - start))):
        target.write(piece)
        start += len(piece)
