"""The tables of release-guard.toml that say how a team responds: each severity's rules, who is on call, when an incident comes back."""

import enum
import re
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from guard.incidents.clocks import TARGETS, Target, Targets
from guard.incidents.roles import OnCall, Person
from guard.incidents.rules import IncidentRules
from guard.notify.message import CHANNELS
from guard.severity import RULES, Severity, SeverityRule
from guard.tables import StrictTable

PersonName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s,](?:[^,\x00-\x1f\x7f]*[^\s,])?$")]
"""A person's name; commas part several."""
_Share = Annotated[float, Field(gt=0, le=1)]
_Users = Annotated[int, Field(ge=1, le=10_000_000_000)]
_Minutes = Annotated[float, Field(gt=0, le=60 * 24 * 90)]
_Channel = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]


class Urgency(enum.StrEnum):
    """How much a severity disturbs people."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_URGENCY = {Severity.P0: Urgency.CRITICAL, Severity.P1: Urgency.HIGH, Severity.P2: Urgency.MEDIUM, Severity.P3: Urgency.LOW}


class RuleTable(StrictTable):
    """``[severity.P0]`` and the others: what makes an incident one of these, and what it asks of people. Any condition is enough."""

    error_rate: _Share | None = None
    """From this error rate on (0-1), where it is proved."""
    affected_users: _Users | None = None
    availability_below: _Share | None = None
    """Below this share of users for whom the extension starts."""
    response_seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    """A regular expression that a word of an error's text, or of a person's title, begins with."""
    respond_minutes: _Minutes | None = None
    resolve_minutes: _Minutes | None = None
    urgency: Urgency | None = None
    escalates: bool | None = None
    """Whether the next one on call, and then management, is asked by itself when nobody responds in time."""
    channels: Annotated[tuple[_Channel, ...], Field(max_length=20)] | None = None
    """Who is told: names of channels that targets of `[[notify.target]]` serve."""

    @field_validator("text")
    @classmethod
    def _is_an_expression(cls, value: str | None, _info: ValidationInfo) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg}") from error
        return value

    def over(self, rule: SeverityRule) -> SeverityRule:
        """The handbook's rule, and what is said here instead."""
        names = ("error_rate", "affected_users", "availability_below", "response_seconds", "text")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return SeverityRule(**{**vars(rule), **given})


class SeverityTable(StrictTable):
    """``[severity]``: the handbook's rules, of which each severity's table changes what it names."""

    P0: RuleTable = RuleTable()
    P1: RuleTable = RuleTable()
    P2: RuleTable = RuleTable()
    P3: RuleTable = RuleTable()

    def table(self, severity: Severity) -> RuleTable:
        """What the file says of one severity."""
        return getattr(self, severity.name)

    @model_validator(mode="after")
    def _p3_is_the_rest(self) -> Self:
        if self.P3.over(_NOTHING) != _NOTHING:
            raise ValueError("P3 is what no other rule matches: it has targets and channels, and no conditions")
        return self

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        for severity, target in self.targets.items():
            if target.respond > target.resolve:
                raise ValueError(f"{severity.name} would have to be resolved before anybody has to respond")
        return self

    @property
    def rules(self) -> tuple[SeverityRule, ...]:
        """The rules as the classifier takes them."""
        return tuple(self.table(rule.severity).over(rule) for rule in RULES)

    @property
    def error_rates(self) -> tuple[float, ...]:
        """The error rates that the rules name, rising: the judge proves each of them or does not."""
        return tuple(sorted({rule.error_rate for rule in self.rules}))

    @property
    def targets(self) -> Targets:
        """What each severity asks of people."""
        return {severity: self._target(severity) for severity in Severity}

    def channels(self, severity: Severity) -> tuple[str, ...]:
        """Who is told of an incident of a severity."""
        given = self.table(severity).channels
        return CHANNELS[severity] if given is None else given

    def urgency(self, severity: Severity) -> Urgency:
        """How much a severity disturbs people."""
        return self.table(severity).urgency or _URGENCY[severity]

    def _target(self, severity: Severity) -> Target:
        table, usual = self.table(severity), TARGETS[severity]
        return Target(
            timedelta(minutes=table.respond_minutes) if table.respond_minutes else usual.respond,
            timedelta(minutes=table.resolve_minutes) if table.resolve_minutes else usual.resolve,
            usual.escalates if table.escalates is None else table.escalates,
        )


_NOTHING = SeverityRule(Severity.P3, 2.0, 1 << 62)
"""No facts match it."""


class PersonTable(StrictTable):
    """``[[oncall.person]]``: somebody who can be called."""

    name: PersonName
    contacts: Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=20, default_factory=dict)]
    """What each service knows this person by, such as ``slack = "U012AB3CD"``; no secrets."""


class OnCallTable(StrictTable):
    """``[oncall]``: who is incident commander when, and whom an incident is escalated to."""

    person: Annotated[tuple[PersonTable, ...], Field(max_length=200)] = ()
    rotation: Annotated[tuple[PersonName, ...], Field(max_length=200)] = ()
    """Names, in the order in which they follow each other."""
    starts_on: date = OnCall.starts_on
    """The day, at midnight UTC, on which the first one begins."""
    days: Annotated[int, Field(ge=1, le=366)] = OnCall.days
    """How long each one is on call."""
    management: Annotated[tuple[PersonName, ...], Field(max_length=50)] = ()
    """Who is asked when nobody on call responds."""

    @field_validator("person")
    @classmethod
    def _each_once(cls, people: tuple[PersonTable, ...], _info: ValidationInfo) -> tuple[PersonTable, ...]:
        names = [person.name for person in people]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]} stands there twice")
        return people

    def to_domain(self) -> OnCall:
        """The list as the guard takes it."""
        people = tuple(Person(person.name, person.contacts) for person in self.person)
        return OnCall(people, self.rotation, self.starts_on, self.days, self.management)


class IncidentsTable(StrictTable):
    """``[incidents]``: how long a resolved incident may come back."""

    reopen_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = 86_400
    """A breach that returns so soon after its incident was resolved reopens it; later it is a new one."""


def rules_of(severity: SeverityTable, oncall: OnCallTable, incidents: IncidentsTable) -> IncidentRules:
    """What a team has agreed on, as the guard takes it."""
    return IncidentRules(severity.targets, oncall.to_domain(), timedelta(seconds=incidents.reopen_seconds))
