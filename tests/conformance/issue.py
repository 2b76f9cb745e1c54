"""What was found, as one issue: opened when something differs, kept true, and closed when nothing does any more."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from guard.tickets.body import LONGEST_BODY
from guard.tickets.client import GitHubIssues, Issue
from guard.tickets.errors import TicketAnswerLost
from guard.tickets.neutral import line

MARK = "<!-- release-guard conformance -->"
LABEL = "conformance"
TITLE = "What others publish is not what the tests and the documentation hold"
_MOST_LINES = 100
_LONGEST_LINE = 400
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""Nothing of this project is older."""


class Found(BaseModel):
    """What one look found. Its texts come from outside."""

    model_config = ConfigDict(extra="forbid")

    differences: dict[str, list[str]] = {}
    """By the description's name; an empty list where nothing differs."""
    gone: list[str] = []
    """Addresses in the documentation at which nothing stands any more."""
    unread: list[str] = []
    """What nothing is known of this time."""

    @property
    def differs(self) -> bool:
        """Whether there is something to do."""
        return any(self.differences.values()) or bool(self.gone)


def body(found: Found) -> str:
    """The issue's text: bounded, and nothing in it is markup, a mention or a link of somebody else's making."""
    parts = [MARK, "A scheduled run compares what others publish with what is held here. This text is written anew by each run.", ""]
    for name, differences in found.differences.items():
        if differences:
            parts += [f"### {line(name, _LONGEST_LINE)}", "", *_items(differences), ""]
    if found.gone:
        parts += ["### Addresses in the documentation that are gone", "", *_items(found.gone), ""]
    if found.unread:
        parts += ["### Not looked at this time", "", *_items(found.unread), ""]
    parts.append("What to do: `.github/CONTRIBUTING.md`, “The descriptions that we hold”.")
    return "\n".join(parts)[:LONGEST_BODY]


def _items(lines: Sequence[str]) -> list[str]:
    items = [f"- {line(one, _LONGEST_LINE)}" for one in lines[:_MOST_LINES]]
    return items + ([f"- … and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else [])


def tell(github: GitHubIssues, found: Found) -> str:
    """Bring the one issue in line with what was found; what was done, in words.

    One that people closed is left closed: the next difference opens another. What could not be looked at closes nothing.

    Raises:
        TicketsError: GitHub is out of reach or refused.
    """
    there = [issue for issue in github.marked(MARK, LABEL, _BEGINNING) if issue.state == "open"]
    if not found.differs:
        if found.unread:
            return "not everything could be looked at: what is open stays open"
        for issue in there:
            github.comment(issue.number, "Everything conforms again.")
            github.change(issue.number, {"state": "closed", "state_reason": "completed"})
        return f"everything conforms: {len(there)} closed"
    if not there:
        return f"opened #{_opened(github, found).number}"
    first, *others = there
    for issue in others:  # of runs that came at the same time
        github.comment(issue.number, f"It goes on in #{first.number}.")
        github.change(issue.number, {"state": "closed", "state_reason": "not_planned"})
    if (first.body or "").replace("\r\n", "\n") == body(found):
        return f"#{first.number} says so already"
    github.change(first.number, {"title": TITLE, "body": body(found)})
    return f"#{first.number} is brought up to date"


def _opened(github: GitHubIssues, found: Found) -> Issue:
    try:
        return github.create(TITLE, body(found), [LABEL])
    except TicketAnswerLost:
        there = [issue for issue in github.marked(MARK, LABEL, _BEGINNING) if issue.state == "open"]
        if not there:
            raise
        return there[0]
