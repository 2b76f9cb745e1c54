"""Sentry's doors: whether it answers, what the token may read, where it is asked, and what it drops."""

import difflib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from guard.doctor.finding import Finding, ok, problem, warning
from guard.errors import SourceRefused
from guard.sources.sentry import FILTER_IS_ON
from guard.sources.sentry_asking import Asking
from webstore.auth import is_loopback
from webstore.store_errors import bounded

_MOST_NAMED = 5


def access(asking: Asking, base_url: str) -> Iterator[Finding]:
    """Whether Sentry answers and takes the token, and at which address.

    Raises:
        SourceError: it does not.
    """
    region = asking.client.region(asking.organization)
    asking.client.sessions(asking.organization, [*_a_day_of_sessions(), *asking.scope()])
    yield ok("sentry_access", f"Sentry answers at {region}, and lets the token read sessions (org:read)")
    if urlsplit(base_url).scheme == "http" and not is_loopback(base_url):
        words = "the token is sent to Sentry without encryption"
        yield warning("sentry_encryption", words, "give `base_url` under [sentry] as https")


def scope_of_issues(asking: Asking) -> Iterator[Finding]:
    """Whether the token may read what errors say.

    Raises:
        SourceError: Sentry is out of reach.
    """
    parameters = [("query", ""), ("limit", "1"), ("statsPeriod", "24h"), *asking.scope()]
    yield _scope("event:read", "the texts of errors", lambda: asking.client.issues(asking.organization, parameters))


def inbound_filter(asking: Asking) -> Iterator[Finding]:
    """Whether Sentry drops what extensions report, while it tells them that all is well.

    Raises:
        SourceError: Sentry is out of reach.
    """
    found: list[dict[str, bool | list[str]]] = []
    yield _scope("project:read", "the project's filters", lambda: found.append(asking.client.filters(asking.organization, asking.project)))
    if not found:
        return
    if found[0].get("browser-extensions") is True:
        hint = "in Sentry: Settings, Projects, Inbound Filters: switch off `Filter out errors known to be caused by browser extensions`"
        yield problem("sentry_filter", FILTER_IS_ON.partition(";")[0], hint)
    else:
        yield ok("sentry_filter", "the inbound filter for browser extensions is off")


def environment(asking: Asking) -> Iterator[Finding]:
    """Whether anything ever reported from the configured environment.

    Raises:
        SourceError: Sentry is out of reach or refuses.
    """
    wanted = asking.environment
    if wanted is None:
        yield ok("sentry_environment", "all environments are counted together")
        return
    known = asking.client.environments(asking.organization)
    if wanted in known:
        yield ok("sentry_environment", f"the environment {wanted} is known")
        return
    if not known:
        yield warning("sentry_environment", f"no environment has reported yet, {wanted} neither", "use the extension once, and look again")
        return
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
    named = ", ".join(bounded(name, 64) for name in known[:_MOST_NAMED])
    meant = f"did you mean {bounded(near[0], 64)!r}?" if near else f"there are: {named}"
    yield problem(
        "sentry_environment", f"nothing ever reported from the environment {wanted}", f"correct `environment` under [sentry]; {meant}"
    )


def _scope(scope: str, what: str, call: Callable[[], object]) -> Finding:
    name = f"sentry_scope_{scope.replace(':', '_')}"
    try:
        call()
    except SourceRefused as refused:
        return problem(
            name, f"the token may not read {what}: {refused}", f"give the token {scope}; internal integrations let scopes be added"
        )
    return ok(name, f"the token may read {what} ({scope})")


def _a_day_of_sessions() -> list[tuple[str, str]]:
    return [("field", "sum(session)"), ("interval", "1h"), ("statsPeriod", "24h")]
