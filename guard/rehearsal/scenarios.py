"""The stories that can be rehearsed, and how each must end."""

import dataclasses

from guard.errors import UsageError
from guard.outcome import Outcome


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One story: which 1.3.0 is published, for how many users it fails, and the right end."""

    name: str
    story: str
    variant: str
    failing: float | None
    """Share (0-1) of users for whom 1.3.0 fails; none when it dies before it can report anything."""
    expected: Outcome
    failing_before: float = 0.004
    """The same for 1.2.0."""
    site_changed: bool = False


SCENARIOS = (
    Scenario("bad-release", "1.3.0 finds no books on the library's page", "finds-nothing", 0.85, Outcome.ROLLED_BACK),
    Scenario("healthy", "1.3.0 is good", "good", 0.003, Outcome.HEALTHY),
    Scenario(
        "worker-crash",
        "the service worker of 1.3.0 imports what is not there and never starts, so nothing is reported",
        "worker-crash",
        None,
        Outcome.ROLLED_BACK,
    ),
    Scenario("broken-popup", "the popup of 1.3.0 throws", "broken-popup", 0.15, Outcome.ROLLED_BACK),
    Scenario("lost-data", "the migration of 1.3.0 loses stored books", "lost-data", 0.004, Outcome.ROLLED_BACK),
    Scenario(
        "one-way",
        "1.3.0 finds no books, and has brought stored ones into a form that 1.2.0 cannot read: going back would cost users their shelf",
        "one-way",
        0.85,
        Outcome.HELD,
    ),
    Scenario("some-users", "1.3.0 fails for one user in four, and no check sees it", "some-users", 0.25, Outcome.ROLLED_BACK),
    Scenario(
        "site-change",
        "1.3.0 is good, but the library's page changed: 1.2.0 fails as well, and going back would cure nothing",
        "good",
        0.75,
        Outcome.HELD,
        failing_before=0.75,
        site_changed=True,
    ),
)


def scenario(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        UsageError: there is none.
    """
    for found in SCENARIOS:
        if found.name == name:
            return found
    raise UsageError(f"there is no scenario {name!r}; there are {', '.join(found.name for found in SCENARIOS)}")
