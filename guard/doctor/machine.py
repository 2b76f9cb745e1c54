"""What the guard rests on here: the state folder, the database, the browser."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from guard.config import Config
from guard.doctor.finding import Finding, ok, problem
from guard.engine import database_url
from guard.store.database import open_database, parse_url
from healthchecks.chromium import find_chromium
from healthchecks.environment import without_secrets
from webstore.store_errors import bounded

_BROWSER_SECONDS = 30


def state_folder(config: Config) -> Iterator[Finding]:
    """Whether the folder of the database, the archive and the screenshots can be written."""
    folder = config.state
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield problem("state_folder", f"{folder} cannot be written: {error.strerror}", "correct `state`, or the folder's owner and rights")
    else:
        yield ok("state_folder", f"{folder} can be written")


def database(config: Config, named: str | None) -> Iterator[Finding]:
    """Whether the database opens, and has the newest schema.

    Raises:
        ConfigurationError: its address cannot be used.
        DatabaseUnreachable: nothing answers there.
    """
    url = database_url(config, named)
    open_database(url).dispose()
    yield ok("database", f"{parse_url(url).render_as_string(hide_password=True)} opens, and has the newest schema")


def browser(configured: Path | None) -> Iterator[Finding]:
    """Which Chromium runs the checks, and that it can be started at all.

    Raises:
        ChromiumNotFound: there is none.
    """
    chromium = find_chromium(configured)
    try:
        asked = subprocess.run(
            [chromium.path, "--version"],
            env=without_secrets(os.environ),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_BROWSER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield problem("browser", f"{chromium.path} does not start ({type(error).__name__})", "run `release-guard browser install`")
        return
    version = bounded(asked.stdout, 100)
    if asked.returncode or not version:
        words = bounded(asked.stderr, 200) or f"it ended with {asked.returncode}"
        yield problem("browser", f"{chromium.path} does not say its version: {words}", "start it by hand, and install what it misses")
    else:
        yield ok("browser", f"{version} at {chromium.path}, {chromium.source}")
