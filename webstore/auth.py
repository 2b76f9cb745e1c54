"""Credentials for the store: a service account's, or none for a store on this machine. Never none in silence."""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

import requests

from webstore.store_errors import CredentialsMissing, CredentialsRefused

SCOPE = "https://www.googleapis.com/auth/chromewebstore"


def store_session(base_url: str, *, credentials_json: str | None, anonymous: bool) -> requests.Session:
    """A session that sends the service account's token with each request.

    Raises:
        CredentialsMissing: there are none, or none was asked for with a store that is not on this machine.
        CredentialsRefused: the key is no service account's.
    """
    if anonymous:
        if not is_loopback(base_url):
            raise CredentialsMissing('credentials = "none" is only for a store on this machine, and `base_url` is not one')
        return requests.Session()
    if not credentials_json:
        raise CredentialsMissing("no credentials for the Chrome Web Store are in the environment")
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - not needed for a local store
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - as above
    from google.oauth2 import service_account  # noqa: PLC0415 - as above

    try:
        key: Any = json.loads(credentials_json)
        credentials: Any = service_account.Credentials.from_service_account_info(key, scopes=[SCOPE])  # pyright: ignore[reportUnknownVariableType] - google-auth has no types here
    except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError):
        # The parser's own words may quote the key, so they are not shown.
        raise CredentialsRefused("the credentials are not the JSON key of a service account") from None
    return AuthorizedSession(credentials)


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, by what it says and not by what a name server would."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
