"""Credentials for the store by google-auth: a service account's key, a workflow's own identity, or a user's refresh token.

Never none in silence: only a store on this machine is spoken to without. Each asks for the least scope that the calls need.
"""

import enum
import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from webstore.store_errors import CredentialsMissing, CredentialsRefused

TOKEN_SERVICE = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_REFRESH_SECONDS = 30
_WHOLE = (
    "paste the whole JSON, from its first brace to its last, into RELEASE_GUARD_STORE_CREDENTIALS; "
    "or name its file in RELEASE_GUARD_STORE_CREDENTIALS_FILE"
)


class Scope(enum.StrEnum):
    """What a token is good for (API description, ``auth``)."""

    WRITE = "https://www.googleapis.com/auth/chromewebstore"
    READ = "https://www.googleapis.com/auth/chromewebstore.readonly"


def store_session(base_url: str, *, credentials_json: str | None, anonymous: bool, scope: Scope = Scope.WRITE) -> requests.Session:
    """A session that sends a token of that scope with each request; the token is got at the first, and renewed when it is due.

    ``credentials_json``: a service account's key, the file that google-github-actions/auth leaves (workload identity federation), or
    ``{"type": "authorized_user", "client_id", "client_secret", "refresh_token"}``.

    Raises:
        CredentialsMissing: there are none, or none was asked for with a store that is not on this machine.
        CredentialsRefused: they are of none of these kinds, or incomplete.
    """
    if anonymous:
        if not is_loopback(base_url):
            local = CredentialsMissing('credentials = "none" is only for a store on this machine, and `base_url` is not one')
            raise local.advise("take `credentials` out of [store] and put real ones in the environment, or correct `base_url`")
        return requests.Session()
    if not credentials_json:
        raise CredentialsMissing("no credentials for the Chrome Web Store are in the environment")
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - not needed for a local store

    credentials = _credentials(credentials_json, scope)
    if is_loopback(base_url):
        # google-auth asks Google in the background where a token may be used; one of a local store is nobody's business there.
        credentials.__dict__["_is_regional_access_boundary_lookup_required"] = lambda: False
    return AuthorizedSession(credentials, refresh_timeout=_REFRESH_SECONDS)


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, by what it says and not by what a name server would."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _credentials(text: str, scope: Scope) -> Any:
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - as above

    try:
        info: Any = json.loads(text)
    except ValueError:
        raise CredentialsRefused("the credentials are not JSON").advise(_WHOLE) from None  # the parser's own words may quote the key
    given: Mapping[str, Any] = cast("Mapping[str, Any]", info) if isinstance(info, dict) else {}
    kind = str(given.get("type"))
    make = _KINDS.get(kind)
    if make is None:
        raise CredentialsRefused("the credentials are of no known kind").advise(f"use JSON whose `type` is one of: {', '.join(_KINDS)}")
    for name in _ADDRESSES & given.keys():
        _check_address(given[name], name)
    try:
        return make(given, scope)
    except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError):
        raise CredentialsRefused(f"the credentials of the kind {kind} are incomplete or broken").advise(_WHOLE) from None  # as above


_ADDRESSES = frozenset({"token_uri", "token_url", "service_account_impersonation_url"})


def _check_address(address: object, name: str) -> None:
    """Secrets are only ever sent over TLS, or to this machine."""
    if not isinstance(address, str) or not (address.startswith("https://") or is_loopback(address)):
        raise CredentialsRefused(f"`{name}` of the credentials is not an https address").advise(
            "use the JSON as Google gave it; where it was not changed, make a new one"
        )


def _service_account(info: Mapping[str, Any], scope: Scope) -> Any:
    from google.oauth2 import service_account  # noqa: PLC0415 - as above

    return cast("Any", service_account.Credentials).from_service_account_info(info, scopes=[scope.value])


def _workload_identity(info: Mapping[str, Any], scope: Scope) -> Any:
    from google.auth import identity_pool  # noqa: PLC0415 - as above

    source: Mapping[str, Any] = info["credential_source"]
    if not {"file", "url"} & source.keys():
        # Another kind starts a program that the file names; nothing that is configured from outside is ever executed.
        raise CredentialsRefused("workload identity is only taken from a file or an address, never from a program").advise(
            "use the configuration that google-github-actions/auth leaves, whose `credential_source` has `file` or `url`"
        )
    if "url" in source:
        _check_address(source["url"], "credential_source.url")
    return cast("Any", identity_pool.Credentials).from_info(dict(info), scopes=[scope.value])


def _refresh_token(info: Mapping[str, Any], _scope: Scope) -> Any:
    """A refresh token gives tokens of the scopes it was granted; a narrower one that was not granted by name would be refused."""
    from google.oauth2.credentials import Credentials  # noqa: PLC0415 - as above

    return cast("Any", Credentials)(
        None,
        refresh_token=info["refresh_token"],
        token_uri=info.get("token_uri", TOKEN_SERVICE),
        client_id=info["client_id"],
        client_secret=info.get("client_secret"),
    )


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Scope], Any]] = {
    "service_account": _service_account,
    "external_account": _workload_identity,
    "authorized_user": _refresh_token,
}
