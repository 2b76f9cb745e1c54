"""The overall status: one word for everything that is open. Every door says the same one. Pure."""

import enum
from collections.abc import Iterable

from guard.incidents.incident import Incident
from guard.severity import Severity


class OverallStatus(enum.StrEnum):
    """How things stand as a whole, the better first."""

    OPERATIONAL = "OPERATIONAL"
    DEGRADED = "DEGRADED"
    CRITICAL = "CRITICAL"


def overall_status(open_incidents: Iterable[Incident]) -> OverallStatus:
    """CRITICAL with an open P0, DEGRADED with an open P1, else OPERATIONAL (DESIGN, section 6)."""
    worst = max((incident.severity for incident in open_incidents), default=Severity.P3)
    return _EARNS.get(worst, OverallStatus.OPERATIONAL)


_EARNS = {Severity.P0: OverallStatus.CRITICAL, Severity.P1: OverallStatus.DEGRADED}
