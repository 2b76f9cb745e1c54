"""Texts from outside, cut to what a database takes: what is kept only to be shown must not fail by what it says."""

from typing import Any

_NUL = "\0"
"""PostgreSQL keeps no text with it."""


def clipped(text: str, longest: int) -> str:
    """At most ``longest`` characters and a mark that more was there, without what no database or encoding takes."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    return cut.replace(_NUL, " ").encode("utf-8", "replace").decode("utf-8")


def clipped_json(found: Any, longest: int, most: int) -> Any:
    """The same for every text in a JSON value, whose lists are cut after ``most`` entries."""
    match found:
        case str():
            return clipped(found, longest)
        case list():
            return [clipped_json(one, longest, most) for one in found[:most]]  # pyright: ignore[reportUnknownVariableType] - JSON
        case dict():
            return {name: clipped_json(value, longest, most) for name, value in found.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
        case _:
            return found
