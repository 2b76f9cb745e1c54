"""What people see: progress and tables on standard error, results on standard output, one JSON document when it was asked for."""

import contextlib
import json
import sys
from collections.abc import Generator, Sequence
from typing import Any

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.status import Status
from rich.table import Table
from rich.text import Text

from guard.cli.unread import to_nowhere, write

_LONGEST_LINE = 2000


class _Terminal(RichConsole):
    """Goes on in silence where its reader went away: what is done, and the exit code, do not hang on being read."""

    def on_broken_pipe(self) -> None:
        """Rich's own way is to end the process with 1, in the middle of whatever it does, as if a breach had been found."""
        self.quiet = True
        to_nowhere(self.file)


class Console:
    """The terminal. Also the engine's `Progress`."""

    def __init__(self, *, json_wanted: bool = False) -> None:
        self._json = json_wanted
        self._error = _Terminal(stderr=True, highlight=False)
        self._output = _Terminal(highlight=False)
        self._status: Status | None = None

    @contextlib.contextmanager
    def working(self) -> Generator["Console"]:
        """Show a spinner with what is being done, where there is a terminal."""
        if not self._error.is_terminal:
            yield self
            return
        with self._error.status("starting") as status:
            self._status = status
            try:
                yield self
            finally:
                self._status = None

    def doing(self, text: str) -> None:
        """Something has begun."""
        if self._status:
            self._status.update(escape(clean(text)))

    def done(self, text: str) -> None:
        """Something is finished, and this came of it."""
        self._line("·", "green", text)

    def warn(self, text: str) -> None:
        """Something needs a person's eye."""
        self._line("!", "yellow", text)

    def _line(self, mark: str, style: str, text: str) -> None:
        self._write(self._error, Text.assemble((mark, style), " ", clean(text)))

    def print(self, text: str | Text = "") -> None:
        """A line of the result: on standard output, unless JSON was asked for."""
        self._write(self._error if self._json else self._output, text if isinstance(text, Text) else Text(clean(text)))

    def _write(self, console: RichConsole, text: Text) -> None:
        """Words are wrapped for a person at a terminal; in a file or a pipe a line stays whole, so that paths can be found."""
        console.print(text, soft_wrap=not console.is_terminal)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
        """A table of the result."""
        table = Table(*columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        console = self._error if self._json else self._output
        console.print(table)

    def document(self, value: Any) -> None:
        """The one JSON document."""
        if self._json:
            write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def verbatim(self, text: str) -> None:
        """A line of the result that people copy: never wrapped."""
        (self._error if self._json else self._output).print(Text(clean(text)), soft_wrap=True)

    def ask(self, question: str) -> str | None:
        """Ask a person at the terminal; none when they went away."""
        self._error.print(Text(f"{clean(question)}: "), end="")
        line = sys.stdin.readline()
        return line.strip() if line else None

    def confirm(self, question: str) -> bool:
        """Ask a person; no terminal, no yes."""
        if not sys.stdin.isatty():
            return False
        self._error.print(Text(f"{clean(question)} [y/N] "), end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


def clean(text: str) -> str:
    """Text from anywhere without what could move the cursor or colour the terminal, and of bounded length."""
    kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    return kept if len(kept) <= _LONGEST_LINE else kept[:_LONGEST_LINE] + "…"
