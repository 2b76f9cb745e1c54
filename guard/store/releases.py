"""Releases, as the guard has seen them, and whether a person has forbidden them."""

from typing import Any

import sqlalchemy
from sqlalchemy import select, update

from guard.model import Provenance, Release, ReleaseState
from guard.store.orders import block_of
from guard.store.schema import blocks, releases
from guard.store.upsert import upsert
from webstore.models import Item
from webstore.versions import Version

_KEY = ("publisher", "item_id", "version")


class Releases:
    """Questions and answers about releases, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def record(self, release: Release) -> bool:
        """Write a release that was seen; False when it was known already, and then only its deploy percentage is renewed."""
        with self._engine.begin() as connection:
            is_new = upsert(connection, releases, _row(release), key=_KEY)
            if not is_new:
                connection.execute(
                    update(releases).where(_is(release.item, release.version)).values(deploy_percentage=release.deploy_percentage)
                )
        return is_new

    def find(self, item: Item, version: Version) -> Release | None:
        """The release of that version."""
        with self._engine.connect() as connection:
            row = connection.execute(seen().where(_is(item, version))).mappings().first()
        return release_of(row) if row else None

    def all(self, item: Item) -> list[Release]:
        """Every release of an item, the newest version first."""
        statement = seen().where(releases.c.publisher == item.publisher, releases.c.item_id == item.id)
        with self._engine.connect() as connection:
            found = [release_of(row) for row in connection.execute(statement).mappings()]
        return sorted(found, key=lambda release: release.version, reverse=True)

    def baseline_of(self, item: Item, version: Version) -> Release | None:
        """The highest earlier version that is known good: what a new release is compared with, and rolled back to.

        What a rollback made is no target itself (it carries an older version's code, which stands for it), nor is what a person forbade.
        """
        earlier = [release for release in self.all(item) if release.version < version]
        candidates = [release for release in earlier if release.state is ReleaseState.GOOD and not release.blocked]
        uploads = [release for release in candidates if release.provenance is not Provenance.ROLLBACK]
        return max(uploads, key=lambda release: release.version, default=None)

    def mark(self, item: Item, version: Version, state: ReleaseState) -> None:
        """Set what the guard holds of a release."""
        with self._engine.begin() as connection:
            connection.execute(update(releases).where(_is(item, version)).values(state=state.value))

    def set_digest(self, item: Item, version: Version, digest: str) -> None:
        """Remember the digest of a release's package."""
        with self._engine.begin() as connection:
            connection.execute(update(releases).where(_is(item, version)).values(digest=digest))


def seen() -> sqlalchemy.Select[Any]:
    """Releases, each with the order that forbids it, if there is one."""
    same = [releases.c[name] == blocks.c[name] for name in _KEY]
    return select(releases, blocks.c.by, blocks.c.reason, blocks.c.blocked_at).outerjoin(blocks, sqlalchemy.and_(*same))


def _is(item: Item, version: Version) -> sqlalchemy.ColumnElement[bool]:
    return (releases.c.publisher == item.publisher) & (releases.c.item_id == item.id) & (releases.c.version == str(version))


def _row(release: Release) -> dict[str, Any]:
    return {
        "publisher": release.item.publisher,
        "item_id": release.item.id,
        "version": str(release.version),
        "published_at": release.published_at,
        "deploy_percentage": release.deploy_percentage,
        "provenance": release.provenance.value,
        "state": release.state.value,
        "digest": release.digest,
        "rollback_of": str(release.rollback_of) if release.rollback_of else None,
        "restores": str(release.restores) if release.restores else None,
    }


def release_of(row: sqlalchemy.RowMapping) -> Release:
    """The release in a row of `seen`."""
    return Release(
        item=Item(row["publisher"], row["item_id"]),
        version=Version.parse(row["version"]),
        published_at=row["published_at"],
        deploy_percentage=row["deploy_percentage"],
        provenance=Provenance(row["provenance"]),
        state=ReleaseState(row["state"]),
        digest=row["digest"],
        rollback_of=Version.parse(row["rollback_of"]) if row["rollback_of"] else None,
        restores=Version.parse(row["restores"]) if row["restores"] else None,
        blocked=block_of(row).words if row["blocked_at"] else "",
    )
