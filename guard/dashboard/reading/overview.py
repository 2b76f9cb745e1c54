"""The overview: every extension at a glance, in a fixed number of questions to the database."""

from collections.abc import Mapping
from datetime import timedelta

from guard.config import ExtensionTable
from guard.dashboard.documents.pages import ItemState, LookView, Overview, PauseView, WatcherView
from guard.dashboard.documents.parts import Overall
from guard.dashboard.reading.rows import check_lines, drill_view, open_incident, release_row, signal_state
from guard.dashboard.reading.saying import Reader
from guard.decision.orders import Pause
from guard.engine import Engine
from guard.incidents.standing import Standing
from guard.statuspage.overall import overall_status
from guard.store.executors import Executor
from guard.store.glance import Glance, NewestRelease
from guard.store.looks import LookTotals
from webstore.models import Item

_DAY = timedelta(days=1)
_MOST_WATCHERS = 50
_SPARKLINE_POINTS = 10
"""A line as wide as a finger shows no more of them."""


def overview(engine: Engine, reader: Reader) -> Overview:
    """Everything at a glance."""
    known = _Known(engine)
    now = engine.now()
    return Overview(
        at=now,
        status=Overall(overall_status(standing.incident for standing in known.incidents).value),
        items=[known.state_of(reader, extension) for extension in engine.config.extension],
        incidents=[open_incident(reader, standing) for standing in known.incidents],
        paused=[pause_view(reader, pause) for pause in engine.orders.pauses()],
        watchers=[
            WatcherView(id=one.id, role=one.role, seen_at=one.seen_at, is_alive=one.is_alive(now))
            for one in sorted(engine.executors.all(), key=_seen_last)[:_MOST_WATCHERS]
        ],
    )


def _seen_last(executor: Executor) -> float:
    return -executor.seen_at.timestamp()


class _Known:
    """What the database says of all items, read once."""

    def __init__(self, engine: Engine) -> None:
        glance = Glance(engine.database, engine.now)
        items = [extension.item for extension in engine.config.extension]
        self._config = engine.config
        self.incidents = glance.open_incidents()
        self._newest = glance.newest()
        newest = [(item, self._newest[item].release.version) for item in items if item in self._newest]
        self._signals = engine.standings.newest(items, points=_SPARKLINE_POINTS, with_baselines=False)
        self._reports = glance.check_reports(newest)
        self._drills = glance.drills(newest)
        self._waiting = glance.waiting()
        self._automatic = glance.automatic_since(engine.now() - _DAY)
        self._looks: Mapping[Item, LookTotals] = {look.last.item: look for look in engine.looks.all()}
        self._open: dict[Item, list[Standing]] = {}
        for standing in self.incidents:
            self._open.setdefault(standing.incident.item, []).append(standing)

    def state_of(self, reader: Reader, extension: ExtensionTable) -> ItemState:
        """One extension."""
        item, config = extension.item, self._config
        newest, look = self._newest.get(item), self._looks.get(item)
        mine = self._open.get(item, [])
        state = ItemState(
            item=item.id,
            name=reader.name(item),
            mode=config.mode_of(extension).value,
            look=look_view(reader, look) if look else None,
            open_incidents=tuple(standing.incident.id for standing in mine),
            waits_for_approval=next((one.incident.id for one in mine if (item, one.incident.version) in self._waiting), None),
            automatic_rollbacks_today=self._automatic.get(item, 0),
            max_automatic_rollbacks_a_day=config.watch.max_automatic_rollbacks_a_day,
        )
        return state.model_copy(update=self._of_release(reader, newest)) if newest else state

    def _of_release(self, reader: Reader, newest: NewestRelease) -> dict[str, object]:
        """What is known of the newest release. Verdicts are of that one, or of none: an older one's would mislead."""
        release = newest.release
        key = release.item, release.version
        judged = [one for one in self._signals.get(release.item, []) if one.is_of_release and one.release == release.version]
        report, drill = self._reports.get(key), self._drills.get(key)
        ids = [one.incident.id for one in self._open.get(release.item, []) if one.incident.version == release.version]
        return {
            "release": release_row(reader, release, drill, ids),
            "baseline": str(newest.baseline.version) if newest.baseline else None,
            "window_ends_at": release.published_at + self._config.rollback_window,
            "signals": tuple(signal_state(reader, one) for one in judged),
            "checks": check_lines(report.report) if report else (),
            "checked_at": report.checked_at if report else None,
            "drill": drill_view(reader, drill),
        }


def look_view(reader: Reader, look: LookTotals) -> LookView:
    """The last look at an extension."""
    last = look.last
    return LookView(
        at=last.looked_at,
        outcome=last.outcome.value,
        sentence=reader.evidence(last.sentence),
        version=last.version,
        seconds=round(last.seconds, 3),
    )


def pause_view(reader: Reader, pause: Pause) -> PauseView:
    """A pause."""
    item = pause.item
    return PauseView(
        item=item.id if item else None,
        item_name=reader.name(item) if item else None,
        by=pause.by,
        reason=pause.reason,
        since=pause.paused_at,
    )
