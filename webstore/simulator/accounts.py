"""Who may use the local store: accounts, the credentials that real google-auth takes for them, and the tokens that they get.

Three token services of Google's are imitated: the OAuth token endpoint (signed assertions and refresh tokens), the security token
service (a workflow's identity for a federated token), and the impersonation of a service account. Their time is the real one, since
google-auth signs and renews by it.
"""

import dataclasses
import enum
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from webstore.auth import TOKEN_SERVICE, Scope
from webstore.simulator.refused import Refused, error_info

_LIFETIME = timedelta(hours=1)
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"


class AccountKind(enum.StrEnum):
    """What an account's credentials are."""

    SERVICE_ACCOUNT = "service_account"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a kind, not a token
    WORKLOAD_IDENTITY = "workload_identity"


class TokenRefused(Exception):
    """A request for a token that is refused, in OAuth's own form (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str, code: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.code = code


@dataclasses.dataclass
class Account:
    """Somebody who may use the store."""

    email: str
    publishers: Sequence[str]
    """Whose items it may see and change."""
    public_key: str = ""
    """PEM, of a service account."""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    subject_token: str = ""
    """What a workflow shows of itself."""
    scopes: frozenset[str] = frozenset(Scope)


@dataclasses.dataclass(frozen=True)
class _Token:
    account: Account
    scopes: frozenset[str]
    expires_at: datetime


class Accounts:
    """Every account, and the tokens that were given out. Nobody is asked for one until the first account is made."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._accounts: list[Account] = []
        self._tokens: dict[str, _Token] = {}
        self._lock = threading.Lock()

    @property
    def are_required(self) -> bool:
        """Whether calls need a token."""
        return bool(self._accounts)

    def add(self, kind: AccountKind, publishers: Sequence[str], base_url: str, folder: Path) -> dict[str, Any]:
        """A new account with access to these publishers; its credentials as google-auth reads them.

        ``base_url``: of this store. ``folder``: where a workflow's identity token is put, as an Actions runner would.
        """
        name = f"account-{len(self._accounts) + 1}"
        account = Account(f"{name}@local-project.iam.gserviceaccount.com", tuple(publishers))
        make = {
            AccountKind.SERVICE_ACCOUNT: _service_account,
            AccountKind.REFRESH_TOKEN: _refresh_token,
            AccountKind.WORKLOAD_IDENTITY: _workload_identity,
        }[kind]
        credentials = make(account, base_url, folder)
        with self._lock:
            self._accounts.append(account)
        return credentials

    def token(self, form: Mapping[str, str], address: str) -> dict[str, Any]:
        """Answer of the OAuth token endpoint at ``address``.

        Raises:
            TokenRefused: in the ways in which Google refuses.
        """
        match form.get("grant_type"):
            case "refresh_token":
                return self._refresh(form)
            case grant if grant == _ASSERTION:
                return self._assert(form.get("assertion", ""), address)
            case _:
                raise TokenRefused("unsupported_grant_type", "Invalid grant_type")

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer of the security token service: a federated token for a workflow's own.

        Raises:
            TokenRefused: the workflow is not known.
        """
        if form.get("grant_type") != _EXCHANGE:
            raise TokenRefused("unsupported_grant_type", "Invalid grant_type")
        shown = form.get("subject_token", "")
        account = next((one for one in self._accounts if one.subject_token and secrets.compare_digest(one.subject_token, shown)), None)
        if account is None:
            raise TokenRefused("invalid_grant", "The given credential is rejected by the attribute condition.")
        answer = self._grant(account, frozenset(form.get("scope", _CLOUD).split()))
        return {**answer, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}

    def impersonate(self, email: str, header: str, scopes: Sequence[str]) -> dict[str, Any]:
        """Answer of `generateAccessToken`: a service account's token for a federated one.

        Raises:
            Refused: the caller may not.
        """
        with self._lock:
            caller = self._tokens.get(header.removeprefix("Bearer "))
        if caller is None or caller.account.email != email:
            raise Refused(
                403, "PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
            )
        answer = self._grant(caller.account, frozenset(scopes))
        return {"accessToken": answer["access_token"], "expireTime": f"{self._now() + _LIFETIME:%Y-%m-%dT%H:%M:%SZ}"}

    def check(self, header: str, publisher: str, *, writing: bool) -> None:
        """Let a call of the API pass.

        Raises:
            Refused: it has no good token (401), or its account may not do that (403).
        """
        if not self.are_required:
            return
        with self._lock:
            token = self._tokens.get(header.removeprefix("Bearer "))
        if not header:
            raise _unauthenticated("CREDENTIALS_MISSING", "Request is missing required authentication credential.")
        if token is None:
            raise _unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", "Request had invalid authentication credentials.")
        if token.expires_at <= self._now():
            raise _unauthenticated("ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.")
        needed = {Scope.WRITE} if writing else set(Scope)
        if not needed & token.scopes:
            reason = error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="chromewebstore.googleapis.com")
            raise Refused(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", [reason])
        if publisher not in token.account.publishers:
            raise Refused(403, "PERMISSION_DENIED", "The caller does not have permission")

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        account = next((one for one in self._accounts if one.client_id and one.client_id == form.get("client_id")), None)
        if account is None:
            raise TokenRefused("invalid_client", "The OAuth client was not found.", 401)
        if form.get("client_secret", "") != account.client_secret:
            raise TokenRefused("invalid_client", "Unauthorized", 401)
        if form.get("refresh_token") != account.refresh_token:
            raise TokenRefused("invalid_grant", "Token has been expired or revoked.")
        asked = frozenset(form.get("scope", "").split())
        if not asked <= account.scopes:
            raise TokenRefused("invalid_scope", "Some requested scopes were invalid.")
        return self._grant(account, asked or account.scopes)

    def _assert(self, assertion: str, address: str) -> dict[str, Any]:
        from google.auth import exceptions, jwt  # noqa: PLC0415 - only where accounts are used

        try:
            claims: Mapping[str, Any] = jwt.decode(assertion, verify=False)
        except ValueError as error:
            raise TokenRefused("invalid_grant", "Invalid JWT: failed to decode.") from error
        account = next((one for one in self._accounts if one.public_key and one.email == claims.get("iss")), None)
        if account is None:
            raise TokenRefused("invalid_grant", "Invalid grant: account not found")
        try:
            # Clients name Google's own address as the audience, whatever address they send the assertion to.
            jwt.decode(assertion, certs=account.public_key, audience=[TOKEN_SERVICE, address])
        except (ValueError, exceptions.GoogleAuthError) as error:
            raise TokenRefused("invalid_grant", _assertion_fault(str(error))) from error
        asked = frozenset(str(claims.get("scope", "")).split())
        if not asked or not asked <= account.scopes:
            raise TokenRefused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return self._grant(account, asked)

    def _grant(self, account: Account, scopes: frozenset[str]) -> dict[str, Any]:
        token = f"local-{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[token] = _Token(account, scopes, self._now() + _LIFETIME)
        seconds = int(_LIFETIME.total_seconds())
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(sorted(scopes))}


def _assertion_fault(words: str) -> str:
    """Google's words for what google-auth found wrong with an assertion."""
    if "signature" in words:
        return "Invalid JWT Signature."
    if "audience" in words:
        return "Invalid JWT: Failed audience check."
    return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."


