"""What can go wrong with the store: each class says whether the call may be repeated, and whether it may have taken effect."""

from typing import ClassVar

from webstore.errors import ReleaseGuardError
from webstore.models import StoreWarning

_LONGEST_TEXT = 300


class StoreError(ReleaseGuardError):
    """The Chrome Web Store did not do what was asked."""

    retry: ClassVar[bool] = False
    """The same call, unchanged, may succeed later."""
    settled: ClassVar[bool] = True
    """False when the call may have taken effect: read the store back before anything else."""
    retry_after: float = 0.0
    """Seconds that the store asks us to wait."""


class CredentialsMissing(StoreError):
    """No credentials, and the store needs some."""

    hint = (
        "put a service account's JSON key in RELEASE_GUARD_STORE_CREDENTIALS (or its file in RELEASE_GUARD_STORE_CREDENTIALS_FILE), "
        "or run google-github-actions/auth before"
    )


class CredentialsRefused(StoreError):
    """The store knows us, or not, but does not let us."""

    hint = "add the service account to the publisher in the developer dashboard (Account, Service account)"


class ItemNotFound(StoreError):
    """The store has no such item for this publisher."""

    hint = "check `id` and `publisher` in release-guard.toml against the developer dashboard"


class RequestRefused(StoreError):
    """The store understood and refused."""

    users_mistake = True
    hint = "the store's own words say why; the developer dashboard shows the item's state"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """The store's constant, such as FAILED_PRECONDITION."""


class RequestInvalid(RequestRefused):
    """Something in the request is wrong, whatever the item's state."""

    hint = "correct what the store names; the same request will be refused again"


class WrongState(RequestRefused):
    """The item is not in a state in which this can be done."""

    hint = "see what is published and submitted: `release-guard store status`"


class WarningsFound(RequestRefused):
    """The store has warnings, and the submission was to be blocked by them."""

    hint = "act on the warnings, or publish without --block-on-warnings"

    def __init__(self, message: str, warnings: tuple[StoreWarning, ...]) -> None:
        super().__init__(message, "FAILED_PRECONDITION")
        self.warnings = warnings


class PackageRefused(RequestRefused):
    """The store processed an upload and could not use it."""

    hint = "the developer dashboard's package page says what is wrong with it"


class QuotaExceeded(StoreError):
    """Too many calls."""

    hint = "wait a minute; poll less often, or ask for a larger quota"
    retry = True


class BudgetSpent(StoreError):
    """Our own limit of calls, which keeps many items from using up the quota."""

    hint = "wait a minute, or raise `requests_per_minute` under [store]"
    retry = True


class StoreUnreachable(StoreError):
    """Nothing answers at the store's address; nothing was sent."""

    hint = "check the network and `[store] base_url`; try again later"
    retry = True


class StoreUnavailable(StoreError):
    """The store answered with a failure of its own."""

    hint = "nothing to do by hand: the store is asked again, and what it shows is read before anything is repeated"
    retry = True
    settled = False


class AnswerLost(StoreError):
    """The call was sent and its answer never came."""

    hint = "nothing to do by hand: the store is read back before anything is repeated"
    retry = True
    settled = False


class UnexpectedAnswer(StoreError):
    """The store answered something that makes no sense to us."""

    hint = "check `[store] base_url`; if it is right, the API has changed: report it"
    settled = False


class UpdateServiceError(StoreError):
    """The update service answered something that makes no sense to us, or a package that is not what it said."""

    hint = "check `[store] update_url`; a package that fails its signature must not be used"


def bounded(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Text from the store, on one line and of bounded length (characters)."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest]).split())
    return flat if len(flat) <= longest else flat[:longest] + "…"
