"""What all items of one process share: a client of the store, of its update service and of each Sentry, and what these may be asked."""

import functools
import math
import threading

import requests

from guard.config import Config
from guard.environment import secret, store_credentials
from guard.errors import ConfigurationError
from guard.sources.sentry_client import SentryClient
from guard.sources.sentry_pace import AT_ONCE, Pace
from guard.tables import SentryTable, StoreCredentials
from webstore.auth import is_loopback
from webstore.budget import RequestBudget
from webstore.client import WebStoreClient
from webstore.connections import shared
from webstore.updates import UpdateService

QUESTIONS_A_SECOND = 20.0
"""Of one Sentry with one token, where none is configured: half of what its service was seen to allow a caller."""


class Connections:
    """Each is made when it is first asked for, and the same for everybody from then on; from any thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._budget = RequestBudget(config.store.requests_per_minute)
        self._lock = threading.RLock()
        self._stores: dict[bool, WebStoreClient] = {}
        self._sentries: dict[tuple[str, str], SentryClient] = {}

    def store(self, *, writing: bool) -> WebStoreClient:
        """The store's API, with credentials of the least scope; who may write, such as a rollback, never waits behind who only reads.

        Raises:
            CredentialsMissing: none are in the environment.
        """
        with self._lock:
            if writing not in self._stores:
                self._stores[writing] = self._store(writing=writing)
            return self._stores[writing]

    @functools.cached_property
    def updates(self) -> UpdateService:
        """What browsers are offered."""
        return UpdateService(self._config.store.update_url, shared(requests.Session(), self._config.store.update_url))

    def sentry(self, table: SentryTable) -> SentryClient:
        """The Sentry of a table: the same for every table with its address and token, and asked at one pace.

        Raises:
            ConfigurationError: its token is not in the environment.
        """
        key = (table.base_url, table.token_env)
        with self._lock:
            if key not in self._sentries:
                self._sentries[key] = self._sentry(table)
            return self._sentries[key]

    def _store(self, *, writing: bool) -> WebStoreClient:
        from webstore.auth import Scope, store_session  # noqa: PLC0415 - google-auth is only needed by commands that reach the store

        table = self._config.store
        anonymous = table.credentials is StoreCredentials.NONE
        session = store_session(
            table.base_url,
            credentials_json=None if anonymous else store_credentials(table.credentials_env),
            anonymous=anonymous,
            scope=Scope.WRITE if writing else Scope.READ,
        )
        return WebStoreClient(table.base_url, shared(session, table.base_url), budget=self._budget, is_urgent=writing)

    def _sentry(self, table: SentryTable) -> SentryClient:
        token = secret(table.token_env)
        if not token:
            missing = ConfigurationError(f"Sentry is configured, but {table.token_env} is not set")
            raise missing.advise(f"set {table.token_env} (or {table.token_env}_FILE) to a token with org:read, project:read and event:read")
        session = shared(requests.Session(), table.base_url, AT_ONCE)
        return SentryClient(table.base_url, token, session, pace=Pace(questions_a_second(self._config, table)))


def questions_a_second(config: Config, table: SentryTable) -> float:
    """How often the Sentry of a table may be asked: the least of what the tables with its address and token say.

    A Sentry on this machine has no limit but one that is configured.
    """
    tables = [found for extension in config.extension if (found := config.sentry_of(extension))]
    same = [found for found in tables if (found.base_url, found.token_env) == (table.base_url, table.token_env)]
    told = [found.requests_per_second for found in same if found.requests_per_second is not None]
    return min(told, default=math.inf if is_loopback(table.base_url) else QUESTIONS_A_SECOND)
