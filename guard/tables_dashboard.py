"""The table of release-guard.toml that says where the dashboard listens, and how it knows people."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from guard.tables import StrictTable, Variable

_HOST = r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$|^\[?[0-9A-Fa-f:]{2,45}\]?$"


def _is_network(value: str) -> str:
    ipaddress.ip_network(value, strict=False)  # a ValueError says the same as ours
    return value


def _is_site(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError("must be an address such as https://guard.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}"


Network = Annotated[str, Field(max_length=60), AfterValidator(_is_network)]
"""An address, or many: "10.0.0.7", "10.0.0.0/8"."""


class DashboardTable(StrictTable):
    """``[dashboard]``: what `release-guard serve` listens on, and who may act there."""

    host: Annotated[str, Field(pattern=_HOST)] = "127.0.0.1"
    """Beyond this machine only with a token, or behind a proxy that says who asks."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8321
    """0: a free one."""
    token_env: Variable = "RELEASE_GUARD_DASHBOARD_TOKEN"  # noqa: S105 - a variable's name, not a token
    """Name of the variable that holds the token which people log in with; none in it: nobody can."""
    user_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$")] | None = None
    """The header in which a reverse proxy says who asks, such as "X-Forwarded-User"; heard only from `trusted_proxies`."""
    trusted_proxies: Annotated[tuple[Network, ...], Field(max_length=50)] = ("127.0.0.0/8", "::1")
    """Addresses of the reverse proxies that are believed."""
    hostnames: Annotated[tuple[Annotated[str, Field(pattern=_HOST)], ...], Field(max_length=50)] = ()
    """Names that browsers may call it by, besides this machine's own: any other is refused, so that no foreign page can reach it."""
    public_url: Annotated[str, AfterValidator(_is_site)] | None = None
    """Where people find it, behind a proxy; its name is one of `hostnames`."""
