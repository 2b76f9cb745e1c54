"""What people have ordered, and what the guard proposes to them: a pause, a version that is forbidden, a plan that waits for a yes."""

import dataclasses
import enum
from datetime import datetime

from guard.decision import sentences
from webstore.models import Item
from webstore.versions import Version

STOPPED = "stopped by a person's order"
"""How the failure of a rollback begins that was stopped on purpose: it needs nobody's help, and is no worse an incident for it."""


@dataclasses.dataclass(frozen=True)
class Pause:
    """A person's order that nothing is acted on automatically."""

    item: Item | None
    """The only item that it is about; none for all."""
    by: str
    reason: str
    paused_at: datetime

    def is_about(self, item: Item) -> bool:
        """Whether it holds for an item."""
        return self.item is None or self.item == item

    @property
    def words(self) -> str:
        """In one sentence."""
        form = sentences.ITEM_PAUSED if self.item else sentences.ALL_PAUSED
        return form.say(by=self.by, at=f"{self.paused_at:%Y-%m-%d %H:%M:%S}", reason=self.reason)


@dataclasses.dataclass(frozen=True)
class Block:
    """A person's order that a version is never gone back to."""

    version: Version
    by: str
    reason: str
    blocked_at: datetime

    @property
    def words(self) -> str:
        """In one sentence, without the version."""
        return sentences.BLOCKED.say(by=self.by, at=f"{self.blocked_at:%Y-%m-%d %H:%M:%S}", reason=self.reason)


class ProposalState(enum.StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    CALLED_OFF = "called_off"


@dataclasses.dataclass(frozen=True)
class Proposal:
    """The repair plan of an incident, as it was shown to people, and what they said to it. One for each release."""

    item: Item
    version: Version
    """The release that it is about."""
    incident: str
    strategy: str
    target: Version | None = None
    """Of a rollback: whose code comes back."""
    new_version: Version | None = None
    reason: str = ""
    """Of a rollback: what the store is told."""
    state: ProposalState = ProposalState.PROPOSED
    by: str = ""
    """Who approved it or called it off."""
    because: str = ""

    @property
    def is_rollback(self) -> bool:
        """Whether a rollback waits for a yes."""
        return self.target is not None

    @property
    def called_off(self) -> str:
        """Who called it off and why; empty when nobody did."""
        if self.state is not ProposalState.CALLED_OFF:
            return ""
        return sentences.CALLED_OFF.say(version=self.version, by=self.by, because=self.because)
