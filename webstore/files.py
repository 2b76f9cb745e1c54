"""The files of a package by their path, whether they lie in memory, in a zip, or in a zip with a few of them replaced."""

import abc
import contextlib
import hashlib
import io
from collections.abc import Generator, Iterator, Mapping
from typing import Protocol

CHUNK = 1024 * 1024
"""Bytes that are read at a time."""


class Readable(Protocol):
    """What can be read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class Files(Mapping[str, bytes]):
    """Contents by path (forward slashes, relative to the package's root). What is large is streamed, never held."""

    @abc.abstractmethod
    def size(self, name: str) -> int:
        """Bytes of one file."""

    @contextlib.contextmanager
    def open(self, name: str) -> Generator[Readable]:
        """One file, to be read in pieces."""
        yield io.BytesIO(self[name])

    def sha256(self, name: str) -> bytes:
        """Digest of one file's content."""
        with self.open(name) as file:
            return measure(file)[0]


class MemoryFiles(Files):
    """Files that are held in memory."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents

    def __getitem__(self, name: str) -> bytes:
        return self._contents[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def size(self, name: str) -> int:
        """Bytes of one file."""
        return len(self._contents[name])

    def sha256(self, name: str) -> bytes:
        """Digest of one file's content, which needs no stream here."""
        return hashlib.sha256(self._contents[name]).digest()


class Overlay(Files):
    """Other files with some added or replaced, or taken out where the content is none."""

    def __init__(self, base: Files, changes: Mapping[str, bytes | None]) -> None:
        self._base = base
        self._new = MemoryFiles({name: content for name, content in changes.items() if content is not None})
        self._names = [name for name in base if name not in changes] + list(self._new)
        self._changed = frozenset(changes)

    def _of(self, name: str) -> Files:
        return self._new if name in self._changed else self._base

    def __getitem__(self, name: str) -> bytes:
        return self._of(name)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def size(self, name: str) -> int:
        """Bytes of one file."""
        return self._of(name).size(name)

    @contextlib.contextmanager
    def open(self, name: str) -> Generator[Readable]:
        """One file, to be read in pieces."""
        with self._of(name).open(name) as file:
            yield file

    def sha256(self, name: str) -> bytes:
        """Digest of one file's content."""
        return self._of(name).sha256(name)


def measure(file: Readable) -> tuple[bytes, int]:
    """SHA-256 and number of bytes of what is left of a file."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.digest(), size
