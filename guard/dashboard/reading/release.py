"""One release, whole: its window as plots, the verdicts on it and on its baseline, its checks, its drill and what would be done now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from guard.dashboard.documents.pages import Mark, ReleasePage, ReplayResult, SharePlot
from guard.dashboard.documents.parts import CheckReportView
from guard.dashboard.reading.curves import Polls, share_plots
from guard.dashboard.reading.lists import incident_of_each
from guard.dashboard.reading.overview import look_view
from guard.dashboard.reading.replaying import Replays, Shelf
from guard.dashboard.reading.rows import drill_view, incident_row, plan_view, release_row, report_view, rollback_view, signal_state
from guard.dashboard.reading.saying import Reader
from guard.engine import Engine
from guard.errors import NotRecorded
from guard.incidents.events import Kind
from guard.incidents.incident import Incident, TimelineEntry
from guard.incidents.terms import Bilingual
from guard.model import Release
from guard.store.check_reports import KeptReport
from guard.store.glance import Glance
from guard.store.listing import Listing
from guard.store.standings import SignalStanding
from webstore.errors import ReleaseGuardError
from webstore.models import Item
from webstore.versions import Version

_MOST_INCIDENTS = 20
_SEEN = {Kind.BREACH_SEEN, Kind.OPENED_BY_CANARY, Kind.OPENED_BY_HAND}
_MARKS: Mapping[str, tuple[str, Bilingual]] = {
    **{kind: ("breach", Bilingual("breach seen", "偵測到異常")) for kind in _SEEN},
    Kind.ROLLBACK_BEGUN: ("rollback_begun", Bilingual("rollback begun", "開始回滾")),
    Kind.ROLLBACK_DONE: ("rollback_done", Bilingual("rollback done", "回滾完成")),
    Kind.RECOVERED: ("recovered", Bilingual("recovered", "恢復正常")),
    Kind.RESOLVED: ("recovered", Bilingual("resolved", "已解決")),
}
_PUBLISHED = Bilingual("release seen live", "版本上線")
_OVER = Bilingual("rollback window over", "回滾時限結束")


class NoSuchRelease(NotRecorded):
    """A release that the guard has not seen, or of an extension that it does not know."""

    hint = "see `release-guard release list` for what was seen, and release-guard.toml for the extensions"


class ReleaseReading:
    """Reads releases; plots and replays of the same samples are made once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plots: Shelf[list[SharePlot]] = Shelf(100)
        self._replays = Replays(engine)

    def page(self, reader: Reader, item_named: str, version_text: str) -> ReleasePage:
        """One release.

        Raises:
            NoSuchRelease: it was not seen.
        """
        engine, release = self._engine, self.find(item_named, version_text)
        judged = engine.standings.of(release.item, release.version)
        baseline = self._baseline(release, judged)
        polls = engine.samples.polls(release, baseline)
        incidents = engine.incidents.of(release.item, release.version)[:_MOST_INCIDENTS]
        records = Listing(engine.database).rollbacks_of(release.item, str(release.version))
        known = incident_of_each(engine, records)
        drill = Glance(engine.database, engine.now).drills([(release.item, release.version)]).get((release.item, release.version))
        look = engine.looks.find(release.item)
        is_looked_at = look is not None and look.last.version == str(release.version)
        ends_at = release.published_at + engine.config.rollback_window
        return ReleasePage(
            at=engine.now(),
            item=release.item.id,
            item_name=reader.name(release.item),
            release=release_row(reader, release, drill, [one.id for one in incidents]),
            baseline=str(baseline) if baseline else None,
            window_starts_at=release.published_at,
            window_ends_at=ends_at,
            signals=[signal_state(reader, one) for one in judged if one.is_of_release],
            baseline_signals=[signal_state(reader, one) for one in judged if not one.is_of_release],
            plots=self._plots_of(release, baseline, polls),
            marks=self._marks(reader, release, incidents, ends_at),
            checks=self._reports(reader, release.item, release.version, baseline),
            drill=drill_view(reader, drill),
            plan=plan_view(reader, look.last.plan) if look and is_looked_at else None,
            look=look_view(reader, look) if look and is_looked_at else None,
            rollbacks=[rollback_view(reader, record, known.get(record.plan.id)) for record in records],
            incidents=[incident_row(reader, one) for one in incidents],
            thresholds=engine.config.thresholds.model_dump(),
        )

    def replay(self, reader: Reader, item_named: str, version_text: str, changed: Mapping[str, float]) -> ReplayResult:
        """What would have been decided under other thresholds.

        Raises:
            NoSuchRelease: it was not seen.
            NotRecorded: nothing was read of it.
            WrongThreshold: a name or a value makes no sense.
        """
        release = self.find(item_named, version_text)
        baseline = self._baseline(release, self._engine.standings.of(release.item, release.version))
        return self._replays.play(reader, release, baseline, self._engine.samples.polls(release, baseline), changed)

    def find(self, item_named: str, version_text: str) -> Release:
        """The release that an address names.

        Raises:
            NoSuchRelease: it was not seen.
        """
        try:
            item = self._engine.config.select(item_named).item
            found = self._engine.releases.find(item, Version.parse(version_text))
        except ReleaseGuardError:  # no such extension, or no version at all
            found = None
        if found is None:
            raise NoSuchRelease(f"no release {version_text[:40]!r} of {item_named[:60]!r} is recorded")
        return found

    def picture(self, item_named: str, version_text: str, number: int) -> Path:
        """A screenshot of the release's newest check report.

        Raises:
            NoSuchRelease: it was not seen.
            NotRecorded: there is no such picture, or its file is not on this machine.
        """
        release = self.find(item_named, version_text)
        report = self._engine.check_reports.find(release.item, release.version)
        paths = [str(path) for one in report.report["checks"] for path in one.get("screenshots", [])] if report else []
        if not report or not 0 <= number < len(paths):
            raise NotRecorded(f"the checks of {release.version} have no picture {number}")
        file = _inside(self._engine.config.state, Path(report.evidence) / paths[number] if report.evidence else Path(paths[number]))
        if file is None:
            missing = NotRecorded(f"picture {number} of the checks of {release.version} is not on this machine")
            raise missing.advise("look at it where the checks ran; the state folder holds it there")
        return file

    def _baseline(self, release: Release, judged: Sequence[SignalStanding]) -> Version | None:
        """What the release was judged beside; of one that nobody judged, what it would be."""
        beside = next((one.version for one in judged if not one.is_of_release), None)
        if beside is not None:
            return beside
        known = self._engine.releases.baseline_of(release.item, release.version)
        return known.version if known else None

    def _plots_of(self, release: Release, baseline: Version | None, polls: Polls) -> list[SharePlot]:
        if not polls:
            return []
        key = (release.item, release.version, baseline, polls[-1][0], len(polls))
        thresholds = self._engine.config.thresholds.to_domain()
        return self._plots.find(key) or self._plots.keep(key, share_plots(release, baseline, polls, thresholds))

    def _marks(self, reader: Reader, release: Release, incidents: Sequence[Incident], ends_at: datetime) -> list[Mark]:
        """The moments of the release, in the order of time: of each kind the first that an incident tells of."""
        language = reader.language
        marks = [Mark(at=release.published_at, kind="published", words=_PUBLISHED.in_language(language))]
        if ends_at <= self._engine.now():
            marks.append(Mark(at=ends_at, kind="window_over", words=_OVER.in_language(language)))
        entries: list[TimelineEntry] = [entry for one in reversed(incidents) for entry in self._engine.incidents.timeline(one.id)]
        for entry in entries:
            kind, words = _MARKS.get(entry.kind, ("", _PUBLISHED))
            if kind and kind not in {mark.kind for mark in marks}:
                marks.append(Mark(at=entry.at, kind=kind, words=words.in_language(language)))
        return sorted(marks, key=lambda mark: mark.at)

    def _reports(self, reader: Reader, item: Item, version: Version, baseline: Version | None) -> list[CheckReportView]:
        kept: list[KeptReport | None] = [self._engine.check_reports.find(item, one) for one in (version, baseline) if one]
        return [report_view(reader, item, one.report, one.checked_at) for one in kept if one]


def _inside(folder: Path, path: Path) -> Path | None:
    """The file, where it is a picture below the folder that really is there: a path comes out of a database."""
    root = folder.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.suffix == ".png" and file.is_file() else None
