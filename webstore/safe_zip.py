"""Reads a zip that anybody may have made: bounded in memory whatever its size, and only plain files below its own root."""

import contextlib
import io
import re
import stat
import weakref
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from typing import IO

from webstore.errors import ReleaseGuardError
from webstore.files import Files, Readable, measure

MAX_ENTRIES = 10_000
MAX_TOTAL_BYTES = 4 * 1024**3
"""Unpacked. The store takes uploads of up to 2 GiB (API description, `media.upload`)."""
MAX_FILE_BYTES = 256 * 1024**2
"""Of one file that is asked for whole; larger ones can only be streamed."""
MAX_RATIO = 1_000
"""Uncompressed to compressed: text of one letter reaches about 1,000, real files stay far below."""
MAX_NAME = 512
MAX_NAME_PART = 255
"""Bytes of one folder's or file's name: what file systems can hold."""

_LARGEST_READ = 8 * 1024**2
"""The zip's own table of contents has to be read whole, and nothing larger ever is."""
_ENCRYPTED = 0x1
_DRIVE = re.compile(r"^[A-Za-z]:")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Chrome reads no others; and of these alone Python can bound what comes out of a piece."""


class PackageError(ReleaseGuardError):
    """A package that Chrome would refuse, or that is not safe to read."""

    users_mistake = True
    hint = "build the package again with an ordinary zip tool, manifest.json at its root"


class SafeZip(Files):
    """The files of a zip. All of it is read once, in pieces, when it is opened; then each file again when it is asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take over an open file; it is closed with this object.

        Raises:
            PackageError: it is no zip, or an entry is unsafe; the entry is named.
        """
        weakref.finalize(self, file.close)
        with _readable():
            length = file.seek(0, io.SEEK_END)
            self._archive = zipfile.ZipFile(_BoundedReads(file))
            self._entries = _checked(self._archive.infolist(), length)
            self._digests = {name: self._hash(entry) for name, entry in self._entries.items()}

    def __getitem__(self, name: str) -> bytes:
        entry = self._entries[name]
        if entry.file_size > MAX_FILE_BYTES:
            raise PackageError(f"the entry {name!r} is larger than {MAX_FILE_BYTES} bytes, too large to be read whole")
        with _readable():
            return self._archive.read(entry)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def size(self, name: str) -> int:
        """Bytes of one file, unpacked."""
        return self._entries[name].file_size

    @contextlib.contextmanager
    def open(self, name: str) -> Generator[Readable]:
        """One file, to be read in pieces."""
        with _readable():
            packed = self._archive.open(self._entries[name])
        with packed:
            yield _Unpacked(packed)

    def sha256(self, name: str) -> bytes:
        """Digest of one file's content, known since the zip was opened."""
        return self._digests[name]

    def _hash(self, entry: zipfile.ZipInfo) -> bytes:
        # zipfile gives at most `file_size` bytes of an entry and then holds them to their CRC; what is shorter it does not mind.
        with self._archive.open(entry) as file:
            digest, size = measure(file)
        if size != entry.file_size:
            raise PackageError(f"the entry {entry.filename!r} is {size} bytes long, not {entry.file_size} as it says")
        return digest


class _Unpacked:
    """An entry on its way out: what is broken in the zip is told apart from what its reader does wrong."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes of the file."""
        with _readable():
            return self._packed.read(size)


class _BoundedReads(io.BufferedIOBase):
    """A file that refuses to be read in pieces larger than any that reading a zip in pieces needs."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._file.read(_LARGEST_READ + 1 if size is None or size < 0 else min(size, _LARGEST_READ + 1))
        if len(data) > _LARGEST_READ:
            raise PackageError(f"the package's table of contents is larger than {_LARGEST_READ} bytes")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@contextlib.contextmanager
def _readable() -> Generator[None]:
    """What zipfile raises for broken zips, as ours."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise PackageError("the package is not a zip that can be read") from error


def _checked(entries: list[zipfile.ZipInfo], length: int) -> dict[str, zipfile.ZipInfo]:
    """Every file by its path, after its name, kind and declared size were looked at; nothing is unpacked for this."""
    if len(entries) > MAX_ENTRIES:
        raise PackageError(f"the package has {len(entries)} entries; more than {MAX_ENTRIES} are not read")
    files: dict[str, zipfile.ZipInfo] = {}
    allowed = min(MAX_TOTAL_BYTES, max(length, 1024) * MAX_RATIO)
    for entry in entries:
        if entry.is_dir():
            check_name(entry.filename.rstrip("/"))
            continue
        _check_entry(entry)
        if entry.filename in files:
            raise PackageError(f"the entry {entry.filename!r} stands in the package twice")
        files[entry.filename] = entry
        allowed -= entry.file_size
        if allowed < 0:
            raise PackageError(f"the package grows beyond what is read when {entry.filename!r} is unpacked: is it a zip bomb?")
    check_tree(files)
    return files


def check_tree(names: Iterable[str]) -> None:
    """Refuse paths of which one is a file and another says that it is a folder.

    Raises:
        PackageError: there are such.
    """
    known = set(names)
    for name in known:
        for cut in range(len(name)):
            if name[cut] == "/" and name[:cut] in known:
                raise PackageError(f"the entry {name[:cut]!r} is a file and a folder at once")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    check_name(entry.filename)
    # zipfile cuts names at a NUL and rewrites separators; what was really written must be the same.
    if entry.orig_filename != entry.filename:
        raise PackageError(f"the entry {entry.orig_filename[:80]!r} has an unsafe name: it holds a NUL or another system's separators")
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(f"the entry {entry.filename!r} is encrypted")
    if entry.compress_type not in _METHODS:
        raise PackageError(f"the entry {entry.filename!r} is compressed by a method that Chrome does not read")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise PackageError(f"the entry {entry.filename!r} is a link or a special file")


def check_name(name: str) -> None:
    """Refuse a path that could leave the folder it is unpacked to, or that not every system can hold.

    Raises:
        PackageError: the path is unsafe; the message says in what way.
    """
    if reason := _fault_of(name):
        raise PackageError(f"the entry {name[:80]!r} has an unsafe name: {reason}")


def _fault_of(name: str) -> str | None:
    parts = name.split("/")
    faults = (
        (not name, "it is empty"),
        (len(name) > MAX_NAME, f"it is longer than {MAX_NAME} characters"),
        (any(len(part.encode(errors="replace")) > MAX_NAME_PART for part in parts), f"a part is longer than {MAX_NAME_PART} bytes"),
        (name.startswith("/") or bool(_DRIVE.match(name)), "it is absolute"),
        ("\\" in name or "\0" in name, "it holds a backslash or a NUL"),
        (".." in parts, "it leads out of the package"),
        ("" in parts or "." in parts, "a part of it is empty or a dot"),
    )
    return next((reason for fault, reason in faults if fault), None)
