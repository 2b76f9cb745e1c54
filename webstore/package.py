"""A package: the files and the manifest of one version, and the digests that identify its content."""

import dataclasses
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from webstore.crx import is_crx, open_crx
from webstore.files import Files, MemoryFiles, Overlay
from webstore.safe_zip import MAX_ENTRIES, PackageError, SafeZip, check_name, check_tree
from webstore.versions import Version, VersionError

MANIFEST = "manifest.json"
STORE_KEYS = frozenset({"version", "version_name", "key", "update_url"})
"""What differs between the same code under two versions, or is added by the store."""

_STORE_FOLDER = "_metadata/"
_NOT_PACKAGED = frozenset({".git", ".hg", ".svn", ".DS_Store", "__MACOSX"})
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_MANIFEST_BYTES = 1024**2
_MAX_FOLDER_BYTES = 512 * 1024**2


@dataclasses.dataclass(frozen=True)
class Package:
    """The content of one version of an extension."""

    files: Files
    manifest: Mapping[str, Any]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "Package":
        """A package of these files.

        Raises:
            PackageError: the manifest is missing or cannot be used.
        """
        kept = files if isinstance(files, Files) else MemoryFiles(files)
        if added := {name: None for name in kept if name.startswith(_STORE_FOLDER)}:
            kept = Overlay(kept, added)
        package = cls(kept, _manifest(kept))
        package.version  # noqa: B018 - a package without a usable version is refused here, not where it is first used
        return package

    @classmethod
    def read(cls, source: Path | bytes | IO[bytes]) -> "Package":
        """Read a folder, a zip or a CRX (whose signature is verified). An open file is taken over.

        Raises:
            PackageError: it is none of these, or not safe to read.
            CrxError: the CRX is broken or was changed after it was signed.
        """
        if isinstance(source, bytes):
            return cls.read(io.BytesIO(source))
        if isinstance(source, Path):
            if source.is_dir():
                return cls.of(dict(_folder(source)))
            try:
                source = source.open("rb")
            except OSError as error:
                raise PackageError(f"{source} cannot be read: {error.strerror}") from error
        start = source.read(4)
        source.seek(0)
        if not is_crx(start):
            return cls.of(SafeZip(source))
        with source:
            return cls.of(SafeZip(open_crx(source)[1]))

    @property
    def version(self) -> Version:
        """The version in the manifest."""
        value = self.manifest.get("version")
        if not isinstance(value, str):
            raise PackageError("manifest.json: `version` is missing or not a text")
        try:
            return Version.parse(value)
        except VersionError as error:
            raise PackageError(f"manifest.json: `version`: {error}") from error

    @property
    def name(self) -> str:
        """The name in the manifest, as it stands there."""
        name = self.manifest.get("name")
        return name if isinstance(name, str) else "(no name)"

    @property
    def digest(self) -> str:
        """SHA-256 over every path and content, whatever the archive's order, dates or compression were."""
        return _digest(self.files)

    @property
    def code_digest(self) -> str:
        """The same without what the store adds or a rollback changes: equal for the same code under two version numbers."""
        return _digest(Overlay(self.files, {MANIFEST: _canonical(self.manifest)}))

    def to_zip(self) -> bytes:
        """A zip of it: the same bytes for the same content (and the same zlib)."""
        buffer = io.BytesIO()
        self.write_zip(buffer)
        return buffer.getvalue()

    def write_zip(self, target: IO[bytes]) -> None:
        """Write that zip to an open file, in pieces."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(self.files):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.file_size = self.files.size(name)
                with self.files.open(name) as content, archive.open(entry, "w") as packed:
                    shutil.copyfileobj(content, packed)

    def with_version(self, version: Version) -> "Package":
        """The same code under another version number."""
        changed = {key: value for key, value in self.manifest.items() if key != "version_name"}
        return self._with_manifest({**changed, "version": str(version)})

    def for_upload(self, version: Version) -> "Package":
        """The same code under another version number, without what the store adds to a manifest and refuses in one that is uploaded."""
        plain = {key: value for key, value in self.manifest.items() if key not in STORE_KEYS}
        return self._with_manifest({**plain, "version": str(version)})

    def with_files(self, changes: Mapping[str, bytes | None]) -> "Package":
        """With these files added or replaced, or taken out where the content is none.

        Raises:
            PackageError: a name is unsafe, or the manifest can no longer be used.
        """
        for name in changes:
            check_name(name)
        merged = Overlay(self.files, changes)
        check_tree(merged)
        return Package.of(merged)

    def unpack(self, folder: Path, *, key: str | None = None) -> None:
        """Write it to a folder, with ``key`` (base64 of a DER public key) in the manifest, which fixes the extension's id."""
        content = self._with_manifest({**self.manifest, "key": key}) if key else self
        for name in content.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with content.files.open(name) as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file)

    def _with_manifest(self, manifest: Mapping[str, Any]) -> "Package":
        text = json.dumps(manifest, indent=2) + "\n"
        return Package.of(Overlay(self.files, {MANIFEST: text.encode()}))


def field_at(value: Any, path: str) -> Any:
    """What stands at a dotted path in a manifest or in a part of one; none when nothing does."""
    for key in path.split("."):
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return value


def _manifest(files: Files) -> Mapping[str, Any]:
    if MANIFEST not in files:
        raise PackageError("manifest.json is missing at the package's root")
    if files.size(MANIFEST) > _MAX_MANIFEST_BYTES:
        raise PackageError(f"manifest.json is larger than {_MAX_MANIFEST_BYTES} bytes")
    try:
        value: Any = json.loads(files[MANIFEST].decode("utf-8-sig"))
        json.dumps(value)  # what can be read and not be written again would fail later, where its digest is asked for
    except UnicodeDecodeError as error:
        raise PackageError("manifest.json is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise PackageError(f"manifest.json is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise PackageError("manifest.json does not hold an object")
    return cast("Mapping[str, Any]", value)


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    """The manifest without what the store adds or a rollback changes, written in one way only."""
    plain = {key: value for key, value in manifest.items() if key not in STORE_KEYS}
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _digest(files: Files) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(hashlib.sha256(name.encode(errors="surrogatepass")).digest() + files.sha256(name))
    return whole.hexdigest()


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder but those of version control; links are not followed."""
    count = size = 0
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(folder for folder in folders if folder not in _NOT_PACKAGED)
        for name in sorted(names):
            path = Path(parent, name)
            if name in _NOT_PACKAGED:
                continue
            if path.is_symlink() or not path.is_file():
                raise PackageError(f"{path.relative_to(root)} is a link or a special file")
            count, size = count + 1, size + path.stat().st_size
            if count > MAX_ENTRIES or size > _MAX_FOLDER_BYTES:
                raise PackageError(f"the folder holds more than {MAX_ENTRIES} files or {_MAX_FOLDER_BYTES} bytes; is it the extension's?")
            yield path.relative_to(root).as_posix(), path.read_bytes()
