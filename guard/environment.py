"""Secrets come from the environment alone: from a variable, or from the file that a variable names."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from guard.errors import ConfigurationError

DATABASE_VARIABLE = "RELEASE_GUARD_DATABASE_URL"
DSN_VARIABLE = "RELEASE_GUARD_SENTRY_DSN"
"""Of the Sentry project that hears of the guard itself: its own faults, and that the canary runs."""
_GOOGLE_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Set by google-github-actions/auth, and by whoever uses Google's own tools."""
_REFRESH_TOKEN = {key: f"RELEASE_GUARD_STORE_{key.upper()}" for key in ("client_id", "client_secret", "refresh_token")}


def secret(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """A secret from the variable ``name``, or from the file that ``name_FILE`` names.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    environment = os.environ if environment is None else environment
    return environment.get(name) or _from_file(f"{name}_FILE", environment)


def own_dsn(environment: Mapping[str, str] | None = None) -> str | None:
    """The DSN that the guard tells of itself. None too where its file cannot be read: telling changes nothing of what comes of a run."""
    with contextlib.suppress(ConfigurationError):  # `doctor` says it
        return secret(DSN_VARIABLE, environment)
    return None


def store_credentials(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The JSON of the store's credentials.

    From the variable ``name`` (or its file), else from the three variables of a refresh token, else from the file that
    google-github-actions/auth leaves.

    Raises:
        ConfigurationError: a file cannot be read, or only some of the three variables are set.
    """
    environment = os.environ if environment is None else environment
    if found := secret(name, environment):
        return found
    parts = {key: value for key, variable in _REFRESH_TOKEN.items() if (value := secret(variable, environment))}
    if missing := [_REFRESH_TOKEN[key] for key in ("client_id", "refresh_token") if parts and key not in parts]:
        incomplete = ConfigurationError(f"a refresh token is set in the environment, but {missing[0]} is not")
        raise incomplete.advise(f"set {', '.join(_REFRESH_TOKEN.values())}, or none of them")
    return json.dumps({"type": "authorized_user", **parts}) if parts else _from_file(_GOOGLE_FILE, environment)


def _from_file(variable: str, environment: Mapping[str, str]) -> str | None:
    """What stands in the file that a variable names; none when the variable is not set."""
    if not (file := environment.get(variable)):
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"the file that {variable} names cannot be read: {reason}") from None
