"""Streams that nobody reads any more: what is done, and the exit code, do not hang on being read."""

import os
import sys
from typing import IO


def to_nowhere(file: IO[str]) -> None:
    """Let all that is still written to a stream go nowhere, what waits in its buffer as well."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def write(file: IO[str], text: str) -> None:
    """Write it at once, read or not."""
    try:
        file.write(text)
        file.flush()
    except BrokenPipeError:
        to_nowhere(file)


def tell(text: str) -> None:
    """Say it on standard error, heard or not."""
    write(sys.stderr, text)
