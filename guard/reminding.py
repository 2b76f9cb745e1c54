"""Reminders of action items: put down as messages when due, once each, however many processes look and however often they restart."""

from guard.engine import Engine
from guard.incidents.action_items import Reminder, reminders_due
from guard.incidents.wording_actions import reminder_body, reminder_subject
from guard.notify.message import Message
from guard.notify.neutral import escape_for, sms
from guard.notify.settings import TargetKind, TargetTable
from guard.store.action_items import ActionItems

EVENT = "action_reminder"
"""What these messages tell."""


def remind_due(engine: Engine) -> int:
    """Put down what is due by the date (UTC) and not put down yet; how many messages that were.

    A target that serves several of the configured channels is told once.
    """
    today = engine.now().date()
    serving = {
        target.name: (channel, target) for channel in engine.config.actions.channels for target in engine.config.notify.serving(channel)
    }
    if not serving:
        return 0
    records = ActionItems(engine.database, engine.now)
    put = 0
    for item in records.all(only_open=True):
        reminders = reminders_due(item, today)
        due = [_message(engine, reminder, channel, target) for reminder in reminders for channel, target in serving.values()]
        if due:
            put += records.put_reminders(item, due)
    return put


def _message(engine: Engine, reminder: Reminder, channel: str, target: TargetTable) -> Message:
    language, escape = target.language or engine.config.language, escape_for(target.kind)
    subject = reminder_subject(reminder, language, escape)
    is_short = target.kind is TargetKind.SMS
    return Message(
        key=f"{reminder.key}:{target.name}",
        event=EVENT,
        channel=channel,
        target=target.name,
        subject=subject,
        body=sms(subject) if is_short else reminder_body(reminder, language, escape),
        not_before=engine.now(),
    )
