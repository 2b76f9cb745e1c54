"""Connections that many items share: one session for each service, fit for threads, which reads the environment once."""

from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter

AT_ONCE = 64
"""Connections that are kept to one host: as many as threads may ask at once."""

_Session = TypeVar("_Session", bound=requests.Session)


def shared(session: _Session, base_url: str, at_once: int = AT_ONCE) -> _Session:
    """The session, made fit for many threads that all ask at ``base_url``.

    Proxies and certificates of the environment are taken as they are now; `requests` would look for them at each call, and let a .netrc
    file overrule the token that is sent. No cookie is kept: nothing of one answer is part of another question.
    """
    found = session.merge_environment_settings(base_url, {}, None, None, None)
    session.proxies.update(found["proxies"])
    session.verify = found["verify"]
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=at_once)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
