"""Why credentials were refused: the usual causes, each told by what Google answers, with what to do about it."""

from webstore.rpc_status import RpcStatus
from webstore.store_errors import CredentialsRefused, bounded

_TOKEN_CAUSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("short-lived token", "iat and exp", "issued_at"),
        "this machine's clock is wrong: the signed request for a token lies in the past or the future",
        "set the clock (NTP), then try again",
    ),
    (
        ("invalid jwt signature", "invalid signature"),
        "Google does not know the service account's key any more",
        "create a new JSON key for the service account and put it in the environment",
    ),
    (
        ("account not found", "invalid_grant: not a valid email"),
        "the service account does not exist any more",
        "create a service account, add it to the publisher in the developer dashboard, and use its key",
    ),
    (
        ("expired or revoked", "token has been revoked"),
        "the refresh token has expired or was revoked",
        "get a new refresh token; those of a consent screen in the state Testing end after 7 days",
    ),
    (
        ("invalid_client", "unauthorized_client", "oauth client was not found"),
        "the client id and secret do not belong to the refresh token",
        "use the client id, secret and refresh token of one and the same OAuth client",
    ),
    (
        ("invalid_scope",),
        "the account may not have the scope of the Chrome Web Store",
        "grant https://www.googleapis.com/auth/chromewebstore when the refresh token is made",
    ),
    (
        ("impersonated", "generateaccesstoken", "iam.serviceaccounts.getaccesstoken"),
        "the workload identity may not act as the service account",
        "grant it roles/iam.workloadIdentityUser on that service account",
    ),
    (
        ("attribute condition", "invalid_target", "audience"),
        "the workload identity pool does not take this workflow's identity",
        "check the provider's attribute condition (repository, branch) and its audience",
    ),
    (
        ("subject token", "actions_id_token", "credential source", "file '"),
        "the workflow's own identity token cannot be read",
        "give the job `permissions: id-token: write`, and run google-github-actions/auth in the same job",
    ),
    (
        ("invalid_grant",),
        "Google does not take these credentials",
        "make new ones: a service account's JSON key, or a refresh token",
    ),
)

_API_CAUSES: dict[str, tuple[str, str]] = {
    "SERVICE_DISABLED": (
        "the Chrome Web Store API is not enabled in the Cloud project of these credentials",
        "enable it in the Google Cloud console (APIs and services), wait some minutes, and try again",
    ),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (
        "the token was made without the scope that this call needs",
        "grant https://www.googleapis.com/auth/chromewebstore (or .readonly, which only reads)",
    ),
    "ACCESS_TOKEN_EXPIRED": ("the token has expired", "check this machine's clock; a new token is asked for at the next call"),
    "CREDENTIALS_MISSING": ("the call carried no credentials", "put a service account's JSON key in RELEASE_GUARD_STORE_CREDENTIALS"),
    "ACCOUNT_STATE_INVALID": ("the account is disabled", "enable the service account in the Google Cloud console"),
    "CONSUMER_SUSPENDED": ("the Cloud project is suspended", "see the project's page in the Google Cloud console"),
}


def refused_by_token_service(error: BaseException) -> CredentialsRefused:
    """The error that a refused request for a token is. Google's own words can quote what we signed, so only their kind is told."""
    text = " ".join(str(part) for part in error.args).lower()
    for signs, cause, advice in _TOKEN_CAUSES:
        if any(sign in text for sign in signs):
            return _refused(f"Google refused the credentials: {cause}", advice)
    return _refused("Google refused the credentials", "make new ones, and put them in the environment; nothing is known of why")


def refused_by_api(status: RpcStatus) -> CredentialsRefused:
    """The error that a 401 or 403 of the API is."""
    if known := _API_CAUSES.get(status.reason):
        return _refused(f"the Chrome Web Store refused our credentials: {known[0]}", known[1])
    if "2-step" in status.message.lower():
        return _refused(f"the Chrome Web Store refused: {status.words}", "turn on 2-step verification for the account")
    words = f"the Chrome Web Store refused our credentials: {status.words}"
    if status.code == 401:  # noqa: PLR2004 - HTTP's Unauthorized
        return _refused(words, "make new credentials, and check that nothing on the way takes the Authorization header out")
    return CredentialsRefused(words)


def _refused(message: str, advice: str) -> CredentialsRefused:
    error = CredentialsRefused(bounded(message))
    error.advise(advice)
    return error
