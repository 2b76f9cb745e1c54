"""The part of the command line that is about the program itself: which one it is, and its words for a shell."""

import argparse
import platform
import sys
from collections.abc import Sequence
from typing import Any

SHELLS = ("bash", "zsh", "fish")


def add_about(parser: argparse.ArgumentParser, commands: Any, common: argparse.ArgumentParser) -> None:
    """`--version` and `completion`."""
    words = "say which version this is, and which Python runs it"
    parser.add_argument("--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help=words)
    completion = commands.add_parser("completion", parents=[common], help="print a script that lets a shell complete commands and options")
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


class _Version(argparse.Action):
    """Argparse's own `version` wants the text when the parser is built; reading it takes longer than all of that."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - as argparse calls it
        values: str | Sequence[Any] | None,  # noqa: ARG002 - as above
        option_string: str | None = None,  # noqa: ARG002 - as above
    ) -> None:
        sys.stdout.write(f"{parser.prog} {version()} (Python {platform.python_version()})\n")
        parser.exit()


def version() -> str:
    """The version that is installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only when somebody asks

    try:
        return version("release-guard")
    except PackageNotFoundError:
        return "not installed"
