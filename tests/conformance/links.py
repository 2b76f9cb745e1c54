"""Whether what the documentation points at outside still answers. Links inside the documentation are held by the tests."""

import enum
import re
import time
from collections.abc import Iterable
from urllib.parse import urldefrag, urlsplit

import requests
from documentation.reading import Page

from conformance.published import HEADERS, Sleep
from webstore.connections import shared
from webstore.time_limit import within

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\]|]+")
_MADE_UP = re.compile(r"(^|\.)(example(\.(com|org|net))?|localhost|invalid|test|local)$|^127\.|^[^.]*$")
"""Hosts of examples: reserved names, this machine, and words such as HOST."""
_MOST = 200
_TRIES = 3
_GONE = {404, 410}
_MOST_REDIRECTS = 5


class Standing(enum.StrEnum):
    """What became of an address."""

    ANSWERS = "answers"
    GONE = "gone"
    UNREACHED = "unreached"
    """Nothing is known: the other side, or the way to it, failed."""


def addresses(pages: Iterable[Page]) -> list[str]:
    """The addresses that readers of these pages can follow, each once: links, and what stands bare in a sentence. Those in code are examples."""
    found: dict[str, None] = {}
    for page in pages:
        bare = [_unclosed(address) for _, words in page.prose for address in _ADDRESS.findall(words)]
        for address in [*(link.target for link in page.links), *bare]:
            parts = urlsplit(address)
            if parts.scheme in {"http", "https"} and not _MADE_UP.search(parts.hostname or ""):
                found[urldefrag(address).url] = None
    return list(found)[:_MOST]


def _unclosed(address: str) -> str:
    """An address without what ends its sentence or closes the bracket around it."""
    while address and (address[-1] in ".,;:!?*_" or (address[-1] == ")" and address.count(")") > address.count("("))):
        address = address[:-1]
    return address


def standing(address: str, *, seconds: float = 20.0, sleep: Sleep = time.sleep) -> Standing:
    """What an address answers: asked for its head, and for the whole where that is refused, three times at most.

    Whoever wants no machine to ask (401, 403, 429 and so on) answers all the same.
    """
    with shared(requests.Session(), address) as session:
        session.max_redirects = _MOST_REDIRECTS
        for attempt in range(_TRIES):
            if attempt:
                sleep(2.0**attempt)
            try:
                code = _code(session, "HEAD", address, seconds)
                if code in _GONE or code in {405, 501}:  # some servers know no HEAD, and say so in several ways
                    code = _code(session, "GET", address, seconds)
            except requests.exceptions.RequestException:
                continue
            if code in _GONE:
                return Standing.GONE
            if code < requests.codes.internal_server_error:
                return Standing.ANSWERS
    return Standing.UNREACHED


def _code(session: requests.Session, method: str, address: str, seconds: float) -> int:
    def exchange() -> int:
        with session.request(method, address, headers=HEADERS, timeout=seconds, allow_redirects=True, stream=True) as answer:
            return answer.status_code  # the body is left unread

    return within(seconds, exchange)
