"""Who asks: a login by token that is kept in a signed cookie, a program's bearer token, or a reverse proxy's word. Else: read-only.

The token itself is only ever compared. Cookies and CSRF tokens are signed with a key that is made of it, so that a new token ends every
session, and nothing is kept here that a restart would lose.
"""

import base64
import dataclasses
import enum
import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from guard.dashboard.refusals import Forbidden, NotForged, NotLoggedIn, Unprocessable
from guard.dashboard.tries import Tries
from guard.errors import UsageError
from guard.ordering import name_of
from guard.tables_dashboard import DashboardTable

COOKIE = "release_guard_session"
LIFE = timedelta(hours=8)
_LONGEST_COOKIE = 1000
_SHORTEST_TOKEN = 16


class How(enum.StrEnum):
    """How people may act here."""

    READ_ONLY = "read_only"
    TOKEN = "token"  # noqa: S105 - a way, not a token
    PROXY = "proxy"


class WeakToken(UsageError):
    """A token that could be guessed."""

    hint = "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"


@dataclasses.dataclass(frozen=True)
class Person:
    """Who asks."""

    name: str
    how: How
    csrf: str | None
    """What a browser has to send with each action; none for a program, which no other site can make ask."""


@dataclasses.dataclass(frozen=True)
class Asking:
    """What a request says of who asks."""

    peer: str
    """The address that it came from."""
    headers: Mapping[str, str]
    """By their names in lower case."""
    cookie: str | None


