"""What stands in stored JSON: found by a path, held to a schema, compared with a golden file. Pure but for the schema and golden files."""

import difflib
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from healthchecks.errors import CheckSettingsError
from healthchecks.result import plain

if TYPE_CHECKING:
    from jsonpath import JSONPath

_LONGEST_DIFF = 60
_MOST_FAULTS = 3
_WIDEST = 300


@functools.lru_cache(maxsize=256)
def value_path(text: str) -> "JSONPath":
    """A path into stored JSON: ``$…`` is JSONPath (RFC 9535), anything else keys joined by dots, where a number may be a place in a list.

    Raises:
        ValueError: it is no path.
    """
    from jsonpath import JSONPathEnvironment, JSONPathError  # noqa: PLC0415 - only checks that look into storage need it

    if not text.startswith("$"):
        parts = (f"[{part}, {json.dumps(part)}]" if part.isdecimal() else f"[{json.dumps(part)}]" for part in text.split("."))
        text = "$" + "".join(parts)
    try:
        return cast("JSONPath", JSONPathEnvironment(strict=True).compile(text))
    except JSONPathError as error:
        raise ValueError(f"{text!r} is no JSONPath: {plain(str(error))}") from None


def values_at(stored: Any, path: str) -> list[Any]:
    """Everything that stands at a path."""
    return value_path(path).findall(stored)


def size_at(stored: Mapping[str, Any], path: str) -> int | None:
    """How much stands at a path: matches, or for a single one entries of a list or object, 1 for anything else; none when nothing does."""
    found = values_at(stored, path)
    if len(found) > 1:
        return len(found)
    value = found[0] if found else None
    return len(cast("list[Any]", value)) if isinstance(value, list | dict) else None if value is None else 1


def holds(whole: Any, part: Any) -> bool:
    """Whether ``part`` is in ``whole``: every key of an object with what it holds, lists and plain values as they are."""
    if isinstance(part, dict):
        wanted = cast("dict[str, Any]", part)
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], value) for key, value in wanted.items())
    return bool(whole == part)


def schema_faults(value: Any, schema: Path) -> list[str]:
    """Where a value is not what a JSON Schema says, at most three places.

    Raises:
        CheckSettingsError: the file holds no JSON Schema.
    """
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - only checks with a schema need it
    from jsonschema.validators import validator_for  # noqa: PLC0415 - as above

    rules = read_json(schema)
    kind = validator_for(rules)
    try:
        kind.check_schema(rules)
    except SchemaError as error:
        raise CheckSettingsError(f"{schema} is no JSON Schema: {plain(error.message)}") from None
    errors = sorted(kind(rules).iter_errors(value), key=lambda error: error.json_path)
    return [f"{error.json_path}: {plain(error.message)}" for error in errors[:_MOST_FAULTS]]


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        CheckSettingsError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckSettingsError(f"{path} cannot be read as JSON") from error


def canonical(value: Any) -> str:
    """JSON as golden files have it."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def golden_difference(actual: str, golden: Path) -> str | None:
    """How a text differs from a golden file, line by line; none when it does not. JSON files are compared as what they hold.

    Raises:
        CheckSettingsError: the file cannot be read.
    """
    if golden.suffix == ".json":
        expected = canonical(read_json(golden))
    else:
        try:
            expected = golden.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CheckSettingsError(f"the golden file {golden} cannot be read") from error
    if actual.rstrip("\n") == expected.rstrip("\n"):
        return None
    lines = list(difflib.unified_diff(expected.splitlines(), actual.splitlines(), golden.name, "found now", lineterm="", n=2))
    shown = [plain_line(line) for line in lines[:_LONGEST_DIFF]]
    return "\n".join(shown + [f"… {len(lines) - _LONGEST_DIFF} more lines"] * (len(lines) > _LONGEST_DIFF))


def plain_line(line: str) -> str:
    """A line from outside: without control characters and of bounded length, its indentation kept."""
    flat = "".join(letter if letter.isprintable() else " " for letter in line)
    return flat if len(flat) <= _WIDEST else flat[:_WIDEST] + "…"
