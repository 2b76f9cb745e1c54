"""How many users an extension has, and how many of them are heard of: what affected users are scaled by."""

from datetime import timedelta

from guard.engine import Engine, Guarded
from guard.errors import SourceError
from guard.judge.impact import Reach
from guard.model import Interval

_DAY = timedelta(days=1)


def reach_of(engine: Engine, guarded: Guarded) -> Reach | None:
    """By the store's active users and by the users that Sentry has heard of in a day; none where the store tells none.

    Asked only when there is something to scale, and a source that fails takes nothing from what is known.
    """
    try:
        active = guarded.store_metrics.active_users() if guarded.store_metrics else None
    except SourceError as error:
        engine.progress.warn(f"affected users are not scaled to all users: {error}")
        return None
    return Reach(active, _heard_users(engine, guarded)) if active else None


def _heard_users(engine: Engine, guarded: Guarded) -> int | None:
    if guarded.sentry is None:
        return None
    day = Interval(engine.now() - _DAY, engine.now())
    try:
        chosen = guarded.sentry.denominators.choose(day)
        return chosen.users(day) or None if chosen else None
    except SourceError as error:
        engine.progress.warn(f"affected users are not scaled by the users that Sentry hears of: {error}")
        return None
