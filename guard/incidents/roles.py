"""Who does what in an incident, and who is on call when. Pure."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime

from guard.incidents.terms import ROLES, Bilingual


class Role(enum.StrEnum):
    """A part that somebody plays in an incident; one person may play several."""

    INCIDENT_COMMANDER = "incident_commander"
    """Decides, and keeps the whole in view."""
    TECHNICAL_LEAD = "technical_lead"
    """Finds the cause and repairs."""
    COMMUNICATIONS_LEAD = "communications_lead"
    """Tells users, management and the team."""

    @property
    def words(self) -> Bilingual:
        """What it is called."""
        return ROLES[self.value]


@dataclasses.dataclass(frozen=True)
class Holder:
    """Who holds a role, and since when."""

    role: Role
    name: str
    since: datetime


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody who can be called."""

    name: str
    contacts: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """What each service knows this person by, such as ``{"slack": "U012AB3CD"}``: for mentions."""


@dataclasses.dataclass(frozen=True)
class OnCall:
    """The on-call list, which goes round, and whom an incident is escalated to in the end. Empty where a team has none."""

    people: tuple[Person, ...] = ()
    rotation: tuple[str, ...] = ()
    """Names, in the order in which they follow each other."""
    starts_on: date = date(2026, 1, 5)
    """The day, at midnight UTC, on which the first one begins."""
    days: int = 7
    """How long each one is on call."""
    management: tuple[str, ...] = ()

    def at(self, moment: datetime) -> str | None:
        """Who is on call at a time."""
        return next(iter(self.line(moment)), None)

    def line(self, moment: datetime) -> tuple[str, ...]:
        """Everyone in the rotation, beginning with who is on call: the next one is asked when nobody answers."""
        if not self.rotation:
            return ()
        turn = (moment.astimezone(UTC).date() - self.starts_on).days // self.days % len(self.rotation)
        return (*self.rotation[turn:], *self.rotation[:turn])

    def changes_at(self, moment: datetime) -> datetime | None:
        """When the next one takes over; none where nobody is on call, or always the same."""
        if len(set(self.rotation)) < 2:  # noqa: PLR2004 - it takes two to take turns
            return None
        turns = (moment.astimezone(UTC).date() - self.starts_on).days // self.days + 1
        return datetime.fromordinal(self.starts_on.toordinal() + turns * self.days).replace(tzinfo=UTC)

    def person(self, name: str) -> Person:
        """Who has that name; somebody who is not in the list can be reached by the name alone."""
        return next((known for known in self.people if known.name == name), Person(name))

    def escalation(self, moment: datetime, commander: str, step: int) -> tuple[str, ...]:
        """Whom to ask, the first time (1) and the next times that nobody answers: another one in the list, then management; then nobody."""
        others = [name for name in self.line(moment) if name != commander]
        steps = [names for names in (tuple(others[:1]), self.management) if names]
        return steps[step - 1] if step <= len(steps) else ()
