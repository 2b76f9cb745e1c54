"""Publishing by the guard: what would be refused is said before anything is sent, and what is published now is kept beforehand."""

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

from guard.engine import Engine, Guarded
from guard.errors import UsageError
from guard.keeping import keep_seen, only_warned
from guard.observing import observe_release
from webstore.models import ItemState, ItemStatus
from webstore.package import Package
from webstore.publishing import Pace, Publication, Publisher, Terms
from webstore.versions import Version, lowest_free_above


class PublishRefused(UsageError):
    """Something that the store would refuse, or that makes no sense."""

    hint = "see what is published and submitted: `release-guard store status`"


def publish(engine: Engine, guarded: Guarded, source: Path | None, terms: Terms, pace: Pace, *, wait: bool) -> Publication:
    """Upload and submit a package (a folder, a zip or a CRX), or without one release what is staged.

    Raises:
        PublishRefused: the store would refuse it, or there is nothing staged.
        PackageError: it is no package.
        StoreError: the store refused it, or cannot be reached.
    """
    item = guarded.extension.item
    status = guarded.store.status(item)
    publisher = Publisher(guarded.store, item, pace, engine.progress)
    if source is None:
        return publisher.submit(_staged(status, terms), terms, wait=wait)
    package = Package.read(source)
    _check(status, package)
    if status.published and status.published.version:
        with only_warned(engine, status.published.version):  # while it can still be downloaded
            keep_seen(engine, guarded, observe_release(engine, guarded).release)
    with _as_file(source, package) as file:
        publisher.upload(file, package.version)
    published = publisher.submit(package.version, terms, wait=wait)
    with only_warned(engine, package.version):
        engine.archive.add(package, item, f"publish of {source.name}", replace=True)
    return published


def _staged(status: ItemStatus, terms: Terms) -> Version:
    if terms != Terms():
        refused = PublishRefused("how it is published was settled when it was submitted; without a PACKAGE only what is staged is released")
        raise refused.advise("leave the other options out; `release-guard store rollout` raises the share of users afterwards")
    submitted = status.submitted
    if submitted is None or submitted.version is None or submitted.state is not ItemState.STAGED:
        raise PublishRefused("nothing is staged").advise("name a PACKAGE to publish; without one, what is staged is released")
    return submitted.version


def _check(status: ItemStatus, package: Package) -> None:
    if status.taken_down:
        raise PublishRefused("the item is taken down for a policy violation").advise("see the item in the developer dashboard")
    published = status.published.version if status.published else None
    if published and package.version <= published:
        refused = PublishRefused(f"the package's version {package.version} is not above the published {published}")
        raise refused.advise(f"raise `version` in manifest.json; the lowest free number is {lowest_free_above(published)}")
    if status.submitted and status.submitted.state is ItemState.PENDING_REVIEW:
        pending = PublishRefused(f"{status.submitted.version} is pending review, and a package cannot be uploaded meanwhile")
        raise pending.advise("wait for the review, or take it back with `release-guard store cancel`")


@contextlib.contextmanager
def _as_file(source: Path, package: Package) -> Generator[Path]:
    """The package as one file: itself, or a folder zipped."""
    if source.is_file():
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="release-guard-") as folder:
        zipped = Path(folder) / "package.zip"
        with zipped.open("wb") as file:
            package.write_zip(file)
        yield zipped