class Sessions:
    """Tells who asks."""

    def __init__(self, table: DashboardTable, token: str | None, now: Callable[[], datetime], *, actions: bool = True) -> None:
        """``token``: of the environment; ``actions``: whether anybody may act at all.

        Raises:
            WeakToken: the token is so short that it could be guessed.
        """
        if token is not None and len(token) < _SHORTEST_TOKEN:
            raise WeakToken(f"the token in {table.token_env} has fewer than {_SHORTEST_TOKEN} letters")
        self._table = table
        self._now = now
        self._digest = _hashed(token) if token else None
        root = token.encode() if token else secrets.token_bytes(32)
        self._key = hmac.new(root, b"release-guard dashboard sessions", hashlib.sha256).digest()
        self._networks = [ipaddress.ip_network(network, strict=False) for network in table.trusted_proxies]
        self._tries = Tries(now)
        self._actions = actions

    @property
    def how(self) -> How:
        """How people may act here: by the proxy's word where it is configured, which needs no login."""
        if not self._actions or (self._digest is None and self._table.user_header is None):
            return How.READ_ONLY
        return How.PROXY if self._table.user_header else How.TOKEN

    def person(self, asking: Asking) -> Person | None:
        """Who asks; none where nobody is known to.

        Raises:
            NotLoggedIn: a token is sent, and it is not ours; or nobody's name comes with it.
            TooManyTries: too many wrong ones came from there.
        """
        if bearer := asking.headers.get("authorization"):
            return self._program(asking, bearer)
        if (name := self._named_by_proxy(asking)) is not None:
            return Person(name, How.PROXY, self._sign(b"proxy", name.encode()))
        return self._of_cookie(asking.cookie)

    def must_act(self, asking: Asking) -> Person:
        """Who acts; and it is no other site that makes a browser ask.

        Raises:
            Forbidden: nobody may act here.
            NotLoggedIn: nobody is known to ask.
            NotForged: what another site cannot know is missing.
        """
        self.must_be_same_site(asking)
        person = self.must_be_known(asking)
        if person.csrf is not None and not _same(asking.headers.get("x-csrf-token", ""), person.csrf):
            raise NotForged("the header X-CSRF-Token is missing, or is of another session")
        return person

    def must_be_known(self, asking: Asking) -> Person:
        """Who asks, where people can act here.

        Raises:
            Forbidden: nobody may act here.
            NotLoggedIn: nobody is known to ask.
        """
        if self.how is How.READ_ONLY:
            raise Forbidden("this dashboard is read-only: nobody can act here")
        person = self.person(asking)
        if person is None:
            raise NotLoggedIn("nobody is logged in")
        return person

    def must_be_same_site(self, asking: Asking) -> None:
        """Refuse what a browser says that another site has asked for.

        Raises:
            NotForged: one has.
        """
        origin, site = asking.headers.get("origin"), asking.headers.get("sec-fetch-site")
        if site is not None and site not in {"same-origin", "none"}:
            raise NotForged("another site has asked for this")
        if origin is None:
            return
        ours = {asking.headers.get("host", "").lower()}
        if self._table.public_url:
            ours.add(urlsplit(self._table.public_url).netloc.lower())
        if _netloc(origin) not in ours:
            raise NotForged("another site has asked for this")

    def log_in(self, asking: Asking, token: str, name: str) -> tuple[Person, str]:
        """Take a token for a session; who that is, and the cookie's value.

        Raises:
            Forbidden: nobody can log in here.
            NotForged: another site has asked for it.
            NotLoggedIn: the token is not ours.
            TooManyTries: too many wrong ones came from there.
            Unprocessable: the name is no name.
        """
        if self._digest is None or not self._actions:
            raise Forbidden("nobody can log in here: this dashboard has no token")
        self.must_be_same_site(asking)
        self._must_be_token(asking, token)
        who = _person_name(name)
        content = json.dumps([who, (self._now() + LIFE).timestamp(), secrets.token_hex(8)], ensure_ascii=False).encode()
        value = f"{base64.urlsafe_b64encode(content).decode().rstrip('=')}.{self._sign(b'cookie', content)}"
        return Person(who, How.TOKEN, self._sign(b"csrf", value.encode())), value

    def came_by_https(self, asking: Asking, scheme: str) -> bool:
        """Whether a browser came by https, as far as we or a trusted proxy know."""
        told = asking.headers.get("x-forwarded-proto", "") if self._is_proxy(asking.peer) else ""
        return scheme == "https" or told.split(",")[0].strip().lower() == "https" or (self._table.public_url or "").startswith("https:")

    def _program(self, asking: Asking, bearer: str) -> Person:
        kind, _, token = bearer.partition(" ")
        if self._digest is None or kind.lower() != "bearer":
            raise NotLoggedIn("only `Authorization: Bearer TOKEN` is understood, and only where this dashboard has a token")
        self._must_be_token(asking, token.strip())
        given = asking.headers.get("x-release-guard-user")
        if not given:
            raise NotLoggedIn("the header X-Release-Guard-User is missing: who asks?")
        try:
            return Person(_person_name(_decoded(given)), How.TOKEN, None)
        except Unprocessable as error:
            raise NotLoggedIn(f"the header X-Release-Guard-User is no name: {error}") from None

    def _must_be_token(self, asking: Asking, token: str) -> None:
        address = self._address(asking)
        self._tries.must_be_left(address)
        if self._digest is None or not hmac.compare_digest(_hashed(token), self._digest):
            self._tries.count(address)
            raise NotLoggedIn("that is not the token").advise("the token is what the dashboard's environment holds")

    def _named_by_proxy(self, asking: Asking) -> str | None:
        header = self._table.user_header
        given = asking.headers.get(header.lower()) if header and self._is_proxy(asking.peer) else None
        if not given:
            return None
        try:
            return _person_name(_decoded(given))
        except Unprocessable:
            return None

    def _of_cookie(self, value: str | None) -> Person | None:
        if self._digest is None or value is None or len(value) > _LONGEST_COOKIE:
            return None
        encoded, _, signature = value.partition(".")
        try:
            content = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            return None
        if not _same(signature, self._sign(b"cookie", content)):
            return None
        name, ends_at, _ = json.loads(content)  # signed by us
        if self._now().timestamp() >= ends_at:
            return None
        return Person(name, How.TOKEN, self._sign(b"csrf", value.encode()))

    def _sign(self, purpose: bytes, content: bytes) -> str:
        return hmac.new(self._key, purpose + b"\0" + content, hashlib.sha256).hexdigest()

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def _address(self, asking: Asking) -> str:
        """Where wrong tries are counted: behind a configured proxy it knows who they came from."""
        is_behind = self._table.user_header is not None or self._table.public_url is not None
        told = asking.headers.get("x-forwarded-for") if is_behind and self._is_proxy(asking.peer) else None
        return told.rsplit(",", 1)[-1].strip()[:60] if told else asking.peer


def _person_name(text: str) -> str:
    try:
        return name_of("".join(letter if letter.isprintable() else " " for letter in text))
    except UsageError as error:
        raise Unprocessable(str(error)).advise("say who you are, as the timeline shall tell it") from None


def _decoded(header: str) -> str:
    """A header's value as it was meant: servers hand on the bytes of UTF-8 as letters of Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _hashed(token: str) -> bytes:
    """So that a comparison takes as long whatever the length."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), ours.encode())
