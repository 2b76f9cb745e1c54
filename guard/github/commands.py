"""GitHub's workflow commands: lines of standard output that a runner obeys. What comes from outside must never pass for one.

The escapes are those of GitHub's own toolkit (`@actions/core`, `command.ts`).
"""

import contextlib
import dataclasses
import secrets
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import TextIO

MOST_ANNOTATIONS = 10
"""A runner shows so many of a kind for a step, and drops the rest without a word."""
_LONGEST = 1000


@dataclasses.dataclass(frozen=True)
class Annotation:
    """A sentence that GitHub shows beside a file, or with the run."""

    title: str
    message: str
    is_error: bool = True
    file: str = ""
    """Relative to the repository; empty when it is about none."""
    line_number: str = ""
    """Within the file; empty when it is not known."""

    @property
    def line(self) -> str:
        """The workflow command."""
        place = {"file": self.file, "line": self.line_number} if self.file else {}
        told = {"title": self.title, **{name: value for name, value in place.items() if value}}
        properties = ",".join(f"{name}={_property(value[:_LONGEST])}" for name, value in told.items())
        return f"::{'error' if self.is_error else 'warning'} {properties}::{_data(self.message[:_LONGEST])}"


def annotate(output: TextIO, annotations: Sequence[Annotation]) -> None:
    """Say them, errors first; where there are more than are shown, the last says how many are not."""
    for is_error in (True, False):
        found = [one for one in annotations if one.is_error is is_error]
        shown = found if len(found) <= MOST_ANNOTATIONS else found[: MOST_ANNOTATIONS - 1]
        output.writelines(one.line + "\n" for one in shown)
        if more := len(found) - len(shown):
            output.write(Annotation("release-guard", f"and {more} more: see the summary", is_error).line + "\n")
    output.flush()


@contextlib.contextmanager
def deaf(output: TextIO) -> Generator[None]:
    """While it lasts the runner obeys nothing: what is printed may come from a page, from Sentry or from the store.

    The word that ends it is made up anew each time, so that no text can say it.
    """
    word = secrets.token_hex(16)
    output.write(f"::stop-commands::{word}\n")
    output.flush()
    try:
        yield
    finally:
        output.write(f"\n::{word}::\n")
        output.flush()


def set_outputs(path: Path, outputs: Iterable[tuple[str, str]]) -> None:
    """Write outputs into the file that `GITHUB_OUTPUT` names: each between two lines that its value cannot hold."""
    with path.open("a", encoding="utf-8") as file:
        for name, value in outputs:
            fence = f"release-guard-{secrets.token_hex(16)}"
            file.write(f"{name}<<{fence}\n{value}\n{fence}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
