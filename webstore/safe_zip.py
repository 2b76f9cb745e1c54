"""Reads a zip that anybody may have made: bounded, and only plain files below its own root."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from webstore.errors import ReleaseGuardError

MAX_ENTRIES = 10_000
MAX_TOTAL_BYTES = 512 * 1024 * 1024
MAX_RATIO = 1_000
"""Uncompressed to compressed: text of one letter reaches about 1,000, real files stay far below."""
MAX_NAME = 512

_CHUNK = 1024 * 1024
_ENCRYPTED = 0x1
_DRIVE = re.compile(r"^[A-Za-z]:")


class PackageError(ReleaseGuardError):
    """A package that Chrome would refuse, or that is not safe to read."""

    hint = "build the package again with an ordinary zip tool, manifest.json at its root"


def read_entries(data: bytes) -> Mapping[str, bytes]:
    """Every file of a zip by its path.

    Raises:
        PackageError: it is no zip, or an entry is unsafe; the entry is named.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise PackageError(f"the package has {len(entries)} entries; more than {MAX_ENTRIES} are not read")
            return _read_all(archive, entries, len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise PackageError("the package is not a zip that can be read") from error


def _read_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], compressed: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    allowed = min(MAX_TOTAL_BYTES, max(compressed, 1024) * MAX_RATIO)
    for entry in entries:
        if entry.is_dir():
            check_name(entry.filename.rstrip("/"))
            continue
        _check_entry(entry)
        if entry.filename in files:
            raise PackageError(f"the entry {entry.filename!r} stands in the package twice")
        files[entry.filename] = _read_bounded(archive, entry, allowed)
        allowed -= len(files[entry.filename])
    return files


def _check_entry(entry: zipfile.ZipInfo) -> None:
    check_name(entry.filename)
    # zipfile cuts names at a NUL and rewrites separators; what was really written must be the same.
    if entry.orig_filename != entry.filename:
        raise PackageError(f"the entry {entry.orig_filename[:80]!r} has an unsafe name")
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(f"the entry {entry.filename!r} is encrypted")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise PackageError(f"the entry {entry.filename!r} is a link or a special file")


def check_name(name: str) -> None:
    """Refuse a path that could leave the folder it is unpacked to, or that not every system can hold.

    Raises:
        PackageError: the path is unsafe.
    """
    path = PurePosixPath(name)
    unsafe = (
        not name
        or len(name) > MAX_NAME
        or name.startswith("/")
        or "\\" in name
        or "\0" in name
        or _DRIVE.match(name)
        or any(part in {"", ".", ".."} for part in name.split("/"))
        or path.is_absolute()
    )
    if unsafe:
        raise PackageError(f"the entry {name[:80]!r} has an unsafe name")


def _read_bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed: int) -> bytes:
    """Count what really comes out; the sizes in the headers are only a claim."""
    content = bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(min(_CHUNK, allowed + 1)):
            content += chunk
            if len(content) > allowed:
                raise PackageError(f"the package grows beyond what is read when {entry.filename!r} is unpacked")
    return bytes(content)
