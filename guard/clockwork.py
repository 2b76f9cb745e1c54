"""What time brings by itself: clocks that warn, are missed and escalate. Called by whoever is awake; however many are, it is done once."""

import logging

from guard.engine import Engine
from guard.incidents.clocks import Clock, ClockKind, Ring, rings
from guard.incidents.events import Kind, said
from guard.incidents.standing import Standing
from guard.notify.delivery import deliver_due
from guard.reminding import remind_due
from guard.store.incident_rows import HeldIncident
from guard.store.response import write_clocks
from guard.tickets.sync import sync_due

_LOG = logging.getLogger(__name__)


def run_due(engine: Engine) -> None:
    """Do what is due now, each part on its own: one that fails keeps no other from its work, and is raised when all are done.

    In this order: what the clocks say, and the reminders of action items, are put down as messages, then those are delivered, and at last
    tickets are made true.
    """
    failed: list[Exception] = []
    for part in (ring_due, remind_due, deliver_due, sync_due):
        try:
            part(engine)
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)
    for further in failed[1:]:
        _LOG.error("what was due could not be done", exc_info=further)
    if failed:
        raise failed[0]


def ring_due(engine: Engine) -> int:
    """Let the clocks say what they have to say, each on its incident's timeline; how many did."""
    rung = 0
    for identifier in engine.incidents.with_due_clocks():
        with engine.incidents.holding(identifier) as held:
            standing = held.standing
            rung += sum(_ring(engine, held, standing, clock) for clock in standing.clocks.values())
    return rung


def _ring(engine: Engine, held: HeldIncident, standing: Standing, clock: Clock) -> bool:
    """Move one clock to now; whether it had something to say. Where another process was here first, it has not."""
    target = engine.config.incident_rules.targets[held.incident.severity]
    moved, said_now = rings(clock, target, held.now)
    asked = _asked(engine, standing, moved) if Ring.ESCALATES in said_now else ()
    if Ring.ESCALATES in said_now and not asked:  # nobody is left
        moved = moved.without_escalation()
    if moved != clock:
        write_clocks(held.connection, [moved])
    for ring in said_now:
        match ring:
            case Ring.WARNED:
                left = round(clock.left(held.now).total_seconds())
                held.say(said(Kind.CLOCK_WARNED, left=left, clock=clock.kind.value), f"due at {clock.due_at:%Y-%m-%d %H:%M} UTC")
            case Ring.MISSED:
                allowed = round(clock.target.total_seconds())
                held.say(said(Kind.CLOCK_MISSED, allowed=allowed, clock=clock.kind.value), f"was due at {clock.due_at:%Y-%m-%d %H:%M} UTC")
            case Ring.ESCALATES if asked:
                held.say(said(Kind.ESCALATED, to=", ".join(asked)), _why(clock, standing))
            case Ring.ESCALATES:
                pass
    return bool(said_now)


def _asked(engine: Engine, standing: Standing, clock: Clock) -> tuple[str, ...]:
    """Whom to ask now: for a response the next on call, then management; what is not resolved in time is for management, once."""
    on_call = engine.config.oncall.to_domain()
    match clock.kind:
        case ClockKind.RESPOND:
            return on_call.escalation(engine.now(), standing.commander, clock.escalations)
        case ClockKind.RESOLVE:
            return on_call.management if clock.escalations == 1 else ()


def _why(clock: Clock, standing: Standing) -> str:
    match clock.kind:
        case ClockKind.RESPOND:
            return f"{standing.commander or 'nobody'} was asked first, and nobody has acknowledged it"
        case ClockKind.RESOLVE:
            return "it is not resolved in time"
