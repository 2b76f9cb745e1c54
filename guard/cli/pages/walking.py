"""Every parser of a command line with the words that lead to it: argparse keeps them, and shows them in no other way."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any, cast


def parsers(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """The parser itself, and all below it, each after the one that it belongs to."""
    yield path, parser
    for action in actions(parser):
        for name, below in subcommands(action).items():
            yield from parsers(below, (*path, name))


def actions(parser: argparse.ArgumentParser) -> list[Any]:
    """Every option and place of a parser."""
    return list(parser._actions)  # noqa: SLF001 - as the first line says


def subcommands(action: Any) -> Mapping[str, argparse.ArgumentParser]:
    """The commands that an action chooses from; none when it is an option or a place."""
    if isinstance(getattr(action, "choices", None), dict):
        return cast("Mapping[str, argparse.ArgumentParser]", action.choices)
    return {}
