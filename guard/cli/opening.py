"""Opens what most commands need: the configuration, the console and the engine."""

import contextlib
from argparse import Namespace
from collections.abc import Generator
from pathlib import Path

from guard.cli.console import Console
from guard.config import FILE_NAME, Config, load
from guard.engine import Engine, Guarded
from guard.ticking import ticking


def configuration(args: Namespace) -> Config:
    """The configuration that is named, or the one in this folder.

    Raises:
        ConfigurationError: it is missing or wrong.
    """
    return load(args.config or Path(FILE_NAME))


def guarded(args: Namespace) -> Guarded:
    """The extension that is named, for commands that need no database: they work while that is out of reach.

    Raises:
        ConfigurationError: the configuration is missing or wrong, or does not say which extension is meant.
    """
    config = configuration(args)
    return Guarded(config, config.select(args.item), config.state / "checks")


@contextlib.contextmanager
def acting(args: Namespace, config: Config | None = None) -> Generator[tuple[Engine, Console]]:
    """An engine for what may take long: meanwhile people are told what is due.

    Raises:
        ConfigurationError: the configuration is missing or wrong.
        DatabaseUnreachable: the database cannot be opened.
    """
    with engine(args, config) as (opened, console), ticking(opened):
        yield opened, console


@contextlib.contextmanager
def engine(args: Namespace, config: Config | None = None) -> Generator[tuple[Engine, Console]]:
    """An engine whose progress is shown on the console.

    Raises:
        ConfigurationError: the configuration is missing or wrong.
        DatabaseUnreachable: the database cannot be opened.
    """
    console = Console(json_wanted=args.json)
    opened = Engine.open(config or configuration(args), args.database, console)
    try:
        with console.working():
            yield opened, console
    finally:
        opened.database.dispose()
