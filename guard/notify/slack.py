"""Slack, by a bot's token or an incoming webhook.

Not by apprise: that answers yes or no, and here the message's id is needed (an incident is one thread), how long Slack asks to be left
alone, and whether a message may have arrived whose answer was lost.
"""

import re
from typing import Any

from guard.notify.message import Attempt, Outcome, Parcel
from guard.notify.settings import TargetTable
from guard.rollback.posting import Answer, is_safe, post

SECONDS = 10.0
"""How long Slack's answer is waited for."""
_LATER = 120.0
"""Seconds until what only a person can correct is tried again."""
_LONGEST_WAIT = 3600.0
_SERVER_FAULT = 500
_TOO_MANY = 429
_BAD_REQUEST = 400
_OUR_FAULT = {"msg_too_long", "no_text", "invalid_arguments", "invalid_blocks", "invalid_payload", "too_many_attachments"}
"""Errors that the same message would get each time."""
_MAY_HAVE_SUCCEEDED = {"internal_error", "fatal_error", "request_timeout"}
"""Slack says of them that some part of the request may have been carried out."""
_PASSING = {"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"}
_OK = re.compile(r'"ok"\s*:\s*(true|false)')
_TS = re.compile(r'"ts"\s*:\s*"([0-9.]{1,40})"')
_ERROR = re.compile(r'"error"\s*:\s*"([a-z0-9_\-]{1,60})"')


def by_bot(target: TargetTable, token: str, parcel: Parcel) -> Attempt:
    """Post to a channel, in the thread of the incident where there is one. What calls people is shown in the channel as well."""
    document: dict[str, Any] = {**_document(parcel), "channel": target.to, "parse": "none"}
    if parcel.thread:
        document |= {"thread_ts": parcel.thread, "reply_broadcast": parcel.is_urgent}
    answer = post(f"{target.base_url}/chat.postMessage", document, headers={}, seconds=SECONDS, token=token)
    if answer.status is None or answer.status >= _SERVER_FAULT or answer.status == _TOO_MANY:
        return _unanswered(answer)
    ok, error, ts = (_first(pattern, answer.text) for pattern in (_OK, _ERROR, _TS))
    if ok == "true":
        return Attempt(Outcome.SENT, "taken by Slack", thread=parcel.thread or ts)
    if not ok:  # whoever answered is not Slack, and what became of the message is not known
        return Attempt(Outcome.UNSURE, f"what answered is no answer of Slack (HTTP {answer.status})")
    return _error(error)


def by_webhook(_target: TargetTable, address: str, parcel: Parcel) -> Attempt:
    """Post to an incoming webhook."""
    try:
        if not is_safe(address):
            return Attempt(Outcome.PASSING, "its address is neither https nor on this machine", wait_seconds=_LATER)
    except ValueError:  # its words would quote the address
        return Attempt(Outcome.PASSING, "its variable holds no address", wait_seconds=_LATER)
    answer = post(address, _document(parcel), headers={}, seconds=SECONDS)
    if answer.is_accepted:
        return Attempt(Outcome.SENT, "taken by Slack")
    if answer.status is None or answer.status >= _SERVER_FAULT or answer.status == _TOO_MANY:
        return _unanswered(answer)
    said = re.fullmatch(r"[a-z_]{1,60}", answer.text.strip())
    words = f"HTTP {answer.status}{f', {said[0]}' if said else ''}"
    if answer.status == _BAD_REQUEST:
        return Attempt(Outcome.REFUSED, f"refused by Slack ({words})")
    return Attempt(Outcome.PASSING, f"refused by Slack ({words})", wait_seconds=_LATER)


def _document(parcel: Parcel) -> dict[str, Any]:
    return {"text": parcel.body, "unfurl_links": False, "unfurl_media": False}


def _unanswered(answer: Answer) -> Attempt:
    if answer.status == _TOO_MANY:
        wait = min(float(answer.retry_after), _LONGEST_WAIT) if re.fullmatch(r"\d{1,9}", answer.retry_after) else None
        return Attempt(Outcome.PASSING, "Slack asks for fewer messages (HTTP 429)", wait_seconds=wait)
    if not answer.may_have_arrived:
        return Attempt(Outcome.PASSING, f"Slack cannot be reached ({answer.trouble})")
    return Attempt(Outcome.UNSURE, f"the answer was lost ({f'HTTP {answer.status}' if answer.status else answer.trouble or 'too late'})")


def _error(error: str) -> Attempt:
    words = f"refused by Slack ({error or 'without a reason'})"
    if error in _MAY_HAVE_SUCCEEDED:
        return Attempt(Outcome.UNSURE, words)
    if error in _OUR_FAULT:
        return Attempt(Outcome.REFUSED, words)
    # A token that was withdrawn or a channel that is gone can be put right: the message waits for that.
    return Attempt(Outcome.PASSING, words, wait_seconds=None if error in _PASSING else _LATER)


def _first(pattern: re.Pattern[str], text: str) -> str:
    """Looked for in the beginning that was read: Slack repeats the whole message, with its quotes escaped, after what matters."""
    match = pattern.search(text)
    return match[1] if match else ""
