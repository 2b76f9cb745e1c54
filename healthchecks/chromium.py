"""Which Chromium runs the checks: the configured one, else Playwright's, else the system's; or one is installed."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from healthchecks.errors import ChromiumNotFound

VARIABLE = "RELEASE_GUARD_CHROMIUM"
_SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-for-testing", "google-chrome", "chrome")
_INSTALL_SECONDS = 1200
_PLAYWRIGHT_BINARIES = ("chrome-linux64/chrome", "chrome-linux/chrome", "chrome-mac/Chromium.app/Contents/MacOS/Chromium")


@dataclasses.dataclass(frozen=True)
class Chromium:
    """A Chromium, and who provides it."""

    path: Path
    source: str


def find_chromium(configured: Path | None = None, environment: Mapping[str, str] | None = None) -> Chromium:
    """The Chromium that will be used.

    Raises:
        ChromiumNotFound: there is none, or the configured one cannot be run (then no other is taken instead).
    """
    environment = os.environ if environment is None else environment
    if configured:
        return _configured(configured, "configured in release-guard.toml")
    if named := environment.get(VARIABLE):
        return _configured(Path(named), f"configured in {VARIABLE}")
    if playwright := _playwrights(environment):
        return Chromium(playwright, "installed by Playwright")
    for name in _SYSTEM_NAMES:
        if found := shutil.which(name, path=environment.get("PATH")):
            return Chromium(Path(found), "installed on this system")
    raise ChromiumNotFound("no Chromium is installed")


def _configured(path: Path, source: str) -> Chromium:
    if not path.is_file() or not os.access(path, os.X_OK):
        missing = ChromiumNotFound(f"the Chromium {source} cannot be run: {path}")
        raise missing.advise(f"correct what is {source}, or take it out and another is looked for")
    return Chromium(path, source)


def _playwrights(environment: Mapping[str, str]) -> Path | None:
    """The newest Chromium in Playwright's own folder. Asking Playwright would mean starting it, which takes a second."""
    folder = environment.get("PLAYWRIGHT_BROWSERS_PATH") or str(Path.home() / ".cache" / "ms-playwright")
    revisions = sorted(Path(folder).glob("chromium-*"), key=lambda path: int("0" + path.name.rpartition("-")[2]), reverse=True)
    found = (revision / binary for revision in revisions for binary in _PLAYWRIGHT_BINARIES)
    return next((path for path in found if os.access(path, os.X_OK)), None)


def install_chromium(progress: Callable[[str], None]) -> Chromium:
    """Find a Chromium, or install one: by the package manager on Debian as root, else by Playwright.

    Raises:
        ChromiumNotFound: the installation failed; the end of its output is quoted.
    """
    try:
        return find_chromium()
    except ChromiumNotFound:
        if os.environ.get(VARIABLE):
            raise
    is_root = os.geteuid() == 0
    if is_root and _distribution() == "debian" and shutil.which("apt-get"):
        progress("installing Debian's Chromium")
        _run(["apt-get", "update", "-q"])
        _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"])
    else:  # Ubuntu's package is a snap, which does not run in containers
        progress("installing Playwright's Chromium")
        _run([sys.executable, "-m", "playwright", "install", *(["--with-deps"] if is_root else []), "chromium"])
    return find_chromium()


def _distribution() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition("=")[2].strip('"') for line in lines if line.startswith("ID=")), "")


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=_INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChromiumNotFound(f"Chromium could not be installed: {command[0]} did not finish") from error
    if done.returncode:
        tail = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise ChromiumNotFound(f"Chromium could not be installed: {tail[-500:]}")
