"""The stories that can be rehearsed, and how each must end."""

import dataclasses
import enum

from guard.errors import UsageError
from guard.outcome import Outcome
from guard.rehearsal.users import USUAL, Habits


class Telling(enum.StrEnum):
    """Who does what in a story."""

    GATE = "gate"
    """The gate alone guards the release."""
    BY_HAND = "by_hand"
    """The gate proposes, and a person rolls back."""
    KILLED = "killed"
    """A gate in a process of its own is killed inside the rollback, and the next one takes over."""


class Way(enum.StrEnum):
    """How a rollback is done at the store; the words are those that its evidence begins with."""

    STORE_ROLLBACK = "store rollback"
    REVERSIONED = "re-versioned package"


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
    sentry_down: bool = False
    habits: Habits = USUAL
    window_seconds: float = 300.0
    """The rollback window, which a story without a verdict waits for."""
    normal_reports: int = 0
    """Sessions in ten seconds of earlier weeks; 0: there is no history."""
    percentage: int = 100
    """Share of users (percent) that 1.3.0 is published to."""
    telling: Telling = Telling.GATE
    way: Way = Way.STORE_ROLLBACK
    """The way back; any but the store's own means that the store refuses its own, and reviews what is submitted."""
    also_called: str = ""


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
        "unsafe-drill",
        "1.3.0 finds no books, and has brought stored ones into a form that 1.2.0 cannot read: going back would cost users their shelf",
        "one-way",
        0.85,
        Outcome.HELD,
        also_called="one-way",
    ),
    Scenario("error-spike", "1.3.0 fails for one user in four, and no check sees it", "some-users", 0.25, Outcome.ROLLED_BACK),
    Scenario(
        "low-traffic",
        "five people use 1.3.0, and it fails for two: too few for a verdict",
        "good",
        0.4,
        Outcome.INCONCLUSIVE,
        habits=Habits(users=5, active=5, uses=1),
        window_seconds=15.0,
    ),
    Scenario(
        "pre-existing",
        "1.3.0 fails for one user in four, and so did 1.2.0 all along: going back would cure nothing",
        "some-users",
        0.25,
        Outcome.HELD,
        failing_before=0.25,
    ),
    Scenario(
        "silence",
        "1.3.0 passes every check, dies at its start for everybody else, and sends nothing: reports dry up as users update",
        "good",
        None,
        Outcome.ROLLED_BACK,
        habits=Habits(updating=0.05),
        normal_reports=600,
    ),
    Scenario(
        "sentry-down",
        "Sentry answers nothing: the checks pass, and what users see is not known",
        "good",
        0.004,
        Outcome.INCONCLUSIVE,
        sentry_down=True,
        window_seconds=15.0,
    ),
    Scenario(
        "site-change",
        "1.3.0 is good, but the library's page changed: 1.2.0 fails as well, and going back would cure nothing",
        "good",
        0.75,
        Outcome.HELD,
        failing_before=0.75,
        site_changed=True,
    ),
    Scenario(
        "store-refuses",
        "1.3.0 finds no books, and the store refuses to roll it back: the kept package of 1.2.0 is submitted under a new number",
        "finds-nothing",
        0.85,
        Outcome.ROLLED_BACK,
        way=Way.REVERSIONED,
    ),
    Scenario(
        "partial-rollout",
        "1.3.0 is published to 5 % of users, and finds no books: it is rolled back, and its share is never raised",
        "finds-nothing",
        0.85,
        Outcome.ROLLED_BACK,
        percentage=5,
    ),
    Scenario(
        "crash-during-rollback",
        "1.3.0 is dead, and so is the guard, in the middle of its rollback: the next guard finishes it, once",
        "worker-crash",
        None,
        Outcome.ROLLED_BACK,
        telling=Telling.KILLED,
    ),
    Scenario(
        "manual",
        "the popup of 1.3.0 throws, the guard only proposes, and a person rolls back",
        "broken-popup",
        0.15,
        Outcome.ROLLED_BACK,
        telling=Telling.BY_HAND,
    ),
)


def scenario(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        UsageError: there is none.
    """
    for found in SCENARIOS:
        if name in {found.name, found.also_called} - {""}:
            return found
    raise UsageError(f"there is no scenario {name!r}; there are {', '.join(found.name for found in SCENARIOS)}")
