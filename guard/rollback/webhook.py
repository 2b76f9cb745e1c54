"""Tells a team's own endpoint that a rollback is done. It tells once, as far as HTTP allows, and its failure is nobody's but its own."""

import contextlib
import logging
import threading
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlsplit

import requests

from guard.errors import ConfigurationError
from guard.rollback.plan import Act, ActState, RollbackPlan
from guard.store.journal import Journal
from webstore.auth import is_loopback

_ACCEPTED = range(200, 300)


@contextlib.contextmanager
def _unlogged() -> Generator[None]:
    """What this thread sends is not logged for as long as the block lasts: urllib3 would write the address's path."""
    me, logger = threading.get_ident(), logging.getLogger("urllib3.connectionpool")

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != me

    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)


class Webhook:
    """Posts a small JSON document to an address that is a secret: it is never shown, logged or put into evidence."""

    def __init__(
        self,
        address: Callable[[], str | None],
        journal: Journal,
        incident_of: Callable[[RollbackPlan], str | None],
        *,
        timeout_seconds: float,
    ) -> None:
        """``address``: looks the address up when it is needed."""
        self._address = address
        self._journal = journal
        self._incident_of = incident_of
        self._timeout = timeout_seconds

    def tell(self, plan: RollbackPlan) -> str:
        """Post the document unless that was done before; what came of it. Nothing is raised for what the endpoint does."""
        earlier = self._journal.act(plan.id, Act.WEBHOOK)
        if earlier and earlier.state is ActState.DONE:
            return earlier.words
        self._journal.begin_act(plan.id, Act.WEBHOOK)
        words = self._post(plan)
        self._journal.end_act(plan.id, Act.WEBHOOK, ActState.DONE, words)
        return words

    def _post(self, plan: RollbackPlan) -> str:
        try:
            address = self._address()
            is_safe = bool(address) and (urlsplit(address).scheme == "https" or is_loopback(address))
        except (ConfigurationError, ValueError) as error:  # the words of the second would quote the address
            return f"the webhook was not told: its address cannot be read ({type(error).__name__})"
        if not address:
            return "the webhook was not told: its variable is not set"
        if not is_safe:
            return "the webhook was not told: its address is neither https nor on this machine"
        document = self._document(plan)
        came: list[str] = []
        # In a thread, because the time limits of a request begin anew with each byte that trickles in.
        thread = threading.Thread(target=lambda: came.append(self._send(address, document)), name="webhook", daemon=True)
        thread.start()
        thread.join(self._timeout)
        return came[0] if came else f"the webhook did not answer within {self._timeout:g} s"

    def _send(self, address: str, document: dict[str, Any]) -> str:
        try:
            # A redirect would carry the document to where nobody configured it.
            with (
                _unlogged(),
                requests.post(
                    address,
                    json=document,
                    headers={"Idempotency-Key": document["rollback"]},
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                ) as answer,
            ):
                done = "was told" if answer.status_code in _ACCEPTED else "refused"
                return f"the webhook {done} (HTTP {answer.status_code})"
        except (requests.exceptions.RequestException, ValueError) as error:  # as above
            return f"the webhook could not be told ({type(error).__name__})"

    def _document(self, plan: RollbackPlan) -> dict[str, Any]:
        return {
            "rollback": plan.id,
            "publisher": plan.item.publisher,
            "item": plan.item.id,
            "from": str(plan.from_version),
            "target": str(plan.target),
            "new_version": str(plan.new_version),
            "incident": self._incident_of(plan),
            "state": "completed",
        }
