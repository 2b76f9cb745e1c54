"""Packages kept by the digest of their code, so that what was good yesterday can be compared, checked and put back today.

    packages/ab/abcdef….zip        one for the same code, whatever its version numbers are
    items/ITEM/1.3.0.0.json        which code a version was, where it came from, and when it was kept

Every file is written beside its place and moved there, so that no half one is ever found, and any number of machines may share a folder.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webstore.errors import ReleaseGuardError
from webstore.models import Item
from webstore.package import Package
from webstore.safe_zip import PackageError
from webstore.versions import Version, VersionError
from webstore.whole_files import SUFFIX, written

_GRACE = timedelta(days=1)
"""A package that no version names may be one that is just being added; after this it is not."""
_FOR_ALL = 0o644
"""A team may share the folder."""


class ArchiveDamaged(ReleaseGuardError):
    """Something kept is not what it was when it was put there."""

    hint = "delete the damaged file; `release-guard archive add` keeps the package again"


class VersionTaken(ReleaseGuardError):
    """A version is kept already, with other code."""

    users_mistake = True
    hint = "a published version never changes: check which package is meant; `--replace` takes the new one"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: str
    source: str
    added_at: datetime


@dataclasses.dataclass(frozen=True)
class Kept:
    """A version that is kept."""

    item_id: str
    version: Version
    digest: str
    """`Package.code_digest`."""
    name: str
    source: str
    """How it was had: a file's name, or the store."""
    added_at: datetime


@dataclasses.dataclass(frozen=True)
class Damage:
    """Something that is wrong in the archive."""

    path: Path
    problem: str


class Archive:
    """A folder of packages."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder = folder
        self._packages = folder / "packages"
        self._items = folder / "items"
        self._now = now

    def add(self, package: Package, item: Item, source: str, *, replace: bool = False) -> str:
        """Keep a version of an item; its digest.

        Raises:
            VersionTaken: the version is kept already with other code, and not ``replace``.
        """
        digest, version = package.code_digest, package.version
        known = self.find(item.id, version)
        if known and known.digest != digest and not replace:
            raise VersionTaken(f"{version} is kept already, with other code")
        path = self._package_path(digest)
        if path.exists():
            path.touch()  # needed again: whoever sweeps meanwhile must not take it for forgotten
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written(path, _FOR_ALL) as file:
                package.write_zip(file)
        if known is None or known.digest != digest:
            entry = _Entry(version=str(version), digest=digest, name=package.name[:200], source=source[:200], added_at=self._now())
            place = self._entry_path(item.id, version)
            place.parent.mkdir(parents=True, exist_ok=True)
            with written(place, _FOR_ALL) as file:
                file.write(entry.model_dump_json(indent=2).encode(errors="replace"))
        return digest

    def get(self, digest: str) -> Package | None:
        """The package of that digest; none when it was never kept.

        Raises:
            ArchiveDamaged: the file's content has another digest, or cannot be read.
        """
        path = self._package_path(digest)
        if not path.exists():
            return None
        try:
            package = Package.read(path)
        except PackageError as error:
            raise ArchiveDamaged(f"{path.name} in the archive cannot be read") from error
        if package.code_digest != digest:
            raise ArchiveDamaged(f"{path.name} in the archive holds something else than its name says")
        return package

    def find(self, item_id: str, version: Version) -> Kept | None:
        """One version; none when it is not kept.

        Raises:
            ArchiveDamaged: its entry cannot be read.
        """
        path = self._entry_path(item_id, version)
        return _read_entry(path) if path.exists() else None

    def entries(self, item_id: str) -> list[Kept]:
        """Every version of an item, the newest first; what cannot be read is left to `verify`."""
        found: list[Kept] = []
        for path in (self._items / item_id).glob("*.json"):
            with contextlib.suppress(ArchiveDamaged):
                found.append(_read_entry(path))
        return sorted(found, key=lambda kept: kept.version, reverse=True)

    def size(self, digest: str) -> int:
        """Bytes of a package's file; 0 when it is not there."""
        path = self._package_path(digest)
        return path.stat().st_size if path.exists() else 0

    def verify(self) -> list[Damage]:
        """Read everything, and say what is wrong."""
        found: list[Damage] = []
        for path in self._package_files():
            try:
                self.get(path.stem)
            except (ArchiveDamaged, ValueError) as error:
                found.append(Damage(path, str(error)))
        for path in sorted(self._items.glob("*/*.json")):
            try:
                kept = _read_entry(path)
            except ArchiveDamaged as error:
                found.append(Damage(path, str(error)))
                continue
            if not self._package_path(kept.digest).exists():
                found.append(Damage(path, f"the package of {kept.version} is missing"))
        return found + [Damage(path, "left over from an interrupted write") for path in sorted(self.folder.rglob(f"*{SUFFIX}"))]

    def prune(self, item_id: str, keep: int, protected: Collection[Version]) -> list[Kept]:
        """Forget versions of an item beyond the newest ``keep`` and the protected ones; what was forgotten."""
        beyond = [kept for kept in self.entries(item_id)[keep:] if kept.version not in protected]
        for kept in beyond:
            self._entry_path(item_id, kept.version).unlink(missing_ok=True)
        self._sweep()
        return beyond

    def _sweep(self) -> None:
        """Delete packages that no version of any item names, and half written files, unless they are new.

        With one entry that cannot be read nothing is deleted.
        """
        try:
            named = {_read_entry(path).digest for path in self._items.glob("*/*.json")}
        except ArchiveDamaged:
            return
        forgotten = (path for path in self._package_files() if path.stem not in named)
        for path in (*forgotten, *self.folder.rglob(f"*{SUFFIX}")):
            with contextlib.suppress(FileNotFoundError):  # another machine was faster
                if self._now() - datetime.fromtimestamp(path.stat().st_mtime, UTC) > _GRACE:
                    path.unlink()

    def _package_files(self) -> Iterator[Path]:
        return iter(sorted(self._packages.glob("*/*.zip")))

    def _package_path(self, digest: str) -> Path:
        if len(digest) != 64 or not all(letter in "0123456789abcdef" for letter in digest):  # noqa: PLR2004 - SHA-256 in hex
            raise ValueError("a digest is 64 hexadecimal digits")
        return self._packages / digest[:2] / f"{digest}.zip"

    def _entry_path(self, item_id: str, version: Version) -> Path:
        return self._items / item_id / f"{'.'.join(map(str, version.padded))}.json"  # 1.3 and 1.3.0 are one version


def _read_entry(path: Path) -> Kept:
    try:
        entry = _Entry.model_validate_json(path.read_bytes())
        version = Version.parse(entry.version)
    except (OSError, ValidationError, VersionError) as error:
        raise ArchiveDamaged(f"the entry {path.parent.name}/{path.name} of the archive cannot be read") from error
    return Kept(path.parent.name, version, entry.digest, entry.name, entry.source, entry.added_at)
