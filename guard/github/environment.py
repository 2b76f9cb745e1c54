"""The environment of the command: a workflow hands over any number of secrets as one, since it cannot know their names beforehand."""

import re
from collections.abc import Mapping

from guard.github.asking import PREFIX, InputRefused

LINES = "RELEASE_GUARD_ENVIRONMENT"
"""The variable that holds a line of NAME=VALUE for each."""
_NAME = re.compile(r"RELEASE_GUARD_[A-Z0-9_]{1,80}")
_SHORTEST_SECRET = 8
"""Masking something shorter would black out half the log."""


def handed_over(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that the lines set. A line that is empty or begins with # says nothing.

    Raises:
        InputRefused: a line sets nothing, or what it must not. It is named by its number: what stands in it is secret.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(environment.get(LINES, "").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.strip().partition("=")
        if not equals or not _NAME.fullmatch(name) or name == LINES or name.startswith(PREFIX):
            refused = InputRefused(f"line {number} of the secret `environment` sets no variable whose name begins with RELEASE_GUARD_")
            raise refused.advise("each line is NAME=VALUE; in the configuration, name variables of that beginning")
        found[name] = value
    return found


def of_command(environment: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What the command gets: all that is here but the inputs, and the secrets under their own names."""
    kept = {name: value for name, value in environment.items() if name != LINES and not name.startswith(PREFIX)}
    return {**kept, **secrets}


def masks(secrets: Mapping[str, str]) -> list[str]:
    """Workflow commands that black the secrets out of every log: GitHub knows only the lines as a whole."""
    return [f"::add-mask::{value}" for value in secrets.values() if len(value) >= _SHORTEST_SECRET]
