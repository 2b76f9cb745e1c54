"""Messages that wait, are in hand or were delivered, with every attempt. Written with what they tell of: none is lost or told twice."""

from datetime import datetime

import sqlalchemy

from guard.notify.message import Message, MessageState
from guard.store.schema_response import messages
from guard.store.upsert import upsert


def put_message(connection: sqlalchemy.Connection, message: Message, now: datetime) -> bool:
    """Put a message down in a transaction that is under way; false when one of that key is there already."""
    row = {
        "key": message.key,
        "incident_id": message.incident_id,
        "event": message.event,
        "channel": message.channel,
        "target": message.target,
        "subject": message.subject,
        "body": message.body,
        "state": MessageState.PENDING.value,
        "attempts": 0,
        "created_at": now,
        "not_before": message.not_before,
    }
    return upsert(connection, messages, row, key=("key",))
