"""Sentry's search syntax, as far as the guard asks in it: terms, lists, `has:`, comparisons, `AND`, `OR` and parentheses.

A question that cannot be understood is refused. In particular a key in one of Sentry's own namespaces (`error.`, `span.`, …) must be
known, since a misspelt one would otherwise find nothing and look like health; any other name may be a tag or an attribute.
"""

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping

from guard.localsentry.questions import QueryRefused
from guard.localsentry.records import Field

_LONGEST_QUERY = 4_000
_DEEPEST = 20
_STAR = "\0"
"""A star that stands for itself."""
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) | (?P<word>(?:AND|OR)(?=[\s()]|$))
        | (?P<term>(?P<not>!)?(?P<key>[A-Za-z][\w.\-]*|tags\[[\w.\-]+(?:,\w+)?\]):(?P<op>>=|<=|>|<)?
            (?P<value>\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]|"(?:[^"\\]|\\.)*"|[^\s"()\[\]]+))
    )""",
    re.VERBOSE,
)
_LIST_PART = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+(?:[^,"]*[^\s,"])?))\s*(?:,|$)')
_OWN_NAMESPACES = ("error", "span", "metric", "session", "sentry", "issue", "stack", "timestamp", "device", "event", "trace")

Fields = Mapping[str, Field]
Predicate = Callable[[Fields], bool]


@dataclasses.dataclass(frozen=True)
class Search:
    """A question that was understood."""

    matches: Predicate
    releases: frozenset[str] | None
    """The only releases that can match, when the question names them: what the rows are looked up by."""
    prefix: str = ""
    """What the names of all releases that can match begin with."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a question."""

    matches: Predicate
    releases: frozenset[str] | None = None
    prefix: str = ""


def parse(text: str, known: Collection[str], *, allows_tags: bool = True) -> Search:
    """Understand a question over fields of the names ``known``, and over tags.

    Raises:
        QueryRefused: it cannot be understood.
    """
    if len(text) > _LONGEST_QUERY:
        raise QueryRefused(f"Invalid query: longer than {_LONGEST_QUERY} characters")
    reading = _Reading(text, known, allows_tags)
    part = reading.either(0) if text.strip() else Part(lambda _fields: True)
    if not reading.is_at_end:
        raise reading.refusal()
    return Search(part.matches, part.releases, part.prefix)


def checked_key(name: str, known: Collection[str], *, allows_tags: bool = True) -> str:
    """The field that a name means.

    Raises:
        QueryRefused: it is none.
    """
    if name in known:
        return name
    bare = re.fullmatch(r"tags\[([\w.\-]+)(?:,\w+)?\]", name)
    tag = bare[1] if bare else name
    is_own = not bare and tag.partition(".")[0] in _OWN_NAMESPACES
    if not allows_tags or is_own or not re.fullmatch(r"[A-Za-z][\w.\-]{0,199}", tag):
        raise QueryRefused(f"Invalid key: {name[:60]} is not known here")
    return tag


