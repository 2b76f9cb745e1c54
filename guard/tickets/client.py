"""GitHub over REST, and its issues: one method a call, bounded in time and size, no redirects. The token goes to one address alone."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from guard.tickets.errors import TicketAnswerLost, TicketGone, TicketsError, TicketsLimited, TicketsRefused, TicketsUnreachable
from webstore.connections import shared
from webstore.store_errors import bounded
from webstore.time_limit import within

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "release-guard"}
_A_PAGE = 100
_MOST_PAGES = 10
_LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes: a page of a hundred issues, each with a text of the greatest length in letters of several bytes, as JSON."""
_SECONDARY_WAIT = 60.0
"""What GitHub asks for where it does not say how long."""
_LONGEST_WAIT = 3600.0
_WORDS_OF_A_LIMIT = ("rate limit", "abuse detection")
_HINTS = {
    401: "the token is not valid",
    403: "the token may not do that: it needs the permission to write issues",
    404: "there is no such repository, or the token may not see it",
    410: "issues are switched off in that repository",
    422: "GitHub does not take what was sent",
}


class _Label(BaseModel):
    name: str = ""


class Issue(BaseModel):
    """An issue, as far as the guard reads it."""

    number: Annotated[int, Field(gt=0)]
    title: str = ""
    body: str | None = None
    state: str = "open"
    labels: list[_Label] = []
    pull_request: Any = None
    """Set where it is a pull request, which GitHub lists as an issue as well."""

    @property
    def label_names(self) -> list[str]:
        """The names of its labels."""
        return [label.name for label in self.labels]


class Comment(BaseModel):
    """A comment on an issue."""

    body: str | None = None


_Model = TypeVar("_Model")
_ISSUE, _ISSUES, _COMMENTS = TypeAdapter(Issue), TypeAdapter(list[Issue]), TypeAdapter(list[Comment])
_NOTHING = TypeAdapter(Any)


