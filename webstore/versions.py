"""Chrome's version numbers: their rules, their order, and the lowest free one above another.

Source of the rules: Chrome's manifest documentation, "version": one to four integers from 0 to 65535, separated by dots,
no leading zeros, not all zero; a missing part compares as 0.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from webstore.errors import ReleaseGuardError

MAX_PART = 65_535
MAX_PARTS = 4
_PART = re.compile(r"0|[1-9][0-9]{0,4}")


class VersionError(ReleaseGuardError, ValueError):
    """A version number that Chrome would refuse."""

    users_mistake = True
    hint = "use one to four integers from 0 to 65535 separated by dots, without leading zeros, such as 1.3.0"


@functools.total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """A version number. ``1.3`` and ``1.3.0`` are equal, and each is shown as it was written."""

    parts: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read a version number.

        Raises:
            VersionError: Chrome would refuse it.
        """
        return cls(_parts_of(text))

    @property
    def padded(self) -> tuple[int, ...]:
        """All four parts, missing ones as 0."""
        return self.parts + (0,) * (MAX_PARTS - len(self.parts))

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    def __eq__(self, other: object) -> bool:
        return self.padded == other.padded if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.padded < other.padded if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.padded)


@functools.lru_cache(maxsize=4096)  # of thousands of rows from a database most are of the same few versions
def _parts_of(text: str) -> tuple[int, ...]:
    pieces = text.split(".")
    if len(pieces) > MAX_PARTS or not all(_PART.fullmatch(piece) and int(piece) <= MAX_PART for piece in pieces):
        raise VersionError(f"{text[:40]!r} is not a version number that Chrome accepts")
    if not any(int(piece) for piece in pieces):
        raise VersionError(f"{text!r} is not a version number that Chrome accepts: one part must be above 0")
    return tuple(int(piece) for piece in pieces)


def lowest_free_above(published: Version, taken: Iterable[Version] = ()) -> Version:
    """The lowest number above ``published`` that nobody took: 1.3.0 gives 1.3.0.1, so that 1.3.1 stays free.

    Raises:
        VersionError: no number is left above ``published``.
    """
    occupied = {version.padded for version in taken}
    candidate = _after(published.padded)
    while candidate in occupied:
        candidate = _after(candidate)
    return Version(candidate)


def _after(padded: tuple[int, ...]) -> tuple[int, ...]:
    """The next number in Chrome's order, carrying where a part is full."""
    for position in reversed(range(MAX_PARTS)):
        if padded[position] < MAX_PART:
            return (*padded[:position], padded[position] + 1, *(0,) * (MAX_PARTS - position - 1))
    raise VersionError("no version number is left above 65535.65535.65535.65535")
