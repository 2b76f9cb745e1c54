"""Which events of an incident people are told of, and by which ways. Pure."""

import enum
from collections.abc import Collection, Mapping

from guard.incidents.events import Kind


class Occasion(enum.StrEnum):
    """What people are told of. Each has its words in the templates."""

    OPENED = "opened"
    REOPENED = "reopened"
    SEVERITY_RAISED = "severity_raised"
    SEVERITY_SET = "severity_set"
    ESCALATED = "escalated"
    CLOCK_WARNED = "clock_warned"
    CLOCK_MISSED = "clock_missed"
    ROLLBACK_PLANNED = "rollback_planned"
    ROLLBACK_PROPOSED = "rollback_proposed"
    ROLLBACK_BEGUN = "rollback_begun"
    ROLLBACK_DONE = "rollback_done"
    ROLLBACK_STOPPED = "rollback_stopped"
    ROLLBACK_FAILED = "rollback_failed"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    POSTMORTEM_DUE = "postmortem_due"


OCCASIONS: Mapping[Kind, Occasion] = {
    Kind.BREACH_SEEN: Occasion.OPENED,
    Kind.OPENED_BY_HAND: Occasion.OPENED,
    Kind.OPENED_FOR_ROLLBACK: Occasion.OPENED,
    Kind.OPENED_BY_CANARY: Occasion.OPENED,
    Kind.REOPENED: Occasion.REOPENED,
    Kind.REOPENED_BY_HAND: Occasion.REOPENED,
    Kind.SEVERITY_RAISED: Occasion.SEVERITY_RAISED,
    Kind.SEVERITY_SET: Occasion.SEVERITY_SET,
    Kind.ESCALATED: Occasion.ESCALATED,
    Kind.CLOCK_WARNED: Occasion.CLOCK_WARNED,
    Kind.CLOCK_MISSED: Occasion.CLOCK_MISSED,
    Kind.DECIDED_TO_ASK: Occasion.ROLLBACK_PLANNED,
    Kind.PROPOSED: Occasion.ROLLBACK_PROPOSED,
    Kind.ROLLBACK_BEGUN: Occasion.ROLLBACK_BEGUN,
    Kind.ROLLBACK_DONE: Occasion.ROLLBACK_DONE,
    Kind.ROLLBACK_STOPPED: Occasion.ROLLBACK_STOPPED,
    Kind.ROLLBACK_FAILED: Occasion.ROLLBACK_FAILED,
    Kind.ROLLBACK_FAILED_WORSE: Occasion.ROLLBACK_FAILED,
    Kind.RESOLVED: Occasion.RESOLVED,
    Kind.RECOVERED: Occasion.RESOLVED,
    Kind.FALSE_ALARM: Occasion.FALSE_ALARM,
}
"""Events that are not named here stand on the timeline alone."""

BY_SMS: Collection[Occasion] = frozenset(
    {
        Occasion.OPENED,
        Occasion.REOPENED,
        Occasion.SEVERITY_RAISED,
        Occasion.ESCALATED,
        Occasion.CLOCK_MISSED,
        Occasion.ROLLBACK_PROPOSED,
        Occasion.ROLLBACK_FAILED,
        Occasion.RESOLVED,
        Occasion.FALSE_ALARM,
    }
)
"""What a text message is spent on: what somebody has to do, and that there is nothing left to do."""

ENDS: Collection[Occasion] = frozenset({Occasion.SEVERITY_SET, Occasion.RESOLVED, Occasion.FALSE_ALARM, Occasion.REOPENED})
"""What everybody is told who was told of the incident before, whatever its severity is by then."""

MENTIONS: Collection[Occasion] = frozenset(
    {
        Occasion.OPENED,
        Occasion.REOPENED,
        Occasion.SEVERITY_RAISED,
        Occasion.ESCALATED,
        Occasion.CLOCK_MISSED,
        Occasion.ROLLBACK_PROPOSED,
        Occasion.ROLLBACK_FAILED,
    }
)
"""What people are called by name for; the rest they read when they look."""
