"""The store, by calls that only read: credentials, what is published, what users are offered."""

from collections.abc import Iterator

from guard.doctor.finding import Finding, ok, problem, warning
from guard.engine import Guarded
from guard.tables import StoreCredentials
from webstore.versions import Version


def published(guarded: Guarded) -> Iterator[Finding]:
    """Whether the store lets us read, and what it shows.

    Raises:
        StoreError: it does not.
    """
    status = guarded.store_reader.status(guarded.extension.item)
    how = "without credentials" if guarded.config.store.credentials is StoreCredentials.NONE else "with the credentials in the environment"
    yield ok("store_access", f"the store answers {how}; that they may publish and roll back is not tried")
    if status.published is None or status.published.version is None:
        yield problem("store_published", "the store shows no published version", "publish one first, or check `id` and `publisher`")
        return
    yield ok("store_published", f"{status.published.version} is published to {status.published.deploy_percentage} % of users")
    for flag, words in ((status.warned, "warned for a policy violation"), (status.taken_down, "taken down for a policy violation")):
        if flag:
            yield warning("store_policy", f"the item is {words}", "see the developer dashboard")


def offered(guarded: Guarded) -> Iterator[Finding]:
    """Whether the update service answers, and with what.

    Raises:
        StoreError: it does not.
    """
    offer = guarded.updates.offered(guarded.extension.id)
    if offer is None:
        hint = "check `id`; a package that is not offered cannot be checked or kept for a rollback"
        yield warning("update_service", "the update service answers, and offers nothing", hint)
    else:
        yield ok("update_service", f"users are offered {offer.version}")


def published_version(guarded: Guarded) -> Version | None:
    """The published version, for those who compare with it.

    Raises:
        StoreError: the store does not say.
    """
    shown = guarded.store_reader.status(guarded.extension.item).published
    return shown.version if shown else None
