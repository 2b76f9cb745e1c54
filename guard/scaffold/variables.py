"""The variables that a configuration names, and that a workflow has to be given as lines of one secret."""

from collections.abc import Iterator

from guard.config import Config
from guard.environment import DSN_VARIABLE
from guard.scaffold.called import VARIABLES

STORE_CREDENTIALS = "RELEASE_GUARD_STORE_CREDENTIALS"
"""The variable that the reusable workflows set from the secret `store-credentials`."""


def named(config: Config) -> Iterator[tuple[str, str]]:
    """What each is for, and its name; each name once."""
    seen: set[str] = set()
    for what, variable in _all(config):
        if variable not in seen:
            seen.add(variable)
            yield what, variable


def can_be_handed_over(variable: str) -> bool:
    """Whether a line of the secret may set it."""
    return variable.startswith(VARIABLES)


def _all(config: Config) -> Iterator[tuple[str, str]]:
    for extension in config.extension:
        if table := config.sentry_of(extension):
            yield "Sentry's token", table.token_env
    if config.canary.is_wanted:
        yield "where the canary checks in", DSN_VARIABLE
    for target in config.notify.target:
        yield f"the address of {target.name}", target.url_env
    if config.tickets.repository:
        yield f"a token that may write issues in {config.tickets.repository}", config.tickets.token_env
    if config.rollback.webhook_env:
        yield "the address that a rollback is posted to", config.rollback.webhook_env
    if config.rollback.dispatch_repository:
        yield f"a token that may start workflows in {config.rollback.dispatch_repository}", config.rollback.dispatch_token_env
