"""The drafted postmortem: what the timeline and the readings know is told, what only people know is asked. Blameless: it names acts.

The words stand in the templates beside this module, one for each language; here is what they are filled with.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.forms import SEPARATOR
from guard.incidents.action_items import ActionItem, cause_of
from guard.incidents.analysis import LIMITS, ROLLBACK_FAILED, Case, Limits, Moments, Sla, Target, Times, moments_of, sla_of, times_of
from guard.incidents.events import Kind, Language, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import TimelineEntry
from guard.incidents.measured import Line
from guard.incidents.recommendations import SLOW_DETECTION, Recommendation, Rule, recommend
from guard.incidents.terms import ROLES, Bilingual
from guard.incidents.wording import cause_words, escape, facts_in, length, moment, share, state_words, title_words, trigger_words
from guard.rollback.plan import EVERYBODY

__all__ = ["SLOW_DETECTION", "Material", "View", "escape", "view_of"]

_ASIDE = frozenset({Kind.MESSAGE_SENT, Kind.TICKED, Kind.UNTICKED})
"""What a reader of the story can do without; `incident show` has it."""
_GUARD = Bilingual("the guard", "系統")
_SEEN_LIVE = Bilingual("{version} was first seen live", "{version} 版上線")
_NO_LESSON = frozenset({Rule.DEPLOYMENT_CAUSE, Rule.OUTSIDE_CAUSE, Rule.FALSE_ALARM})
"""What is no slip of the response."""


@dataclasses.dataclass(frozen=True)
class Material:
    """All that a postmortem is made of."""

    case: Case
    now: datetime
    name: str = ""
    """What the extension is called."""
    percentage: int | None = None
    """Share of users (percent) that the release was published to; none when it was never seen."""
    release: Line | None = None
    baseline: Line | None = None
    """In the same minutes."""
    before: Line | None = None
    """The baseline, before the release."""
    restored: Line | None = None
    actions: Sequence[ActionItem] = ()
    limits: Limits = dataclasses.field(default_factory=lambda: LIMITS)
    plot: str = ""
    """Name of the file with the plot; empty when there is none."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the timeline table."""

    at: str
    who: str
    what: str
    reference: int | None
    """Its number in the appendix of evidence."""


@dataclasses.dataclass(frozen=True)
class Rate:
    """How often a version failed."""

    version: str
    failures: int
    total: int
    unit: str
    share: str


@dataclasses.dataclass(frozen=True)
class Swap:
    """What a rollback put in whose place."""

    target: str
    new_version: str
    took: str


