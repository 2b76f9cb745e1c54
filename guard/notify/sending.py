"""Sends a message by the way that its target has. A way raises nothing for what its service does."""

from guard.environment import secret
from guard.errors import ConfigurationError
from guard.notify.by_apprise import by_apprise
from guard.notify.message import Attempt, Outcome, Parcel, TargetKind
from guard.notify.settings import TargetTable
from guard.notify.slack import by_bot, by_webhook

_WAYS = {TargetKind.SLACK_BOT: by_bot, TargetKind.SLACK_WEBHOOK: by_webhook}
"""All other kinds are sent by apprise."""


def send(target: TargetTable, parcel: Parcel) -> Attempt:
    """Send a message once."""
    try:
        address = (secret(target.url_env) or "").strip()
    except ConfigurationError as error:  # may be corrected while the guard runs
        return Attempt(Outcome.PASSING, str(error))
    if not address:
        return Attempt(Outcome.PASSING, f"its variable {target.url_env} is not set")
    return _WAYS.get(target.kind, by_apprise)(target, address, parcel)
