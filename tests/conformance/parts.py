"""What of an API's description matters to those who use it, and where two descriptions differ in that. Pure.

A description becomes a flat list of parts: each has a place, such as a method's parameter or a field of its answer, and what is said of it
there. Texts, examples, revisions and links are no parts, so that a change of words is no difference.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Place = tuple[str, ...]
"""Where a part stands; the place that it is in, without the last word, is a part as well."""

_MOST_VALUES = 12
_DEEPEST = 40
"""Schemas in schemas; a description from outside is read no deeper."""


@dataclasses.dataclass(frozen=True)
class Part:
    """One part of a description."""

    kind: str = ""
    """Its type, format or address, as the description has it."""
    values: frozenset[str] = frozenset()
    """What it can be; empty where it can be anything."""
    is_required: bool = False
    is_sent: bool = True
    """Whether it is of a question, and not of an answer."""


Parts = Mapping[Place, Part]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing in which what is published is not what is held."""

    place: Place
    what: str

    @property
    def words(self) -> str:
        """The place and the difference in one line."""
        return f"{' › '.join(self.place)}: {self.what}"


def compare(held: Parts, published: Parts) -> list[Difference]:
    """Where what is published does not keep what is held: what was taken away, changed, or is asked for now.

    What is new and need not be used is no difference: neither a method nor an optional parameter, nor one more field of an answer.
    """
    found: list[Difference] = []
    gone: set[Place] = set()
    for place, part in held.items():
        there = published.get(place)
        if there is not None:
            found += [Difference(place, what) for what in _changes(part, there)]
            continue
        gone.add(place)
        if place[:-1] not in gone:  # what is in a thing that is gone is gone with it
            found.append(Difference(place, "is not there any more"))
    new = [place for place, part in published.items() if place not in held and part.is_sent and part.is_required]
    return found + [Difference(place, "is new, and required") for place in new if place[:-1] in held]


def _changes(held: Part, published: Part) -> Iterator[str]:
    if held.kind != published.kind:
        yield f"was `{held.kind}`, and is `{published.kind}`"
    lost, more = held.values - published.values, published.values - held.values
    # Of what is sent only a value that is not taken any more matters; of what is answered also one that nobody has met.
    if published.values and held.values and lost:
        yield f"cannot be {_listed(lost)} any more"
    if published.values and more and (not held.is_sent or not held.values):
        yield f"can be {_listed(more)}{' as well' if held.values else ' alone'}"
    if held.values and not published.values and not held.is_sent:
        yield "can be anything"
    if held.is_sent and published.is_required and not held.is_required:
        yield "is required now"
    if not held.is_sent and held.is_required and not published.is_required:
        yield "may be absent now"


def _listed(values: frozenset[str]) -> str:
    shown = sorted(values)[:_MOST_VALUES]
    return ", ".join(f"`{value}`" for value in shown) + (f" and {len(values) - len(shown)} more" if len(values) > len(shown) else "")


@dataclasses.dataclass(frozen=True)
class Schemas:
    """Reads the schemas of one description, which its format names and marks in its own way."""

    named: Callable[[str], Mapping[str, Any]]
    """What a `$ref` stands for."""
    is_required: Callable[[Mapping[str, Any], str], bool]
    """Whether an object's schema asks for one of its properties."""

    def parts(
        self, schema: Any, place: Place, *, is_sent: bool, is_required: bool = False, inside: tuple[str, ...] = ()
    ) -> Iterator[tuple[Place, Part]]:
        """A schema and all that is in it. One that holds itself is read once."""
        told = mapping(schema)
        name = text(told.get("$ref"))
        if name:
            if name in inside:
                return
            told, inside = self.named(name), (*inside, name)
        if len(place) > _DEEPEST:
            return
        values = frozenset(str(value) for value in sequence(told.get("enum")) if value is not None)
        yield place, Part(_kind(told), values, is_required=is_required, is_sent=is_sent)
        for key, inner in mapping(told.get("properties")).items():
            wanted = self.is_required(told, key)
            yield from self.parts(inner, (*place, key), is_sent=is_sent, is_required=wanted, inside=inside)
        for key, word in (("items", "each"), ("additionalProperties", "any name")):
            if isinstance(told.get(key), dict):
                yield from self.parts(told[key], (*place, word), is_sent=is_sent, inside=inside)
        for key in ("allOf", "anyOf", "oneOf"):
            for number, inner in enumerate(sequence(told.get(key)), 1):
                yield from self.parts(inner, (*place, f"{key} {number}"), is_sent=is_sent, inside=inside)


def _kind(told: Mapping[str, Any]) -> str:
    kinds = [text(kind) for kind in sequence(told.get("type"))] or [text(told.get("type"))]
    words = " or ".join(filter(None, kinds)) or "anything"
    return " ".join(filter(None, [words, text(told.get("format")), "or null" if told.get("nullable") is True else ""]))


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping as it is; of anything else an empty one, whose parts are then missed."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list as it is; of anything else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A text as it is; of anything else an empty one."""
    return value if isinstance(value, str) else ""
