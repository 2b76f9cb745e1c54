"""Where the guard finds itself: the repository around a folder, what git calls it on GitHub, and where the guard was installed from."""

import importlib.metadata
import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from guard.errors import UsageError

GITHUB = "github.com"
_SECONDS = 10
_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]")
_BY_SSH = re.compile(r"(?:[^@/\s]+@)?([^:/\s]+):(.+)")


class NotBelow(UsageError):
    """A path outside of the repository."""

    hint = "the configuration and the extension belong into the repository that the workflows are written for"


def repository_root(start: Path) -> Path | None:
    """The nearest folder from there upward that git keeps; none where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def below(path: Path, root: Path) -> str:
    """A path relative to the repository, in GitHub's spelling.

    Raises:
        NotBelow: it is not in there.
    """
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise NotBelow(f"{path} is not below {root}") from None


def origin(root: Path, host: str = GITHUB) -> str | None:
    """OWNER/NAME of what git calls origin; none where that is not on ``host``. Its address may hold a token, and is shown nowhere."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "remote", "get-url", "origin"],  # noqa: S607 - the git that the team uses
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return full_name(asked.stdout.strip(), host) if asked.returncode == 0 else None


def full_name(address: str, host: str = GITHUB) -> str | None:
    """OWNER/NAME in the address of a repository on ``host``, over https or ssh; none where it is another's."""
    if "://" in address:
        try:
            parts = urlsplit(address)
            found, path = parts.hostname or "", parts.path
        except ValueError:
            return None
    elif match := _BY_SSH.fullmatch(address):
        found, path = match[1], match[2]
    else:
        return None
    name = path.strip("/").removesuffix(".git")
    return name if found.lower() in {host, f"ssh.{host}", f"www.{host}"} and _FULL_NAME.fullmatch(name) else None


def installed_from() -> str | None:
    """OWNER/REPO@COMMIT where the guard was installed from a repository on GitHub; none where it was not, or that is not known."""
    try:
        recorded = importlib.metadata.distribution("release-guard").read_text("direct_url.json")
        found: Any = json.loads(recorded or "{}")
        address, commit = found.get("url", ""), found.get("vcs_info", {}).get("commit_id", "")
    except (importlib.metadata.PackageNotFoundError, ValueError, AttributeError):
        return None
    name = full_name(address) if isinstance(address, str) else None
    return f"{name}@{commit}" if name and isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit) else None
