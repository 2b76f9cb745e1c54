"""Files that are there whole or not at all, whoever writes or reads them meanwhile."""

import contextlib
import os
import secrets
from collections.abc import Generator
from pathlib import Path
from typing import IO

SUFFIX = ".part"
"""Of a file that is still being written; what a process that died has left has it as well."""


@contextlib.contextmanager
def written(path: Path, mode: int | None = None) -> Generator[IO[bytes]]:
    """A file that takes its place when the block ends well, and leaves nothing when it does not.

    ``mode``: its permissions; by default those that any new file gets.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}{SUFFIX}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
