"""The files that `init` writes, made of templates. Every value is quoted for where it stands; none can begin an expression of GitHub's."""

import json
import re
from pathlib import Path

import jinja2

from guard.errors import UsageError
from guard.scaffold.called import ALL
from guard.scaffold.wanted import Wanted

TO_FILL_IN = "TO FILL IN"
"""Marks what nobody could know who wrote the file."""
_TEMPLATES = Path(__file__).parents[1] / "templates"
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*", re.ASCII)
"""What YAML takes for text without quotes, unless it is one of the next words."""
_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_IN_AN_EXPRESSION = re.compile(r"[A-Za-z0-9_*,/ -]{1,200}", re.ASCII)


class Unwritable(UsageError):
    """A value that cannot stand in the file."""

    hint = "leave out control characters, and what GitHub would take for an expression"


def workflows(wanted: Wanted) -> dict[str, str]:
    """The text of each workflow, by its file's name."""
    return {called.ours: _environment().get_template(f"workflows/{called.ours}.j2").render(wanted=wanted) for called in ALL}


def configuration(*, item: str | None, publisher: str | None, path: str, name: str) -> str:
    """The text of a commented release-guard.toml; what is not known is marked as to be filled in.

    Args:
        item: the item's id in the store.
        publisher: the publisher's.
        path: the extension's folder, relative to the configuration's.
        name: of the extension, as in Sentry's release names.
    """
    template = _environment().get_template("release-guard.toml.j2")
    return template.render(
        item=item or "a" * 32,
        id_note="" if item else f"  # {TO_FILL_IN}: the 32 letters in the item's address in the store",
        publisher=publisher or "your-publisher-id",
        publisher_note="" if publisher else f"  # {TO_FILL_IN}: developer dashboard, Account, Publisher ID",
        path=path,
        name=name,
    )


def _environment() -> jinja2.Environment:
    # GitHub's own expressions have jinja's usual braces.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701 - no HTML; each value has the filter of where it stands
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(quoted=quoted, expression=_expression, toml=_toml)
    return environment


def quoted(text: str) -> str:
    """A value as YAML's text, in quotes where it needs them.

    Raises:
        Unwritable: it could not stay the text that it is.
    """
    if not text.isprintable() or "${{" in text:
        raise Unwritable(f"{text[:200]!r} cannot stand in a workflow")
    is_plain = _BARE.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _expression(text: str) -> str:
    """A value as text within one of GitHub's expressions."""
    if not _IN_AN_EXPRESSION.fullmatch(text):
        raise Unwritable(f"{text[:200]!r} cannot stand in an expression")
    return f"'{text}'"


def _toml(text: str) -> str:
    """A value as TOML's basic text, whose escapes are JSON's where only what can be printed is in it."""
    if not text.isprintable():
        raise Unwritable(f"{text[:200]!r} cannot stand in a configuration")
    return json.dumps(text, ensure_ascii=False)