def _unauthenticated(reason: str, message: str) -> Refused:
    return Refused(401, "UNAUTHENTICATED", message, [error_info(reason, service="chromewebstore.googleapis.com")])


def _service_account(account: Account, base_url: str, _folder: Path) -> dict[str, Any]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy

    from webstore.crx import new_key, private_pem  # noqa: PLC0415 - as above

    key = new_key()
    account.public_key = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return {
        "type": "service_account",
        "project_id": "local-project",
        "private_key_id": secrets.token_hex(20),
        "private_key": private_pem(key).decode(),
        "client_email": account.email,
        "client_id": "1",
        "token_uri": f"{base_url}/token",
    }


def _refresh_token(account: Account, base_url: str, _folder: Path) -> dict[str, Any]:
    account.client_id = f"{secrets.token_hex(8)}.apps.googleusercontent.com"
    account.client_secret, account.refresh_token = secrets.token_urlsafe(16), f"1//{secrets.token_urlsafe(24)}"
    account.scopes = frozenset({Scope.WRITE})
    return {
        "type": "authorized_user",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "refresh_token": account.refresh_token,
        "token_uri": f"{base_url}/token",
    }


def _workload_identity(account: Account, base_url: str, folder: Path) -> dict[str, Any]:
    account.subject_token = secrets.token_urlsafe(24)
    file = folder / f"identity-{account.email.partition('@')[0]}.json"
    file.write_text(json.dumps({"value": account.subject_token}), encoding="utf-8")
    pool = "projects/1/locations/global/workloadIdentityPools/local/providers/actions"
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{pool}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{base_url}/v1/token",
        "service_account_impersonation_url": f"{base_url}/v1/projects/-/serviceAccounts/{account.email}:generateAccessToken",
        "credential_source": {"file": str(file), "format": {"type": "json", "subject_token_field_name": "value"}},
    }