class Repository:
    """One repository on GitHub, as one token sees it: how it is asked. What it is asked for is added by its kinds."""

    def __init__(
        self,
        base_url: str,
        repository: str,
        token: str,
        *,
        seconds: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``seconds``: how long one exchange may take in all."""
        self._home = f"{base_url.rstrip('/')}/repos/{repository}"
        self._token = token
        self._session = shared(requests.Session(), base_url)
        self._session.headers.update({**_HEADERS, "Authorization": f"Bearer {token}"})
        self._seconds = seconds
        self._now = now

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()

    def _pages(self, path: str, question: Mapping[str, str], model: TypeAdapter[list[_Model]]) -> Iterator[_Model]:
        for page in range(1, _MOST_PAGES + 1):
            found = self._read(path, {**question, "per_page": str(_A_PAGE), "page": str(page)}, model)
            yield from found
            if len(found) < _A_PAGE:
                return
        raise TicketsError(f"GitHub lists more than {_A_PAGE * _MOST_PAGES} of {path}, which are too many to look through")

    def _read(self, path: str, question: Mapping[str, str], model: TypeAdapter[_Model]) -> _Model:
        address = f"{self._home}/{path}".rstrip("/")
        try:
            answer, text = self._send("GET", f"{address}?{urlencode(question)}" if question else address, None)
        except requests.exceptions.RequestException as error:
            raise TicketsUnreachable("GitHub cannot be reached") from ConnectionError(type(error).__name__)
        self._must_be_taken(answer, text)
        if answer.status_code >= requests.codes.internal_server_error:
            raise TicketsUnreachable(f"GitHub failed (HTTP {answer.status_code})")
        return _parsed(model, text, TicketsError("GitHub's answer makes no sense"))

    def _write(self, method: str, path: str, values: Mapping[str, Any], model: TypeAdapter[_Model]) -> _Model:
        try:
            answer, text = self._send(method, f"{self._home}/{path}", values)
        except requests.exceptions.RequestException as error:
            # Whether anything was sent is not asked: that is settled by reading back, whatever the answer would be.
            raise TicketAnswerLost("GitHub's answer was lost") from ConnectionError(type(error).__name__)
        self._must_be_taken(answer, text)
        if answer.status_code >= requests.codes.internal_server_error:
            raise TicketAnswerLost(f"GitHub failed (HTTP {answer.status_code}), and may have done it")
        return _parsed(model, text, TicketAnswerLost("GitHub's answer makes no sense"))

    def _send(self, method: str, address: str, values: Mapping[str, Any] | None) -> tuple[requests.Response, bytes]:
        def exchange() -> tuple[requests.Response, bytes]:
            # A redirect would carry the token to where nobody configured it.
            with self._session.request(method, address, json=values, timeout=self._seconds, allow_redirects=False, stream=True) as answer:
                return answer, _beginning(answer)

        return within(self._seconds, exchange)

    def _must_be_taken(self, answer: requests.Response, text: bytes) -> None:
        """Raises for whatever GitHub did not do."""
        code = answer.status_code
        if code < 300 or code >= 500:  # noqa: PLR2004 - done, or the server's own failure
            return
        said = _message(text, self._token)
        if code in {403, 429} and (wait := self._wait(answer, said)) is not None:
            raise TicketsLimited(f"GitHub's rate limit is used up{_because(said)}", wait)
        if code in {301, 410} and (code == 301 or "deleted" in said.lower()):  # noqa: PLR2004 - moved
            raise TicketGone(f"the issue is gone: it was {'moved' if code == 301 else 'deleted'}")  # noqa: PLR2004
        hint = _HINTS.get(code, "GitHub refused")
        raise TicketsRefused(f"GitHub refused (HTTP {code}): {hint}{_because(said)}", code)

    def _wait(self, answer: requests.Response, said: str) -> float | None:
        """Seconds until GitHub wants to be asked again; none where the refusal is no limit."""
        after, left = answer.headers.get("Retry-After", ""), answer.headers.get("X-RateLimit-Remaining", "")
        reset = answer.headers.get("X-RateLimit-Reset", "")
        if after.isdecimal():
            return min(max(float(after), 1.0), _LONGEST_WAIT)
        if left == "0" and reset.isdecimal():
            return min(max(float(reset) - self._now().timestamp(), 1.0), _LONGEST_WAIT)
        is_limit = answer.status_code == requests.codes.too_many_requests or any(words in said.lower() for words in _WORDS_OF_A_LIMIT)
        return _SECONDARY_WAIT if is_limit else None


class GitHubIssues(Repository):
    """The issues of one repository, as one token sees them."""

    def marked(self, mark: str, label: str, since: datetime) -> list[Issue]:
        """The issues with a label whose text begins with a mark, the oldest first; open or not, changed since then.

        Raises:
            TicketsError: GitHub is out of reach or refused.
        """
        question = {"labels": label, "state": "all", "sort": "created", "direction": "asc", "since": _iso(since)}
        found = [issue for issue in self._pages("issues", question, _ISSUES) if issue.pull_request is None]
        return sorted((issue for issue in found if (issue.body or "").startswith(mark)), key=lambda issue: issue.number)

    def create(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue.

        Raises:
            TicketAnswerLost: it may be there now.
            TicketsError: it is not.
        """
        return self._write("POST", "issues", {"title": title, "body": body, "labels": list(labels)}, _ISSUE)

    def read(self, number: int) -> Issue:
        """An issue.

        Raises:
            TicketGone: it was deleted, or moved elsewhere.
            TicketsError: GitHub is out of reach or refused.
        """
        return self._read(f"issues/{number}", {}, _ISSUE)

    def change(self, number: int, values: Mapping[str, Any]) -> Issue:
        """Change an issue; the same change twice is one.

        Raises:
            TicketAnswerLost: it may be changed now.
            TicketsError: it is not.
        """
        return self._write("PATCH", f"issues/{number}", values, _ISSUE)

    def comment(self, number: int, body: str) -> None:
        """Comment on an issue.

        Raises:
            TicketAnswerLost: the comment may be there now.
            TicketsError: it is not.
        """
        self._write("POST", f"issues/{number}/comments", {"body": body}, _NOTHING)

    def has_comment(self, number: int, mark: str, since: datetime) -> bool:
        """Whether an issue has a comment that begins with a mark, written since then.

        Raises:
            TicketsError: GitHub is out of reach or refused.
        """
        comments = self._pages(f"issues/{number}/comments", {"since": _iso(since)}, _COMMENTS)
        return any((comment.body or "").startswith(mark) for comment in comments)


def _beginning(answer: requests.Response) -> bytes:
    read = b""
    for chunk in answer.iter_content(256 * 1024):
        read += chunk
        if len(read) > _LONGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("too long")
    return read


def _parsed(model: TypeAdapter[_Model], text: bytes, otherwise: TicketsError) -> _Model:
    try:
        return model.validate_json(text or b"null")
    except ValidationError:
        raise otherwise from None  # its own words quote the answer


def _message(text: bytes, token: str) -> str:
    """What GitHub says of a refusal, bounded and on one line; a server that says our token again is not quoted with it."""
    try:
        found = TypeAdapter(dict[str, Any]).validate_json(text)
    except ValidationError:
        return ""
    errors = json.dumps(found.get("errors"), ensure_ascii=False) if found.get("errors") else ""
    said = found.get("message")
    return bounded(f"{said if isinstance(said, str) else ''} {errors}".replace(token, "[token]"), 300)


def _because(said: str) -> str:
    return f"; GitHub says: {said}" if said else ""


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
