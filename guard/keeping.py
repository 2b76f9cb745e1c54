"""The packages of releases: each that is seen is downloaded and kept, and those that a rollback may need are never let go."""

import contextlib
import dataclasses
from collections.abc import Generator

from guard.engine import Engine, Guarded
from guard.errors import UsageError
from guard.model import Release, ReleaseState
from guard.rollback.plan import RollbackState
from webstore.archive import Kept
from webstore.errors import ReleaseGuardError
from webstore.models import Item
from webstore.package import Package
from webstore.store_errors import StoreError
from webstore.versions import Version

_GOOD_KEPT = 5
"""So many newest good versions are kept, however many newer ones there are: any of them may be gone back to."""


class PackageGone(StoreError):
    """The package of a version cannot be fetched any more."""

    hint = "users get another version now, or not yet this one: `release-guard store status` shows which"


def fetch_published(guarded: Guarded, release: Release) -> Package:
    """Download what users get, when it is the release that is meant.

    Raises:
        StoreError: it cannot be downloaded.
        PackageGone: the update service offers another version.
    """
    offered = guarded.updates.offered(release.item.id)
    if offered is None or offered.version != release.version:
        raise PackageGone(f"the update service offers {offered.version if offered else 'nothing'}, not {release.version}")
    return guarded.updates.download(offered, release.item.id)


def keep_package(engine: Engine, release: Release, package: Package) -> Release:
    """Keep a release's package as the store gives it, which counts more than any file that was kept under its number; with its digest."""
    digest = engine.archive.add(package, release.item, "store", replace=True)
    if release.digest and release.digest != digest:
        engine.progress.warn(f"{release.version} is not the code that is recorded for it ({digest[:12]}, not {release.digest[:12]})")
        return release
    engine.releases.set_digest(release.item, release.version, digest)
    return dataclasses.replace(release, digest=digest)


class NotKept(UsageError):
    """The archive holds no package of a version."""

    hint = "see `release-guard archive list`"


def kept_package(engine: Engine, item: Item, version: Version) -> tuple[Kept, Package]:
    """A version out of the archive, under its own number: what is kept once may have been kept under another.

    Raises:
        NotKept: it is not there.
        ArchiveDamaged: it is not what it was.
    """
    kept = engine.archive.find(item.id, version)
    package = engine.archive.get(kept.digest) if kept else None
    if kept is None or package is None:
        raise NotKept(f"no package of {version} is kept")
    return kept, package if package.version == version else package.with_version(version)


@contextlib.contextmanager
def only_warned(engine: Engine, version: Version) -> Generator[None]:
    """A fault of the archive, such as a full disk, is told, and stands in no watch's way."""
    try:
        yield
    except (ReleaseGuardError, OSError) as error:
        engine.progress.warn(f"the package of {version} is not kept: {error}")


def keep_seen(engine: Engine, guarded: Guarded, release: Release) -> Release:
    """Keep what the store publishes now, if it is not kept yet; a package that cannot be had now is tried again at the next look."""
    if release.digest and engine.archive.find(release.item.id, release.version):
        return release
    try:
        kept = keep_package(engine, release, fetch_published(guarded, release))
    except PackageGone:
        return release
    for forgotten in prune(engine, release.item):
        engine.progress.done(f"the package of {forgotten} is no longer kept (`keep` under [archive])")
    return kept


def prune(engine: Engine, item: Item) -> list[Version]:
    """Let go of an item's old packages; their versions."""
    forgotten = engine.archive.prune(item.id, engine.config.archive.keep, protected_versions(engine, item))
    return [kept.version for kept in forgotten]


def protected_versions(engine: Engine, item: Item) -> set[Version]:
    """What a rollback may need: the newest release, the last good ones, whatever an open incident or an unfinished rollback is about."""
    seen = engine.releases.all(item)
    good = [release.version for release in seen if release.state is ReleaseState.GOOD][:_GOOD_KEPT]
    in_incident = [release.version for release in seen if engine.incidents.open_for(item, release.version)]
    protected = {*good, *in_incident, *(release.version for release in seen[:1])}
    for record in engine.journal.all(item):
        if record.state is not RollbackState.COMPLETED:
            protected |= {record.plan.from_version, record.plan.target, record.plan.new_version}
    for release in seen:
        if release.version in protected and release.restores:
            protected.add(release.restores)
    return protected
