"""What the store shows now, as releases: new ones recorded with where they come from, the published one kept as a baseline."""

import dataclasses

from guard.engine import Engine, Guarded
from guard.errors import GuardError
from guard.keeping import fetch_published, keep_package
from guard.model import Provenance, Release, ReleaseState
from guard.rollback.steps import restored_release
from webstore.models import ItemStatus

EVERYBODY = 100
"""Deploy percentage of a release that is not rolled out in parts."""


class NothingPublished(GuardError):
    """The store shows no published version."""

    hint = "publish a version first, or check the publisher and the item in release-guard.toml"


@dataclasses.dataclass(frozen=True)
class Sighting:
    """The published release, and whether it was seen for the first time."""

    release: Release
    is_new: bool
    status: ItemStatus


def observe_release(engine: Engine, guarded: Guarded) -> Sighting:
    """Read the store and record what is published.

    Raises:
        NothingPublished: the item has no published version.
        StoreError: the store cannot be read.
    """
    item = guarded.extension.item
    status = guarded.store_reader.status(item)
    version = status.published.version if status.published else None
    if status.published is None or version is None:
        raise NothingPublished(f"the store shows no published version of {item.id}")
    percentage, recorded = status.published.deploy_percentage, engine.releases.all(item)
    known = next((release for release in recorded if release.version == version), None)
    if known is not None and known.deploy_percentage == percentage:
        return Sighting(known, is_new=False, status=status)
    seen = Release(item, version, engine.now(), percentage)
    is_new = engine.releases.record(seen if known else _of_provenance(engine, seen, has_earlier=bool(recorded)))
    return Sighting(engine.releases.find(item, version) or seen, is_new, status)


def _of_provenance(engine: Engine, seen: Release, *, has_earlier: bool) -> Release:
    """With where it comes from: whoever sees it first, what a rollback made is never taken for a new upload (DESIGN, section 7, rule 7)."""
    asked_for = (record for record in engine.journal.all(seen.item) if record.attempts)
    of_rollback = next((record.plan for record in asked_for if record.plan.new_version == seen.version), None)
    if of_rollback:
        target = engine.releases.find(seen.item, of_rollback.target)
        restored = restored_release(of_rollback, engine.now(), target)
        return dataclasses.replace(restored, deploy_percentage=seen.deploy_percentage)
    return dataclasses.replace(seen, provenance=Provenance.UPLOAD) if has_earlier else seen


def snapshot(engine: Engine, guarded: Guarded) -> Release:
    """Record the published version as good, and keep its package: the baseline of the next release.

    Raises:
        NothingPublished: the item has no published version.
        StoreError: the store or the update service cannot be read, or they show different versions.
        SnapshotRefused: the published version was found bad, or a person has blocked it.
    """
    release = observe_release(engine, guarded).release
    if release.state in {ReleaseState.BAD, ReleaseState.ROLLED_BACK}:
        raise SnapshotRefused(f"{release.version} is recorded as {release.state.value.replace('_', ' ')}")
    if release.blocked:
        raise SnapshotRefused(f"{release.version} is {release.blocked}")
    kept = keep_package(engine, release, fetch_published(guarded, release))
    engine.releases.mark(release.item, release.version, ReleaseState.GOOD)
    return dataclasses.replace(kept, state=ReleaseState.GOOD)


class SnapshotRefused(GuardError):
    """A version that was found bad cannot be taken as good."""

    hint = "publish a good version first"
