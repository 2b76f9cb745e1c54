"""Whether tickets can be opened and a rollback can be told of: the variables that hold what is needed for it. Nothing is sent."""

from collections.abc import Iterator

from guard.config import Config
from guard.doctor.finding import Finding, ok, problem
from guard.environment import secret
from guard.errors import ConfigurationError

NAME = "outside"


def outside(config: Config) -> Iterator[Finding]:
    """One finding for each thing that is configured; none where nothing is."""
    if config.tickets.repository:
        yield _held(f"tickets in {config.tickets.repository}", config.tickets.token_env)
    if config.rollback.webhook_env:
        yield _held("the webhook of a rollback", config.rollback.webhook_env)
    if config.rollback.dispatch_repository:
        yield _held(f"the workflow in {config.rollback.dispatch_repository}", config.rollback.dispatch_token_env)


def _held(what: str, variable: str) -> Finding:
    try:
        is_set = bool(secret(variable))
    except ConfigurationError as error:
        return problem(NAME, f"{what}: {error}", error.advice)
    if is_set:
        return ok(NAME, f"{what}: {variable} is set; whether it is taken shows when it is used")
    return problem(NAME, f"{what}: {variable} is not set", f"set {variable}, or {variable}_FILE")
