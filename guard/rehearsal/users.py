"""Simulated users: they take what the update service offers, use the extension, and report to Sentry as its SDK would."""

import dataclasses
import json
import random
import threading
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from webstore.store_errors import StoreError
from webstore.updates import UpdateService
from webstore.versions import Version

ROUND_SECONDS = 0.4
ENVIRONMENT = "production"
_ROUNDS_BEFORE = 6
"""So many rounds are the past of a story, what was so before its release; Sentry is asked in whole seconds, so up to three are cut off."""


@dataclasses.dataclass(frozen=True)
class Habits:
    """How many users there are, and what they do in a round."""

    users: int = 400
    active: int = 80
    """So many use the extension."""
    updating: float = 0.5
    """Share (0-1) of those on an older version that Chrome updates."""
    uses: int | None = None
    """How often each uses a version at the most; none: without end."""


USUAL = Habits()


@dataclasses.dataclass(frozen=True)
class Rollout:
    """A rollout in parts: what the first ``share`` (0-1) of all users is offered, and what the others are."""

    early: UpdateService
    later: UpdateService
    share: float


class Crowd:
    """So many users of one extension, each with a version and an id of its own.

    ``failing`` is the share (0-1) of users that a version fails for; none for a version that dies before it can report anything.
    The same users fail each time: a fault that depends on something they have.
    """

    def __init__(
        self,
        updates: UpdateService | Rollout,
        extension_id: str,
        dsn: str,
        name: str,
        failing: Mapping[Version, float | None],
        first: Version,
        seed: int,
        habits: Habits = USUAL,
    ) -> None:
        self._updates = updates if isinstance(updates, Rollout) else Rollout(updates, updates, 1.0)
        self._extension_id = extension_id
        address = urlsplit(dsn)
        self._url = f"http://{address.hostname}:{address.port}/api{address.path}/envelope/"
        self._parameters = {"sentry_key": str(address.username), "sentry_version": "7"}
        self._name = name
        self._failing = failing
        self._random = random.Random(seed)  # noqa: S311 - a rehearsal that can be repeated, not a secret
        self._habits = habits
        self._versions = [first] * habits.users
        self._luck = [(number + 0.5) / habits.users for number in range(habits.users)]  # so that a share of them is exactly that share
        self._random.shuffle(self._luck)
        self._used: Counter[tuple[int, Version]] = Counter()
        self._rounds = 0
        self.has_past = threading.Event()
        """Set once there is something to look back to."""
        self._session = requests.Session()

    def live(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        while not stop.wait(ROUND_SECONDS):
            try:
                self.round()
            except (requests.exceptions.RequestException, StoreError):
                self.has_past.set()
                return  # the stand-ins are down: their users go home

    def round(self) -> None:
        """Some update, some use the extension."""
        early, later = self._updates.early.offered(self._extension_id), self._updates.later.offered(self._extension_id)
        everybody, habits = range(self._habits.users), self._habits
        for user in everybody:
            offered = early if user < self._updates.share * habits.users else later
            if offered and self._versions[user] < offered.version and self._random.random() < habits.updating:
                self._versions[user] = offered.version
        for user in self._random.sample(everybody, habits.active):
            self._use(user)
        self._rounds += 1
        if self._rounds >= _ROUNDS_BEFORE:
            self.has_past.set()

    def _use(self, user: int) -> None:
        version = self._versions[user]
        share = self._failing.get(version, 0.0)
        self._used[user, version] += 1
        if share is None or (self._habits.uses is not None and self._used[user, version] > self._habits.uses):
            return
        items = envelope_items(f"{self._name}@{version}", f"user-{user}", fails=self._luck[user] < share)
        lines = ["{}"]
        for kind, payload in items:
            lines += [json.dumps({"type": kind}), json.dumps(payload)]
        answer = self._session.post(self._url, params=self._parameters, data="\n".join(lines), timeout=10)
        answer.raise_for_status()


def envelope_items(release: str, user: str, *, fails: bool) -> list[tuple[str, dict[str, Any]]]:
    """One use of the extension: a session, and with a failure the event of an error that nobody caught."""
    now = datetime.now(UTC).isoformat()
    session: dict[str, Any] = {
        "sid": uuid.uuid4().hex,
        "did": user,
        "init": True,
        "started": now,
        "timestamp": now,
        "status": "unhandled" if fails else "exited",
        "errors": int(fails),
        "attrs": {"release": release, "environment": ENVIRONMENT},
    }
    if not fails:
        return [("session", session)]
    event: dict[str, Any] = {
        "event_id": uuid.uuid4().hex,
        "timestamp": now,
        "platform": "javascript",
        "release": release,
        "environment": ENVIRONMENT,
        "user": {"id": user},
        "exception": {"values": [{"type": "Error", "value": "the extension failed", "mechanism": {"type": "simulated", "handled": False}}]},
    }
    return [("session", session), ("event", event)]
