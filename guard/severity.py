"""How bad an incident is, and the handbook's rules that say so (DESIGN, section 6)."""

import dataclasses
import enum
import functools
import re
from collections.abc import Sequence
from datetime import timedelta

from guard.forms import Form
from guard.tellers import NUMBER, Vocabulary


@functools.total_ordering
class Severity(enum.Enum):
    """How bad an incident is. Greater is worse: ``max()`` of several is the one to act on."""

    # The label is the name, the rank is the value: no text is ever compared.
    P3 = 0
    P2 = 1
    P1 = 2
    P0 = 3

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return self.value < other.value

    @property
    def respond_within(self) -> timedelta:
        """Target for the first response."""
        return _TARGETS[self][0]

    @property
    def resolve_within(self) -> timedelta:
        """Target for the resolution."""
        return _TARGETS[self][1]


_TARGETS = {
    Severity.P0: (timedelta(minutes=15), timedelta(hours=2)),
    Severity.P1: (timedelta(hours=1), timedelta(hours=4)),
    Severity.P2: (timedelta(hours=4), timedelta(hours=24)),
    Severity.P3: (timedelta(hours=24), timedelta(hours=72)),
}


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of a breach when its severity is decided."""

    error_rate_above: float = 0.0
    """The highest of the handbook's limits (a ratio, 0-1) that the error rate is proved to exceed; 0 for none."""
    response_seconds: float | None = None
    availability: float | None = None
    """Share (0-1) of users for whom the extension starts; none when nobody measured it."""
    affected_users: int = 0
    texts: Sequence[str] = ()
    """Texts from outside: findings, error messages, a person's title. Never our own words: "breach" is one of them."""


ERROR_RATE = Form("error rate proved above {limit} %", "錯誤率已證實高於 {limit}%", limit=NUMBER)
AVAILABILITY = Form("availability {found} % is below {limit} %", "可用率 {found}%，低於 {limit}%", found=NUMBER, limit=NUMBER)
RESPONSE_TIME = Form("response time {found} s is at least {limit} s", "回應時間 {found} 秒，已達 {limit} 秒", found=NUMBER, limit=NUMBER)
AFFECTED_USERS = Form(
    "{found} affected users are at least {limit}", "受影響的使用者 {found} 位，已達 {limit} 位", found=NUMBER, limit=NUMBER
)
TEXT_MATCHES = Form("a text matches {pattern}", "文字符合 {pattern}")
NO_RULE = Form("no rule of a higher severity matches", "不符合更高嚴重程度的規則")
OF_SEVERITY = Form("{severity}: {rest}", "{severity}：{rest}", severity=Vocabulary({name: name for name in Severity.__members__}))
"""A reason, with the severity that it gives."""


@dataclasses.dataclass(frozen=True)
class SeverityRule:
    """One severity's conditions; any of them is enough. The handbook's numbers."""

    severity: Severity
    error_rate: float
    affected_users: int
    availability_below: float | None = None
    response_seconds: float | None = None
    text: str | None = None

    def matches(self, facts: Facts) -> list[str]:
        """The conditions that hold, each in words."""
        found: list[str] = []
        if facts.error_rate_above >= self.error_rate:
            found.append(ERROR_RATE.say(limit=f"{self.error_rate * 100:.0f}"))
        if self.availability_below is not None and facts.availability is not None and facts.availability < self.availability_below:
            found.append(AVAILABILITY.say(found=f"{facts.availability * 100:.0f}", limit=f"{self.availability_below * 100:.0f}"))
        if self.response_seconds is not None and facts.response_seconds is not None and facts.response_seconds >= self.response_seconds:
            found.append(RESPONSE_TIME.say(found=f"{facts.response_seconds:g}", limit=f"{self.response_seconds:g}"))
        if facts.affected_users >= self.affected_users:
            found.append(AFFECTED_USERS.say(found=facts.affected_users, limit=self.affected_users))
        if self.text is not None and any(re.search(rf"\b(?:{self.text})", text, re.IGNORECASE) for text in facts.texts):
            found.append(TEXT_MATCHES.say(pattern=self.text))
        return found


RULES = (
    SeverityRule(Severity.P0, 0.50, 1000, availability_below=0.95, text="security|breach|leak"),
    SeverityRule(Severity.P1, 0.20, 100, response_seconds=5, text="extraction|core"),
    SeverityRule(Severity.P2, 0.05, 10, response_seconds=3),
)


@dataclasses.dataclass(frozen=True)
class Classification:
    """A severity and every rule that led to it."""

    severity: Severity
    reasons: tuple[str, ...]


def classify(facts: Facts, rules: Sequence[SeverityRule] = RULES) -> Classification:
    """The worst severity that any rule gives, and every rule that matched; P3 when none does."""
    matched = [(rule.severity, reason) for rule in rules for reason in rule.matches(facts)]
    if not matched:
        return Classification(Severity.P3, (NO_RULE.say(),))
    return Classification(
        max(severity for severity, _ in matched),
        tuple(OF_SEVERITY.say(severity=severity.name, rest=reason) for severity, reason in matched),
    )