class _Reading:
    """Reads a question from left to right."""

    def __init__(self, text: str, known: Collection[str], allows_tags: bool) -> None:
        self._text = text
        self._known = known
        self._allows_tags = allows_tags
        self._position = 0

    @property
    def is_at_end(self) -> bool:
        return not self._text[self._position :].strip()

    def refusal(self) -> QueryRefused:
        return QueryRefused(f"Invalid query: cannot be read from {self._text[self._position :].strip()[:60]!r} on")

    def either(self, depth: int) -> Part:
        """Parts joined by OR."""
        parts = [self._all(depth)]
        while self._takes("word", "OR"):
            parts.append(self._all(depth))
        if len(parts) == 1:
            return parts[0]
        named = [part.releases for part in parts]
        some = [found for found in named if found is not None]
        releases = frozenset[str]().union(*some) if len(some) == len(named) else None
        return Part(lambda fields: any(part.matches(fields) for part in parts), releases)

    def _all(self, depth: int) -> Part:
        """Parts joined by AND, which may be left out."""
        parts = [self._one(depth)]
        while not self.is_at_end and not self._is_next("close", ")") and not self._is_next("word", "OR"):
            self._takes("word", "AND")
            parts.append(self._one(depth))
        if len(parts) == 1:
            return parts[0]
        named = [part.releases for part in parts if part.releases is not None]
        releases = named[0].intersection(*named[1:]) if named else None
        prefix = max((part.prefix for part in parts), key=len)
        return Part(lambda fields: all(part.matches(fields) for part in parts), releases, prefix)

    def _one(self, depth: int) -> Part:
        token = _TOKEN.match(self._text, self._position)
        if token is None or depth > _DEEPEST:
            raise self.refusal()
        if token["open"]:
            self._position = token.end()
            inner = self.either(depth + 1)
            if not self._takes("close", ")"):
                raise self.refusal()
            return inner
        if not token["term"]:
            raise self.refusal()
        self._position = token.end()
        return self._term(token)

    def _term(self, token: re.Match[str]) -> Part:
        key, operator, value = token["key"], token["op"], token["value"]
        if key == "has":
            name = self._checked(_unquoted(value))
            found = Part(lambda fields: fields.get(name) not in {None, ""})
        elif operator:
            name = self._checked(key)
            found = Part(_compared(name, operator, _unquoted(value)))
        else:
            name = self._checked(key)
            values = _listed(value) if value.startswith("[") else [_unquoted(value)]
            named = (
                frozenset(value.replace(_STAR, "*") for value in values)
                if name == "release" and not any("*" in one for one in values)
                else None
            )
            prefix = values[0].partition("*")[0].replace(_STAR, "*") if name == "release" and len(values) == 1 else ""
            found = Part(_equal(name, values), named, prefix)
        if not token["not"]:
            return found
        matches = found.matches
        return Part(lambda fields: not matches(fields))

    def _checked(self, name: str) -> str:
        return checked_key(name, self._known, allows_tags=self._allows_tags)

    def _is_next(self, group: str, text: str) -> bool:
        token = _TOKEN.match(self._text, self._position)
        return token is not None and token[group] == text

    def _takes(self, group: str, text: str) -> bool:
        if not self._is_next(group, text):
            return False
        token = _TOKEN.match(self._text, self._position)
        self._position = token.end() if token else self._position
        return True


def _unquoted(value: str) -> str:
    return _unescaped(value[1:-1] if value.startswith('"') else value)


def _unescaped(text: str) -> str:
    """Without backslashes; a star that was escaped becomes `_STAR` until patterns have been taken apart."""
    return re.sub(r"\\(.)", lambda found: _STAR if found[1] == "*" else found[1], text)


def _listed(value: str) -> list[str]:
    inner = value[1:-1].strip()
    found: list[str] = []
    position = 0
    while position < len(inner):
        part = _LIST_PART.match(inner, position)
        if part is None:
            raise QueryRefused(f"Invalid query: {value[:60]} is no list of values")
        found.append(_unescaped(part[1] if part[1] is not None else part[2]))
        position = part.end()
    if not found:
        raise QueryRefused("Invalid query: a list of values is empty")
    return found


def _equal(name: str, values: list[str]) -> Predicate:
    """Booleans are asked for as true or 1; numbers by their value, so that 200 finds 200.0."""
    plain = {value.replace(_STAR, "*") for value in values if "*" not in value}
    patterns = [[piece.replace(_STAR, "*") for piece in value.split("*")] for value in values if "*" in value]
    numbers = {number for number in map(_number, plain) if number is not None}

    def matches(fields: Fields) -> bool:
        value = fields.get(name)
        if isinstance(value, bool):
            return bool(plain & ({"true", "1"} if value else {"false", "0"}))
        if isinstance(value, int | float):
            return value in numbers
        text = value or ""
        return text in plain or any(_fits(text, pieces) for pieces in patterns)

    return matches


def _fits(text: str, pieces: list[str]) -> bool:
    """Whether a text fits a pattern with `*`; by looking for one piece after the other, which no pattern can make slow."""
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _compared(name: str, operator: str, text: str) -> Predicate:
    limit = _number(text)
    if limit is None:
        raise QueryRefused(f"Invalid query: {text[:40]!r} is no number to compare {name} with")

    def matches(fields: Fields) -> bool:
        value = fields.get(name)
        number = value if isinstance(value, int | float) else _number(value) if isinstance(value, str) else None
        return number is not None and compare(number, operator, limit)

    return matches


def compare(number: float, operator: str, limit: float) -> bool:
    """Compare two numbers."""
    match operator:
        case ">":
            return number > limit
        case ">=":
            return number >= limit
        case "<":
            return number < limit
        case _:
            return number <= limit


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", text, re.ASCII) else None
