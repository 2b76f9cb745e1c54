"""Starts a GitHub workflow after a rollback is done: at most once, since GitHub knows no key that would make a second start the first.

Its failure fails nothing. Where an answer was lost, the workflow may have been started, which is told and not tried again.
"""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, cast

from guard.errors import ConfigurationError
from guard.forms import SEPARATOR
from guard.rollback import sentences
from guard.rollback.plan import Act, ActState, RollbackPlan
from guard.rollback.posting import Answer, is_safe, post
from guard.rollback.webhook import IncidentOf
from guard.store.journal import Journal

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "release-guard"}
_STARTED = {200, 204}
_LONGEST_MESSAGE = 200


@dataclasses.dataclass(frozen=True)
class Workflow:
    """Which workflow is started, and where."""

    repository: str
    """Owner and name, with a slash between them."""
    file: str
    ref: str
    """The branch or tag that it is run from."""
    base_url: str

    @property
    def address(self) -> str:
        """Where GitHub takes the order to start it."""
        return f"{self.base_url.rstrip('/')}/repos/{self.repository}/actions/workflows/{self.file}/dispatches"

    @property
    def words(self) -> str:
        """For a sentence."""
        return sentences.WORKFLOW.say(file=self.file, repository=self.repository)


class Dispatch:
    """Starts one workflow for each rollback; the token is never shown, logged or put into evidence."""

    def __init__(
        self,
        workflow: Workflow,
        token: Callable[[], str | None],
        journal: Journal,
        incident_of: IncidentOf,
        *,
        timeout_seconds: float,
    ) -> None:
        """``token``: looks the token up when it is needed."""
        self._workflow = workflow
        self._token = token
        self._journal = journal
        self._incident_of = incident_of
        self._timeout = timeout_seconds

    def tell(self, plan: RollbackPlan) -> str:
        """Start the workflow unless that was done before, or may have been; what came of it. Nothing is raised for what GitHub does."""
        earlier = self._journal.act(plan.id, Act.DISPATCH)
        if earlier and earlier.state is ActState.DONE:
            return earlier.words
        if earlier and earlier.state is ActState.OPEN:
            return sentences.WORKFLOW_DIED.say(workflow=self._workflow.words)
        token, words = self._read_token()
        if not token:
            return words
        self._journal.begin_act(plan.id, Act.DISPATCH)
        answer = post(self._workflow.address, self._document(plan), headers=_HEADERS, seconds=self._timeout, token=token)
        words, is_refused = self._told(answer, token)
        self._journal.end_act(plan.id, Act.DISPATCH, ActState.REFUSED if is_refused else ActState.DONE, words)
        return words

    def _read_token(self) -> tuple[str, str]:
        """The token; where there is none that may be sent, why the workflow was not started."""
        name = self._workflow.words
        try:
            token = (self._token() or "").strip()
            may_be_sent = is_safe(self._workflow.address)
        except (ConfigurationError, ValueError) as error:
            return "", sentences.WORKFLOW_UNREADABLE.say(workflow=name, error=type(error).__name__)
        if not token:
            return "", sentences.WORKFLOW_UNSET.say(workflow=name)
        return (token, "") if may_be_sent else ("", sentences.WORKFLOW_UNSAFE.say(workflow=name))

    def _told(self, answer: Answer, token: str) -> tuple[str, bool]:
        """What an answer means, in words; and whether it is certain that nothing was started."""
        name = self._workflow.words
        if answer.status in _STARTED:
            return sentences.WORKFLOW_STARTED.say(workflow=name, status=answer.status), False
        if answer.status is not None and answer.status < 500:  # noqa: PLR2004 - what HTTP calls a fault of the server
            hint = sentences.HINTS.get(answer.status)
            why = SEPARATOR.join(found for found in (hint.say() if hint else "", _message(answer.text, token)) if found)
            if not why:
                return sentences.WORKFLOW_NOT_STARTED.say(workflow=name, why=f"HTTP {answer.status}"), True
            return sentences.WORKFLOW_REFUSED.say(workflow=name, status=answer.status, why=why), True
        if not answer.may_have_arrived:
            return sentences.WORKFLOW_NOT_STARTED.say(workflow=name, why=answer.trouble), True
        lost = f"HTTP {answer.status}" if answer.status else answer.trouble or sentences.NO_ANSWER.say(seconds=f"{self._timeout:g}")
        return sentences.WORKFLOW_UNSURE.say(workflow=name, lost=lost), False

    def _document(self, plan: RollbackPlan) -> dict[str, Any]:
        inputs = {
            "item": plan.item.id,
            "from_version": str(plan.from_version),
            "target": str(plan.target),
            "new_version": str(plan.new_version),
            "incident": self._incident_of(plan) or "",
        }
        return {"ref": self._workflow.ref, "inputs": inputs}


def _message(text: str, token: str) -> str:
    """What GitHub says of a refusal, bounded and on one line; a server that says our token again is not quoted with it."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ""
    said = cast("dict[str, Any]", found).get("message") if isinstance(found, dict) else None
    if not isinstance(said, str):
        return ""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in said.replace(token, "[token]")).split())
    return sentences.GITHUB_SAYS.say(words=words[:_LONGEST_MESSAGE].rstrip(".")) if words else ""
