"""Closed worlds: what a check may reach of the network, enforced inside the browser, with a list of what was refused."""

import contextlib
import dataclasses
import re
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from healthchecks.result import Finding, plain
from healthchecks.scenario import ExtractionScenario
from healthchecks.settings import Network

_WEB = re.compile(r"^https?:")
_SOCKETS = re.compile(r"^wss?:")
_MOST_LISTED = 20


@dataclasses.dataclass
class Refused:
    """Requests that a policy refused, each address once."""

    addresses: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    """With who asked."""

    def add(self, url: str, asker: str) -> None:
        """Note one; its query may hold a secret, and is left out."""
        parts = urlsplit(url)
        self.addresses.setdefault(plain(f"{parts.scheme}://{parts.hostname or ''}{parts.path}"), asker)

    def finding(self) -> list[Finding]:
        """What to tell of it: nothing when nothing was refused."""
        if not self.addresses:
            return []
        listed = ", ".join(f"{url} ({asker})" for url, asker in list(self.addresses.items())[:_MOST_LISTED])
        more = f" and {len(self.addresses) - _MOST_LISTED} more" * (len(self.addresses) > _MOST_LISTED)
        words = f"refused what is not recorded: {listed}{more}"
        return [Finding("refused_requests", words, "record it, or set `network` of this check to live", is_failure=False)]


@contextlib.contextmanager
def policy_of(context: BrowserContext, policy: Network, recording: Path | None) -> Generator[Refused]:
    """Hold every page and worker of the browser to a policy, as long as the block lasts. Pages' web sockets are held too, workers' not."""
    refused = Refused()
    if policy is Network.LIVE:
        yield refused
        return

    def refuse(route: Route) -> None:
        request = route.request
        refused.add(request.url, "worker" if request.service_worker else request.resource_type)
        route.abort("blockedbyclient")

    def refuse_socket(socket: WebSocketRoute) -> None:
        refused.add(socket.url, "web socket")
        socket.close()

    context.route(_WEB, refuse)
    context.route_web_socket(_SOCKETS, refuse_socket)
    try:
        if recording is not None and policy is Network.RECORDED:
            context.route_from_har(recording, url=_WEB, not_found="fallback")
        yield refused
    finally:
        context.unroute_all(behavior="ignoreErrors")


def serve(page: Page, scenario: ExtractionScenario, refused: Refused, *, closed: bool) -> None:
    """Answer a tab's requests from the scenario's files under their real host names.

    ``closed``: what the files do not hold is refused; else it is left to the check's policy.
    """
    if not scenario.is_recorded:
        return

    def refuse(route: Route) -> None:
        refused.add(route.request.url, route.request.resource_type)
        route.abort("blockedbyclient")

    def answer(route: Route) -> None:
        if (found := _file_for(scenario, route.request.url)) is not None:
            route.fulfill(path=found, content_type="text/html; charset=utf-8" if found == scenario.page else None)
        else:
            route.fallback()

    if closed:
        page.route(_WEB, refuse)
    if scenario.har is not None:
        page.route_from_har(scenario.har, url=_WEB, not_found="fallback")
    else:
        page.route(_WEB, answer)


def _file_for(scenario: ExtractionScenario, url: str) -> Path | None:
    """The file that stands for an address; none outside the folder."""
    asked, home = _address(url), _address(scenario.open)
    if scenario.page is not None:
        return scenario.page if asked == home else None
    if scenario.folder is None or asked.host != home.host:
        return None
    root = scenario.folder.resolve()
    wanted = (root / asked.path.lstrip("/")).resolve()
    candidates = (wanted, wanted / "index.html", wanted.with_name(f"{wanted.name}.html"))
    return next((path for path in candidates if path.is_relative_to(root) and path.is_file()), None)


class _Address(NamedTuple):
    """An address as two spellings of it can be compared: without its fragment."""

    host: str
    path: str
    query: str


def _address(url: str) -> _Address:
    parts = urlsplit(url)
    with contextlib.suppress(UnicodeError):  # a name that IDNA does not know stays as it is
        parts = parts._replace(netloc=parts.netloc.encode("idna").decode())
    return _Address(parts.netloc.lower(), unquote(parts.path) or "/", unquote(parts.query))
