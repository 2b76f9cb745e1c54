"""What the page of an incident shows, and what comes of acting on it."""

from guard.dashboard.documents.parts import Document, Moment, PlanView
from guard.dashboard.documents.rows import ActionRow, OpenIncident, RollbackView


class TimelineView(Document):
    """One entry of a timeline."""

    at: Moment
    actor: str
    kind: str | None = None
    words: str
    evidence: str


class RoleView(Document):
    """A role, and who holds it."""

    role: str
    words: str
    holder: str = ""
    since: Moment | None = None


class ChecklistEntry(Document):
    """An item of the checklist."""

    entry: str
    phase: str
    phase_words: str
    words: str
    done_by: str | None = None
    done_at: Moment | None = None
    evidence: str = ""


class MessageView(Document):
    """Something that people were told, and how it went."""

    event: str
    channel: str
    target: str
    subject: str
    state: str
    attempts: int
    created_at: Moment
    last_words: str = ""
    """What the last attempt came to."""


class ProposalView(Document):
    """A rollback that waits for a person's yes, with what it would do."""

    version: str
    target: str
    new_version: str
    headline: str
    proposed_at: Moment


class IncidentPage(OpenIncident):
    """One incident, whole."""

    at: Moment
    urgency: str
    trigger: str
    resolution: str
    acknowledged_at: Moment | None = None
    roles: list[RoleView]
    checklist: list[ChecklistEntry]
    timeline: list[TimelineView]
    messages: list[MessageView]
    rollback: RollbackView | None = None
    plan: PlanView | None = None
    proposal: ProposalView | None = None
    actions: list[ActionRow]
    tickets: list[str]
    may: list[str]
    """What a person may do to it as it stands: acknowledge, assign, tick, note, approve, abort, resolve, false_alarm, reopen, close."""


class Whoami(Document):
    """Who asks, and what that person may do."""

    name: str | None = None
    may_act: bool
    how: str
    """read_only (nobody may), token (after a login), or proxy (the reverse proxy says who it is)."""
    csrf: str | None = None
    """To be sent with every action, in the header `X-CSRF-Token`."""
    language: str
    version: str


class ApprovalPlan(Document):
    """What an approval would do, and the word that confirms exactly this plan."""

    incident: str
    headline: str
    lines: list[str]
    confirm: str
    """To be sent back; it stands for this very plan, and for no other."""


class Done(Document):
    """What came of an action."""

    words: str
    incident: str | None = None
