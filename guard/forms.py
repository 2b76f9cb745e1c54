"""Sentences that are kept in English and told in Chinese: a form says both, and recognises by its own template what it has said.

Texts come from the database and may hold anything: whatever no form has said stays as it is, and the work on one text is bounded.
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from guard.languages import Language
from guard.tellers import BEGINNING, NAME, SAID, Figure, Name, Said, Teller

SEPARATOR = "; "
"""What joins sentences in English; `_JOINED` in Chinese."""
_JOINED = "；"
REST = "rest"
"""The part, at the end of a form, that takes all that follows, over separators: each sentence in it is told on its own."""
LONGEST = 8_000
"""Letters of a text that are looked at; what follows stays as it is."""
_DEEPEST = 6
"""So many forms may stand inside each other."""
_MOST_WORK = 20_000
"""Sentences that are looked at, and forms that are held against them, each as often as there are stretches of `_STRETCH` letters."""
_STRETCH = 64
_MOST_JOINED = 8
"""So many sentences may stand in a part that may hold separators."""


class Form:
    """A sentence of ours in English and in Chinese, with the same parts."""

    def __init__(self, english: str, chinese: str, /, **tellers: Teller) -> None:
        """Parts without a teller are names: the same in both languages.

        Raises:
            ValueError: the two do not have the same parts, or two parts stand side by side, so that nobody could tell them apart.
        """
        self.english, self.chinese = english, chinese
        self._literals, self.names = _taken_apart(english)
        if set(self.names) != set(_taken_apart(chinese)[1]) or not set(tellers) <= set(self.names):
            raise ValueError(f"the parts of {english!r} differ")
        if "" in self._literals[1:-1]:
            raise ValueError(f"two parts of {english!r} stand side by side")
        self.begins = self._literals[0]
        first = "" if self.begins else self.names[0]
        usual = {name: SAID if name == REST else BEGINNING if name == first else NAME for name in self.names}
        self.tellers: Mapping[str, Teller] = {**usual, **tellers}
        self.sentences = english.count(SEPARATOR) + 1
        """How many sentences it is, by their separators."""
        self.is_open = REST in self.names
        self._joined = {name for name, teller in self.tellers.items() if isinstance(teller, Name | Said) and teller.is_joined}
        self.may_join = bool(self._joined)
        self._mark = max(self._literals, key=len)
        self.weight = sum(map(len, self._literals))
        """How much of a text it explains."""

    def say(self, **parts: object) -> str:
        """The sentence in English, as it is kept.

        Raises:
            KeyError: a part is missing.
        """
        return self.english.format_map({name: str(part) for name, part in parts.items()})

    def may_have_said(self, text: str) -> bool:
        """Whether the words that it explains most by stand in a text."""
        return text.startswith(self.begins) and self._mark in text

    def parts_of(self, text: str) -> dict[str, str] | None:
        """The parts of a text that this form has said; none where it has not. Takes time in proportion to the text's length."""
        if not text.startswith(self.begins):
            return None
        found: dict[str, str] = {}
        position = len(self.begins)
        for place, (name, literal) in enumerate(zip(self.names, self._literals[1:], strict=True), start=1):
            if place == len(self.names):
                end = len(text) - len(literal) if text.endswith(literal) else -1
            else:
                end = self._end_of(name, literal, text, position)
            if end < position or found.setdefault(name, text[position:end]) != text[position:end]:
                return None
            position = end + len(literal)
        return found if position == len(text) else None

    def _end_of(self, name: str, literal: str, text: str, position: int) -> int:
        """Where a part ends that is not the last; less than ``position`` where it cannot."""
        teller = self.tellers[name]
        if isinstance(teller, Figure):  # it may hold spaces, as what follows it may
            figure = teller.pattern.match(text, position)
            return figure.end() if figure and text.startswith(literal, figure.end()) else -1
        return text.rfind(literal, position) if name in self._joined else text.find(literal, position)

    def told(self, parts: Mapping[str, str]) -> str:
        """The sentence in Chinese, with parts that are told already."""
        return self.chinese.format_map(parts)


