"""completion: what a shell needs to complete our commands and options. It is made of the parser, so it knows them all."""

import re
import sys
from argparse import Namespace
from pathlib import Path

from guard.cli.arguments import build_parser
from guard.cli.console import Console
from guard.cli.pages.walking import actions, parsers, subcommands
from guard.errors import ExitCode

_PATHS = frozenset({"DIR", "FILE", "TARGET", "target"})
"""Values that are a path most of the time, also where the parser takes other things as well."""
_FOLDERS = frozenset({"DIR"})
"""Those that are a folder."""


def completion(args: Namespace) -> int:
    """Print the script."""
    script = script_for(args.shell)
    if args.json:
        Console(json_wanted=True).document({"shell": args.shell, "script": script})
    else:
        sys.stdout.write(script)
    return ExitCode.DONE


def script_for(shell: str) -> str:
    """The script of a shell (`SHELLS` has them)."""
    import shtab  # noqa: PLC0415 - only this command needs it

    parser = build_parser()
    for _, one in parsers(parser):
        for action in actions(one):
            name = str(action.metavar or action.dest)
            if action.type is Path or name in _PATHS:
                action.complete = shtab.DIRECTORY if name in _FOLDERS else shtab.FILE
            action.help = _short(action.help or "")
            for listed in action._choices_actions if subcommands(action) else ():  # noqa: SLF001 - no other way to reach them
                listed.help = subcommands(action)[listed.dest].description = _short(listed.help)
    return shtab.complete(parser, shell)


def _short(words: str) -> str:
    """The first part of what something is told to do: a shell shows it on one line, beside the name."""
    return re.split(r"[;(:]", words.replace("`", ""), maxsplit=1)[0].strip() or words
