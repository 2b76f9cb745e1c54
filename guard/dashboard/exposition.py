"""Prometheus' text format 0.0.4, as it is written: families with their help and type, labels escaped."""

import dataclasses
import enum
import functools
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

_LONGEST_LABEL = 200
_CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode that steer how text is shown, or are no text."""
_INSIDE_QUOTES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_INSIDE_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Kind(enum.StrEnum):
    """What the numbers of a family mean."""

    GAUGE = "gauge"
    COUNTER = "counter"
    SUMMARY = "summary"


@dataclasses.dataclass(frozen=True)
class Sample:
    """One number with its labels."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""
    """Of a summary: `_sum` or `_count`."""


@dataclasses.dataclass(frozen=True)
class Family:
    """All numbers of one name."""

    name: str
    kind: Kind
    help: str
    samples: Sequence[Sample]

    def lines(self) -> Iterator[str]:
        """The family as it is read, in the order of its samples."""
        yield f"# HELP {self.name} {self.help.translate(_INSIDE_HELP)}"
        yield f"# TYPE {self.name} {self.kind.value}"
        for sample in self.samples:
            yield f"{self.name}{sample.suffix}{_labels(sample.labels)} {_number(sample.value)}"


def text_of(families: Iterable[Family]) -> str:
    """The whole text; it ends with a line feed, as the format asks."""
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items()) + "}"


@functools.lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    """A label's value: bounded, without control characters but the line feed, which has an escape, and always UTF-8."""
    cut = value[:_LONGEST_LABEL]
    plain = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(letter) else letter for letter in cut)
    return plain.translate(_INSIDE_QUOTES)


def _is_control(letter: str) -> bool:
    return letter != "\n" and unicodedata.category(letter) in _CONTROLS


def _number(value: float) -> str:
    """A number as Go reads it."""
    if isinstance(value, int):
        return str(int(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))