def _taken_apart(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The literals of a template, one more than it has parts, and the names of the parts."""
    literals, names = [""], list[str]()
    for literal, name, _, _ in string.Formatter().parse(template):
        literals[-1] += literal
        if name is not None:
            names.append(name)
            literals.append("")
    return tuple(literals), tuple(names)


class Catalogue:
    """Forms by which texts are recognised; the one that explains most of a text counts."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self.forms = tuple(sorted(forms, key=lambda form: -form.weight))
        letters = {form.begins[:1] for form in self.forms}
        self._by_letter = {letter: [form for form in self.forms if form.begins[:1] in {letter, ""}] for letter in letters | {""}}
        """What may have said a text that begins with a letter; those that begin with a part may begin with any."""

    def in_language(self, text: str, language: Language) -> str:
        """A text as people read it in a language; what no form has said stays as it is. Nothing is escaped, and nothing raised."""
        if language is Language.ENGLISH or not text:
            return text
        return _Reading(self).told(text[:LONGEST]) + text[LONGEST:]

    def candidates(self, text: str) -> list[Form]:
        """The forms that may have said something that begins so, the most telling first."""
        return self._by_letter.get(text[:1], self._by_letter[""]) if text else []


class _Reading:
    """One text being read, with what work is left for it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._left = _MOST_WORK

    def told(self, text: str, depth: int = 0) -> str:
        """All sentences of a text."""
        sentences, told, glue, place = text.split(SEPARATOR), "", "", 0
        was_known = False
        while place < len(sentences):
            found = self._first(sentences, place, depth) if depth < _DEEPEST and self._left > 0 else None
            words, taken, is_open = found or (sentences[place], 1, False)
            told += (_JOINED if glue and (found or was_known) else glue) + words
            was_known, glue = found is not None, SEPARATOR
            place += taken
            if is_open:  # what follows is told as if it began here
                glue = ""
                place -= 1
        return told

    def _first(self, sentences: list[str], place: int, depth: int) -> tuple[str, int, bool] | None:
        """What the first sentences are in Chinese, how many, and whether the last one goes on (its rest is put in its place)."""
        windows: dict[int, str] = {}
        near = SEPARATOR.join(sentences[place : place + _MOST_JOINED])
        self._left -= 1 + len(near) // _STRETCH
        for form in self._catalogue.candidates(sentences[place]):
            if not form.may_have_said(near):
                continue
            longest = form.sentences + (_MOST_JOINED if form.may_join else 0)
            for count in range(form.sentences, min(longest, len(sentences) - place) + 1):
                if count not in windows:
                    windows[count] = SEPARATOR.join(sentences[place : place + count])
                window = windows[count]
                self._left -= 1 + len(window) // _STRETCH
                if self._left < 0:
                    return None
                parts = form.parts_of(window)
                if parts is None or (known := self._parts(form, parts, depth)) is None:
                    continue
                if form.is_open:
                    sentences[place + count - 1] = parts[REST]
                return form.told(known), count, form.is_open
        return None

    def _parts(self, form: Form, parts: Mapping[str, str], depth: int) -> dict[str, str] | None:
        """The parts in Chinese; none where one of them is not what it should be."""
        told: dict[str, str] = {}
        for name, text in parts.items():
            teller = form.tellers[name]
            words = teller.tell(text) if name != REST else ""
            if words is None:
                return None
            told[name] = words
        for name, text in parts.items():
            if name != REST and isinstance(form.tellers[name], Said):
                told[name] = self.told(text, depth + 1)
        return told


def forms_in(*places: Mapping[str, object]) -> Sequence[Form]:
    """The forms that modules have, by their variables: none can be left out of a list."""
    return [value for place in places for value in _flat(place.values())]


def _flat(values: Iterable[object]) -> Iterable[Form]:
    for value in values:
        if isinstance(value, Form):
            yield value
        elif isinstance(value, dict | tuple):
            held = cast("dict[object, object]", value).values() if isinstance(value, dict) else cast("tuple[object, ...]", value)
            yield from (one for one in held if isinstance(one, Form))
