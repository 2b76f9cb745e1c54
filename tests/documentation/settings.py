"""Every setting of release-guard.toml, as the models have it, and the tables of SETTINGS.md that say so."""

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from documentation.reading import Page, Table
from guard.config import Config
from guard.notify.settings import QuietHours

HEADER = ("key", "type", "default", "means")
_PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number", Path: "path", date: "date", Any: "any value"}
_UNITS = ("seconds", "minutes", "hours", "days")
_TEXT_FORMS = {QuietHours: "text"}
"""Models that a file writes as a text, and not as a table."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """A key: the tables that it may stand in ("" for the top of the file), its type, and its default as TOML or in a word."""

    tables: tuple[str, ...]
    key: str
    type: str
    default: str

    @property
    def dotted(self) -> list[str]:
        """Its dotted names, one for each table that it may stand in."""
        return [f"{name.strip('[]')}.{self.key}".removeprefix(".") for name in self.tables]


def settings_of(model: type[BaseModel] = Config) -> list[Setting]:
    """Every setting, table by table. Tables of one kind, such as those of the severities, are told together."""
    places: dict[type[BaseModel], list[str]] = {}
    for name, table in _tables(model, ""):
        places.setdefault(table, []).append(name)
    return [
        Setting(tuple(names), field.alias or key, type_of(field, key), _default_of(field))
        for table, names in places.items()
        for key, field in table.model_fields.items()
        if table_in(field.annotation) is None
    ]


def tables_of(settings: Sequence[Setting]) -> Mapping[tuple[str, ...], list[Setting]]:
    """The settings by the tables that they stand in."""
    found: dict[tuple[str, ...], list[Setting]] = {}
    for setting in settings:
        found.setdefault(setting.tables, []).append(setting)
    return found


def table_in(annotation: Any) -> type[BaseModel] | None:
    """The table that a key opens; none for a key that is assigned a value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if annotation in _TEXT_FORMS else annotation
    return next((table for inside in get_args(annotation) if (table := table_in(inside))), None)


def type_of(field: FieldInfo, key: str = "") -> str:
    """What may be assigned, in words, with its unit where the key names one, and its bounds."""
    words, bounds = _words_of(field.annotation), list(field.metadata)
    for inside in get_args(field.annotation):
        if get_origin(inside) is Annotated:  # `Annotated[…] | None` keeps its bounds inside
            bounds += [part for extra in get_args(inside)[1:] for part in (extra.metadata if isinstance(extra, FieldInfo) else [extra])]
    unit = next((unit for unit in _UNITS if key == unit or key.endswith(f"_{unit}")), None)
    if unit and "number" in words:
        words = f"whole {unit}" if words.startswith("whole") else unit
    return words + _bounds(bounds) if "number" in words or unit else words


def _tables(model: type[BaseModel], name: str) -> Iterator[tuple[str, type[BaseModel]]]:
    yield name, model
    for key, field in model.model_fields.items():
        if table := table_in(field.annotation):
            is_list = any(get_origin(part) is tuple for part in (field.annotation, *get_args(field.annotation)))
            dotted = f"{name.strip('[]')}.{key}".removeprefix(".")
            yield from _tables(table, f"[[{dotted}]]" if is_list else f"[{dotted}]")


def _words_of(annotation: Any) -> str:
    if annotation in _TEXT_FORMS:
        return _TEXT_FORMS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _one_of([member.value for member in annotation])
    return _words_of_several(get_origin(annotation), get_args(annotation)) if get_args(annotation) else _PLAIN[annotation]


def _words_of_several(origin: Any, inside: Sequence[Any]) -> str:
    if origin is Literal:
        return _one_of(inside)
    if origin in {types.UnionType, Union}:
        return " or ".join(_words_of(part) for part in inside if part is not types.NoneType)
    if origin is tuple:
        return f"list of {_words_of(inside[0])}"
    return _words_of(inside[0]) if origin is Annotated else f"table of {_words_of(inside[1])}"


def _one_of(values: Sequence[Any]) -> str:
    return ", ".join(f"`{json.dumps(value)}`" for value in values[:-1]) + f" or `{json.dumps(values[-1])}`"


def _bounds(metadata: Sequence[Any]) -> str:
    said: list[str] = []
    for bound in metadata:
        for kind, word, name in (
            (annotated_types.Ge, "at least", "ge"),
            (annotated_types.Gt, "over", "gt"),
            (annotated_types.Le, "at most", "le"),
            (annotated_types.Lt, "under", "lt"),
        ):
            if isinstance(bound, kind):
                said.append(f"{word} {_figure(getattr(bound, name))}")
    return "".join(f", {bound}" for bound in said)


def _figure(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:.10g}"


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    """A value as release-guard.toml would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, typing.cast('Sequence[Any]', value)))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in typing.cast("Mapping[str, Any]", value).items()) + "}"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, enum.Enum):
        return json.dumps(value.value)
    return str(value) if isinstance(value, int | date) else json.dumps(str(value), ensure_ascii=False)


def heading_of(tables: Sequence[str]) -> str:
    """The heading of the table that says what stands in these."""
    return ", ".join(f"`{name}`" for name in tables) if tables != ("",) else "The top of the file"


def documented(page: Page) -> list[Table]:
    """The page's tables of settings."""
    return [table for table in page.tables if table.header == HEADER]


def renewed(text: str, settings: Sequence[Setting]) -> str:
    """The page with each table of settings written anew: keys, types and defaults are the models', what they mean stays.

    Raises:
        ValueError: a heading for one of the tables is missing.
    """
    lines = text.splitlines()
    for tables, inside in tables_of(settings).items():
        heading = f"### {heading_of(tables)}"
        if heading not in lines:
            raise ValueError(f"SETTINGS.md has no heading {heading!r}")
        at = lines.index(heading) + 1
        end = next((index for index in range(at, len(lines)) if lines[index].startswith("#")), len(lines))
        first = next((index for index in range(at, end) if lines[index].startswith("| key |")), None)
        last = first if first is not None else end
        while last < end and lines[last].startswith("|"):
            last += 1
        rows = lines[first:last] if first is not None else []
        meanings = {row.split("|")[1].strip().strip("`"): row.split(" | ", 3)[3].removesuffix(" |") for row in rows[2:]}
        table = ["| key | type | default | means |", "|---|---|---|---|"]
        table += [f"| `{one.key}` | {one.type} | {one.default} | {meanings.get(one.key, '')} |" for one in inside]
        start = first if first is not None else end
        lines[start:last] = table if first is not None else [*table, ""]
    return "\n".join(lines) + "\n"


def differences(page: Page, settings: Sequence[Setting]) -> list[str]:
    """Where the page and the models differ, in both directions; and keys that nothing is said of."""
    wanted = {(heading_of(one.tables), one.key): one for one in settings}
    said: dict[tuple[str, str], tuple[str, ...]] = {}
    found: list[str] = []
    for table in documented(page):
        for row in table.body:
            place = (table.heading, row[0].strip("`"))
            if place in said:
                found.append(f"{' '.join(place)} stands there twice")
            said[place] = row
    found += [f"{' '.join(place)} is not documented" for place in wanted if place not in said]
    found += [f"{' '.join(place)} is no setting" for place in said if place not in wanted]
    for place, row in said.items():
        if place in wanted:
            one = wanted[place]
            wrong = [
                f"{name} is {there!r}, not {here!r}"
                for name, here, there in (("type", row[1], one.type), ("default", row[2], one.default))
                if here != there
            ]
            found += [f"{' '.join(place)}: {words}" for words in wrong]
            found += [f"{' '.join(place)} means nothing"] if not row[3].strip() else []
    return found
