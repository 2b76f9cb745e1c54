"""How the parts of a sentence are told in Chinese: names as they are, figures as Chinese writes them, words by their counterparts."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Protocol

_LABELS = re.compile(": ")
"""What stands behind a label."""


class Teller(Protocol):
    """Tells a part of a form in Chinese."""

    def tell(self, text: str) -> str | None:
        """The part in Chinese; none where it cannot be this part, so that its form has not said the text."""
        ...


@dataclasses.dataclass(frozen=True)
class Name:
    """What is the same in every language: a version, a count, a person's or the extension's own words."""

    is_joined: bool = False
    """Whether it may hold separators; then it ends as late as it can."""

    def tell(self, text: str) -> str | None:
        """The same, where there is something."""
        return text or None


@dataclasses.dataclass(frozen=True)
class Beginning:
    """A name that a sentence begins with: it holds no label, which would be another form's."""

    def tell(self, text: str) -> str | None:
        """The same, where it is no more than a name."""
        return text if text and not _LABELS.search(text) else None


@dataclasses.dataclass(frozen=True)
class Said:
    """A part that a form may have said: the catalogue tells it."""

    is_joined: bool = False
    """Whether it may hold several sentences."""

    def tell(self, text: str) -> str | None:
        """The same: here nothing is known of other forms."""
        return text or None


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """One of a few words."""

    words: Mapping[str, str]

    def tell(self, text: str) -> str | None:
        """The word's counterpart."""
        return self.words.get(text)


@dataclasses.dataclass(frozen=True)
class Listed:
    """Several words with commas between them."""

    words: Mapping[str, str]
    takes_others: bool = False
    """Whether a word may be another one, such as what a team counts; it stays as it is."""

    def tell(self, text: str) -> str | None:
        """Each word's counterpart."""
        words = text.split(", ")
        is_known = all(words) and not _LABELS.search(text) if self.takes_others else all(word in self.words for word in words)
        return "、".join(self.words.get(word, word) for word in words) if is_known else None


@dataclasses.dataclass(frozen=True)
class Shape:
    """A part of a known shape, such as a share or a length of time."""

    pattern: re.Pattern[str]
    """Without nested repetitions: it is held against texts from anywhere."""
    chinese: str
    """What `re.Match.expand` makes of it."""

    def tell(self, text: str) -> str | None:
        """The same figure as Chinese writes it."""
        found = self.pattern.fullmatch(text)
        return found.expand(self.chinese) if found else None


@dataclasses.dataclass(frozen=True)
class Figure:
    """A number; English sets thousands apart by spaces, Chinese by commas."""

    pattern: re.Pattern[str] = re.compile(r"[+-]?\d(?:[\d.,e+-]{0,30}\d)?(?: \d{3}){0,10}")

    def tell(self, text: str) -> str | None:
        """The same number."""
        return text.replace(" ", ",") if self.pattern.fullmatch(text) else None


@dataclasses.dataclass(frozen=True)
class Either:
    """The first of several that can tell it."""

    tellers: tuple[Teller, ...]

    def tell(self, text: str) -> str | None:
        """What that one makes of it."""
        return next((told for teller in self.tellers if (told := teller.tell(text)) is not None), None)


NAME = Name()
BEGINNING = Beginning()
VERBATIM = Name(is_joined=True)
SAID = Said()
JOINED = Said(is_joined=True)
PERCENT = Shape(re.compile(r"([+-]?[\d.,e+-]{1,20}) %"), r"\1%")
NUMBER = Figure()
DECIMAL = Shape(re.compile(r"(\d{1,12}(?:\.\d{1,6})?)"), r"\1")
WORD = Shape(re.compile(r"(\w{1,80})"), r"\1")
DURATION = Either((Shape(re.compile(r"([\d.]{1,12}) s"), r"\1 秒"), Shape(re.compile(r"([\d.]{1,12}) min"), r"\1 分鐘")))
