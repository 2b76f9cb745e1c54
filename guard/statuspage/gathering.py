"""What the status page is made from: read from the database alone, so that it can be written with the store and Sentry out of reach."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from guard.config import ExtensionTable
from guard.engine import Engine
from guard.incidents.analysis import Case
from guard.incidents.incident import Incident
from guard.outcome import Outcome
from guard.statuspage.public import PublicStatus, Watched, publish
from guard.statuspage.uptime import DAYS
from guard.store.looks import LookRecord
from webstore.models import Item


def gather(engine: Engine) -> PublicStatus:
    """What may be told of every configured extension, as it stands now."""
    now = engine.now()
    looks = {totals.last.item: totals.last for totals in engine.looks.all()}
    incidents = _incidents(engine, now)
    return publish([_watched(engine, extension, incidents, looks) for extension in engine.config.extension], now)


def _incidents(engine: Engine, now: datetime) -> dict[Item, list[Incident]]:
    """Those of the days that are shown, by what they are about."""
    oldest = now - timedelta(days=DAYS + 1)
    found: dict[Item, list[Incident]] = {}
    for incident in engine.incidents.all():
        if incident.state.is_open or (incident.resolved_at or incident.opened_at) >= oldest:
            found.setdefault(incident.item, []).append(incident)
    return found


def _watched(
    engine: Engine, extension: ExtensionTable, incidents: Mapping[Item, list[Incident]], looks: Mapping[Item, LookRecord]
) -> Watched:
    item = extension.item
    releases, look = engine.releases.all(item), looks.get(item)
    return Watched(
        item=item,
        name=extension.name or "",
        cases=[Case(incident, engine.incidents.timeline(incident.id)) for incident in incidents.get(item, [])],
        first_seen_at=min((release.published_at for release in releases), default=None),
        looked_at=look.looked_at if look else None,
        was_seen=look is not None and look.outcome is not Outcome.FAILED,
        published={release.version for release in releases},
    )
