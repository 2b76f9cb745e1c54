"""Delivers the messages that are due. Any number of processes may do so at once: each message is in the hands of one at a time."""

import logging
import os
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from guard.engine import Engine
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.notify.message import Attempt, MessageState, Outcome, Parcel, TargetKind
from guard.notify.occasions import MENTIONS, Occasion
from guard.notify.sending import send
from guard.notify.settings import TargetTable
from guard.notify.wording import marked_as_repeat
from guard.severity import Severity
from guard.store.messages import Queued

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8
"""So many targets are sent to at once."""
_MOST = 50
"""So many messages go to one target at a time: the next round goes on."""
_FIRST_WAIT, _LONGEST_WAIT = 10.0, 120.0
_DAY = timedelta(days=1)

Send = Callable[[TargetTable, Parcel], Attempt]


def deliver_due(engine: Engine, send: Send = send) -> int:
    """Deliver what is due, each target on its own: one that is down holds up no other. How many messages came to their end."""
    waiting = engine.messages.waiting()
    now = engine.now()
    if not any(queued.is_due(now) for queued in waiting):
        return 0
    by_target: dict[str, list[Queued]] = {}
    for queued in waiting:
        by_target.setdefault(queued.message.target, []).append(queued)
    courier = _Courier(engine, send)
    with ThreadPoolExecutor(min(_AT_ONCE, len(by_target)), thread_name_prefix="deliver") as pool:
        return sum(pool.map(courier.deliver, by_target.values()))


def wait_after(attempts: int) -> float:
    """Seconds until a message is tried again."""
    return min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)


class _Courier:
    """Delivers for one process."""

    def __init__(self, engine: Engine, send: Send) -> None:
        self._engine = engine
        self._send = send
        self._me = f"{os.getpid()}:{uuid.uuid4().hex}"

    def deliver(self, queue: Iterable[Queued]) -> int:
        """Deliver to one target, in order. What belongs to one incident never overtakes: the first begins the thread."""
        ended, tried = 0, 0
        held: set[str] = set()
        for queued in queue:
            incident = queued.message.incident_id or queued.message.key
            if incident in held:
                continue
            if not queued.is_due(self._engine.now()):
                # A reminder of the postmortem waits a day, and holds up nothing meanwhile.
                held |= set() if queued.message.event == Occasion.POSTMORTEM_DUE else {incident}
                continue
            state = self._one(queued)
            if state in {MessageState.PENDING, MessageState.SENDING}:
                held.add(incident)
            else:
                ended += 1
            tried += 1
            if state is MessageState.PENDING or tried >= _MOST:  # the target is out of reach: the rest would only wait for it too
                break
        return ended

    def _one(self, queued: Queued) -> MessageState:
        """Deliver one message as far as that goes now, and say where it stands."""
        target, incident = self._engine.config.notify.named(queued.message.target), self._incident(queued)
        if target and (until := _quiet_until(target, incident, self._engine.now())):
            self._engine.messages.postpone(queued, until, f"quiet hours until {until:%Y-%m-%d %H:%M} UTC")
            return MessageState.SENDING  # the next one may be of a worse incident, which is told at once
        if (mine := self._engine.messages.claim(queued, self._me)) is None:
            return MessageState.SENDING
        if target is None:
            return self._drop(mine, "the target is not configured any more")
        if why := self._why_not(mine, target, incident):
            return self._drop(mine, why)
        is_repeat = self._engine.messages.may_have_arrived(mine)
        return self._ended(mine, self._sent(mine, target, is_repeat=is_repeat), is_repeat=is_repeat)

    def _why_not(self, queued: Queued, target: TargetTable, incident: Incident | None) -> str:
        """Why a message is not sent at all; empty when it is."""
        if incident and (silence := self._engine.silences.of(incident.item)):
            return silence.words
        is_due = queued.message.event == Occasion.POSTMORTEM_DUE
        if is_due and incident and incident.state is not IncidentState.RESOLVED:
            return f"no postmortem is due: the incident is {incident.state.value}"
        if target.kind is TargetKind.SMS:
            sent = self._engine.messages.sent_since(target.name, self._engine.now() - _DAY, queued)
            if sent >= target.sms_per_day:
                return f"{sent} text messages went there within 24 hours, and the limit is {target.sms_per_day}"
        return ""

    def _sent(self, queued: Queued, target: TargetTable, *, is_repeat: bool) -> Attempt:
        message, language = queued.message, target.language or self._engine.config.language
        parcel = Parcel(
            subject=message.subject,
            body=marked_as_repeat(message.body, language, target.kind) if is_repeat else message.body,
            key=message.key,
            language=language,
            incident_id=message.incident_id or "",
            thread=self._engine.messages.thread(queued) if message.incident_id else "",
            is_urgent=message.event in MENTIONS,
        )
        try:
            return self._send(target, parcel)
        except Exception as error:  # noqa: BLE001 - a fault in one way of sending must not keep the other targets from being told
            # Its words and its trace may quote an address.
            _LOG.error("sending to %s failed: %s", target.name, type(error).__name__)
            return Attempt(Outcome.UNSURE, f"unexpected {type(error).__name__}, a fault of the guard itself")

    def _ended(self, queued: Queued, attempt: Attempt, *, is_repeat: bool) -> MessageState:
        """Write what came of it, and when it is tried again if it did not arrive."""
        if attempt.outcome is Outcome.SENT:
            state = MessageState.UNSURE if is_repeat else MessageState.SENT
            self._engine.messages.finish(queued, self._me, attempt, state)
            return state
        age = self._engine.now() - queued.created_at
        if attempt.outcome is Outcome.REFUSED or age >= timedelta(hours=self._engine.config.notify.give_up_hours):
            self._engine.messages.finish(queued, self._me, attempt, MessageState.FAILED)
            self._tell_failure(queued)
            return MessageState.FAILED
        wait = wait_after(queued.attempts) if attempt.wait_seconds is None else max(attempt.wait_seconds, 1.0)
        again = self._engine.now() + timedelta(seconds=wait)
        self._engine.messages.finish(queued, self._me, attempt, MessageState.PENDING, again)
        return MessageState.PENDING

    def _drop(self, queued: Queued, why: str) -> MessageState:
        self._engine.messages.finish(queued, self._me, Attempt(Outcome.DROPPED, why), MessageState.DROPPED)
        return MessageState.DROPPED

    def _tell_failure(self, queued: Queued) -> None:
        """Who reads the incident's timeline learns that somebody was never told."""
        message = queued.message
        self._engine.progress.warn(f"{message.target} could not be told of {message.event}")
        if message.incident_id:
            self._engine.incidents.note(message.incident_id, said(Kind.MESSAGE_FAILED, channel=message.channel, event=message.event))

    def _incident(self, queued: Queued) -> Incident | None:
        return self._engine.incidents.get(queued.message.incident_id) if queued.message.incident_id else None


def _quiet_until(target: TargetTable, incident: Incident | None, now: datetime) -> datetime | None:
    """When the target's quiet hours are over, if they hold now and what is told is not urgent, as a reminder never is."""
    if target.quiet_hours is None or (incident and incident.severity > Severity.P2):
        return None
    return target.quiet_hours.over_at(now, target.zone)
