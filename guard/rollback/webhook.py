"""Tells a team's own endpoint that a rollback is done. It tells once, as far as HTTP allows, and its failure is nobody's but its own."""

from collections.abc import Callable
from typing import Any

from guard.errors import ConfigurationError
from guard.rollback import sentences
from guard.rollback.plan import Act, ActState, RollbackPlan
from guard.rollback.posting import is_safe, post
from guard.store.journal import Journal

IncidentOf = Callable[[RollbackPlan], str | None]
"""The id of the open incident that a rollback belongs to."""


class Webhook:
    """Posts a small JSON document to an address that is a secret: it is never shown, logged or put into evidence."""

    def __init__(
        self,
        address: Callable[[], str | None],
        journal: Journal,
        incident_of: IncidentOf,
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
            may_be_told = bool(address) and is_safe(address)
        except (ConfigurationError, ValueError) as error:  # the words of the second would quote the address
            return sentences.WEBHOOK_UNREADABLE.say(error=type(error).__name__)
        if not address:
            return sentences.WEBHOOK_UNSET.say()
        if not may_be_told:
            return sentences.WEBHOOK_UNSAFE.say()
        document = self._document(plan)
        answer = post(address, document, headers={"Idempotency-Key": plan.id}, seconds=self._timeout)
        if answer.status is not None:
            return (sentences.WEBHOOK_TOLD if answer.is_accepted else sentences.WEBHOOK_REFUSED).say(status=answer.status)
        if answer.trouble:
            return sentences.WEBHOOK_TROUBLE.say(error=answer.trouble)
        return sentences.WEBHOOK_SILENT.say(seconds=f"{self._timeout:g}")

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
