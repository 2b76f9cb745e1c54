"""What a team has agreed on for its incidents: targets, who is on call, how long a resolved one may come back. Pure."""

import dataclasses
from datetime import timedelta

from guard.incidents.clocks import TARGETS, Targets
from guard.incidents.roles import OnCall


@dataclasses.dataclass(frozen=True)
class IncidentRules:
    """The handbook's by default; `[severity.…]`, `[oncall]` and `[incidents]` of the configuration say otherwise."""

    targets: Targets = dataclasses.field(default_factory=lambda: TARGETS)
    on_call: OnCall = dataclasses.field(default_factory=OnCall)
    reopen_within: timedelta = timedelta(days=1)
    """A breach that returns so soon reopens its resolved incident; later it is another one."""
