"""Asks a person what was not said on the command line. Only at a terminal: elsewhere nobody answers, and the default holds."""

import sys
from collections.abc import Callable
from typing import TypeVar

from guard.cli.console import Console
from guard.errors import UsageError

_Answer = TypeVar("_Answer")


class Unanswered(UsageError):
    """Whoever was asked went away."""

    hint = "answer, or say it with an option; see --help"


class Questions:
    """Asks one thing after the other, each until the answer can be used."""

    def __init__(self, console: Console, *, is_asking: bool) -> None:
        """``is_asking``: whether there is somebody to ask."""
        self._console = console
        self._is_asking = is_asking

    @property
    def is_asking(self) -> bool:
        """Whether there is somebody to ask."""
        return self._is_asking

    def ask(self, given: str | None, question: str, default: str, understand: Callable[[str], _Answer]) -> _Answer:
        """What was given, else what a person answers, else the default.

        Args:
            given: what the command line says; none where it says nothing.
            question: for a person.
            default: what an empty answer means.
            understand: makes something of the answer, or raises a `UsageError`.

        Raises:
            UsageError: what was given, or the default where nobody is asked, cannot be used.
            Unanswered: the terminal was closed.
        """
        if given is not None or not self._is_asking:
            return understand(default if given is None else given)
        while True:
            answer = self._console.ask(f"{question} [{default}]" if default else question)
            if answer is None:
                raise Unanswered(f"no answer to: {question}")
            try:
                return understand(answer or default)
            except UsageError as error:
                self._console.warn(str(error))


def one_of(*choices: str) -> Callable[[str], str]:
    """Understands one of a few words, or how it begins."""

    def understand(text: str) -> str:
        found = [choice for choice in choices if text and choice.startswith(text.strip().lower())]
        if len(found) != 1:
            raise UsageError(f"{text[:100]!r} is none of {', '.join(choices)}")
        return found[0]

    return understand


def somebody_is_there() -> bool:
    """Whether a person sits at standard input."""
    return sys.stdin.isatty()
