"""Packages kept by the digest of their code, so that what was good yesterday can be compared, checked and put back today."""

import os
import tempfile
from pathlib import Path

from webstore.errors import ReleaseGuardError
from webstore.package import Package


class ArchiveDamaged(ReleaseGuardError):
    """A kept package is not what it was when it was put there."""

    hint = "delete the damaged file; `release-guard release snapshot` fetches the published package again"


class Archive:
    """A folder of packages, named by `Package.code_digest`: the same code under two version numbers is kept once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, package: Package) -> str:
        """Keep a package; its digest. Written beside and moved into place, so that no half file is ever found."""
        digest = package.code_digest
        path = self._path(digest)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(package.to_zip())
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)
        return digest

    def get(self, digest: str) -> Package | None:
        """The package of that digest; none when it was never kept.

        Raises:
            ArchiveDamaged: the file's content has another digest.
        """
        path = self._path(digest)
        if not path.exists():
            return None
        package = Package.read(path)
        if package.code_digest != digest:
            raise ArchiveDamaged(f"{path.name} in the archive holds something else than its name says")
        return package

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not all(letter in "0123456789abcdef" for letter in digest):  # noqa: PLR2004 - SHA-256 in hex
            raise ValueError("a digest is 64 hexadecimal digits")
        return self._folder / f"{digest}.zip"