@dataclasses.dataclass(frozen=True)
class View:
    """What the templates are filled with; escaped where it is put in."""

    material: Material
    language: Language

    @property
    def case(self) -> Case:
        """The incident with its timeline."""
        return self.material.case

    @property
    def title(self) -> str:
        """What happened, in a line."""
        return title_words(self.case.incident.title, self.language)

    @property
    def state(self) -> str:
        """Where it stands."""
        return state_words(self.case.incident.state, self.language)

    @property
    def trigger(self) -> str:
        """What opened it."""
        return trigger_words(self.case.incident.trigger, self.language)

    @property
    def moments(self) -> Moments:
        """When each part was reached."""
        return moments_of(self.case)

    @property
    def times(self) -> Times:
        """How long each part took."""
        return times_of(self.case)

    @property
    def sla(self) -> Sla:
        """Whether the targets of its severity were met."""
        return sla_of(self.case, self.material.now, self.material.limits)

    @property
    def targets(self) -> tuple[timedelta, timedelta]:
        """The targets to respond and to resolve."""
        return self.material.limits[self.case.incident.severity]

    @property
    def harm(self) -> timedelta | None:
        """How long users could meet the fault: from the release, or from when it was seen, until it was replaced."""
        at = self.moments
        return at.mitigated - (at.released or at.detected) if at.mitigated else None

    @property
    def cause(self) -> str:
        """The kind of its cause."""
        return cause_words(cause_of(self.case.incident).value, self.language)

    @property
    def reason(self) -> str:
        """What the cause was told by."""
        kind, colon, reason = self.case.incident.cause.partition(": ")
        return self.told(reason if colon else kind)

    @property
    def findings(self) -> tuple[str, ...]:
        """What was seen when it was opened, as the signals and checks said it."""
        seen = self.case.first({Kind.BREACH_SEEN, Kind.OPENED_BY_CANARY})
        if seen is None:
            return ()
        parts = seen.evidence.removeprefix("breach: ").split(SEPARATOR)
        return tuple(self.told(part) for part in parts if part.startswith("health: "))

    @property
    def hints(self) -> tuple[str, ...]:
        """What error texts speak of: no proof, and where to look first."""
        return tuple(self.told(entry.evidence) for entry in self.case.all({Kind.ERRORS_SPEAK_OF}) if entry.evidence)

    @property
    def repairs(self) -> list[str]:
        """What was repaired by the team's own commands."""
        return [self._what(entry) for entry in self.case.all({Kind.REPAIR_ENDED})]

    @property
    def roles(self) -> list[tuple[str, str]]:
        """Who holds which role at last."""
        held = {entry.facts.get("role", ""): entry.facts.get("holder", "") for entry in self.case.all({Kind.ROLE_TAKEN, Kind.HANDED_OVER})}
        return [(ROLES[role].in_language(self.language) if role in ROLES else role, holder) for role, holder in held.items() if holder]

    @property
    def swap(self) -> Swap | None:
        """The rollback that was completed."""
        done = self.case.last({Kind.ROLLBACK_DONE})
        if done is None:
            return None
        begun = [entry.at for entry in self.case.all({Kind.ROLLBACK_BEGUN}) if entry.at <= done.at]
        took = done.at - begun[-1] if begun else None
        return Swap(done.facts.get("target", ""), done.facts.get("new_version", ""), length(took, self.language))

    @property
    def held(self) -> str:
        """Why the guard has asked a person, where no rollback was completed."""
        asked = self.case.last({Kind.DECIDED_TO_ASK})
        return self.told(asked.evidence) if asked and self.swap is None else ""

    @property
    def failures(self) -> list[str]:
        """Why rollbacks failed."""
        return [self.told(entry.facts.get("failure", entry.event)) for entry in self.case.all(ROLLBACK_FAILED)]

    @property
    def is_by_hand(self) -> bool:
        """Whether a person said that a rollback shall be."""
        return self.case.first({Kind.APPROVED, Kind.ASKED_FOR}) is not None

    def rate(self, line: Line | None) -> Rate | None:
        """A line in figures."""
        if line is None or not line.total:
            return None
        return Rate(str(line.version), line.failures, line.total, line.unit, share(line.failures, line.total, self.language))

    @property
    def rows(self) -> list[Row]:
        """The timeline table, from the release on."""
        numbered = {id(entry): number for number, (entry, _) in enumerate(self._evidence, 1)}
        released = self.moments.released
        live = _SEEN_LIVE.in_language(self.language).format(version=self.case.incident.version)
        first = [Row(f"{released:%m-%d %H:%M:%S}", _GUARD.in_language(self.language), live, None)] if released else []
        return first + [
            Row(f"{entry.at:%m-%d %H:%M:%S}", self._who(entry), self._what(entry), numbered.get(id(entry)))
            for entry in self.case.timeline
            if entry.kind not in _ASIDE
        ]

    @property
    def aside(self) -> int:
        """How many entries the table leaves out."""
        return sum(entry.kind in _ASIDE for entry in self.case.timeline)

    @property
    def evidence(self) -> list[str]:
        """The appendix: what the guard has written beside its entries, in their order."""
        return [self.told(text) for _, text in self._evidence]

    @property
    def _evidence(self) -> list[tuple[TimelineEntry, str]]:
        return [(entry, entry.evidence) for entry in self.case.timeline if entry.evidence and entry.kind not in _ASIDE]

    @property
    def recommendations(self) -> list[Recommendation]:
        """What the rules recommend."""
        return recommend([self.case], self.material.now, self.material.limits)

    @property
    def slips(self) -> list[str]:
        """What in the response could have gone better, each with its evidence."""
        return [one.evidence(self.language) for one in self.recommendations if one.rule not in _NO_LESSON]

    @property
    def is_quick(self) -> bool:
        """Whether detection was as quick as is asked for."""
        return self.times.to_detect is not None and self.times.to_detect <= SLOW_DETECTION

    @property
    def is_in_time(self) -> bool:
        """Whether both targets were met."""
        return self.sla == Sla(Target.MET, Target.MET)

    @property
    def is_at_once(self) -> bool:
        """Whether the release went to everybody at once."""
        return self.material.percentage == EVERYBODY

    @property
    def resolution(self) -> str:
        """What became of it."""
        return self.told(self.case.incident.resolution)

    def told(self, text: str) -> str:
        """A text of the guard in the language."""
        return evidence_words(text, self.language)

    def long(self, value: timedelta | None) -> str:
        """A length of time in words."""
        return length(value, self.language)

    def when(self, at: datetime | None) -> str:
        """A moment in words."""
        return moment(at, self.language)

    def _who(self, entry: TimelineEntry) -> str:
        return _GUARD.in_language(self.language) if entry.actor == "guard" else entry.actor

    def _what(self, entry: TimelineEntry) -> str:
        if not entry.kind:
            return entry.event
        try:
            return words_of(entry.kind, facts_in(entry.facts, self.language), self.language)
        except (KeyError, ValueError):
            return entry.event  # written by another version of the guard: its own words are there


def view_of(material: Material, language: Language) -> View:
    """What a template of that language is filled with."""
    return View(material, language)
