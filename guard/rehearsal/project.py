"""A folder to try the guard in: the sample extension, a bad and a good release of it, and a configuration for a local store."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from guard.config import FILE_NAME
from guard.errors import UsageError
from guard.rehearsal import sample
from guard.tables import UPDATE_SERVICE
from webstore.crx import extension_id, public_der, stored_key
from webstore.versions import Version
from webstore.whole_files import written

EXTENSION, KEYS = "extension", "keys"
PAGE, REDESIGNED = "library.html", "library-redesigned.html"
AFTER_NEXT_VERSION = Version.parse("1.3.1")
BAD = f"bad-{sample.NEXT_VERSION}.zip"
GOOD = f"good-{AFTER_NEXT_VERSION}.zip"
_BAD_VARIANT = "finds-nothing"


@dataclasses.dataclass(frozen=True)
class Project:
    """What was written, and the item that the local store will show for it."""

    folder: Path
    item: str
    port: int

    @property
    def store_command(self) -> str:
        """What serves the store that the configuration speaks of."""
        return f"release-guard simulate store --port {self.port} --package {EXTENSION} --keys {KEYS}"


def write_project(folder: Path, publisher: str, port: int) -> Project:
    """Write the project for a local store on ``port`` of this machine.

    Raises:
        UsageError: something of that name is there already; then nothing is written.
        CrxError: a key that is there already cannot be read.
    """
    names = (EXTENSION, BAD, GOOD, PAGE, REDESIGNED, FILE_NAME)
    if there := [name for name in names if (folder / name).exists()]:
        raise UsageError(f"{folder / there[0]} is there already").advise("name a folder that does not hold one, or move it away")
    base = sample.build(sample.BASE, sample.BASE_VERSION)
    item = extension_id(public_der(stored_key(folder / KEYS / f"{base.name}.pem")))
    base.unpack(folder / EXTENSION)
    contents = {
        BAD: sample.build(_BAD_VARIANT, sample.NEXT_VERSION).to_zip(),
        GOOD: sample.build(sample.GOOD, AFTER_NEXT_VERSION).to_zip(),
        PAGE: sample.library_page().read_bytes(),
        REDESIGNED: sample.library_page(redesigned=True).read_bytes(),
        FILE_NAME: _configuration(item, publisher, port).encode(),
    }
    _write(folder, contents)
    return Project(folder, item, port)


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        with written(folder / name) as file:
            file.write(content)


def _configuration(item: str, publisher: str, port: int) -> str:
    """An ordinary configuration with the local store's address, less patience, and one scenario of the sample's."""
    address = f"http://127.0.0.1:{port}"
    return f"""\
# Written by `release-guard simulate project`: everything goes to the local store.
mode = "propose"               # observe, propose or act

[store]
base_url = {json.dumps(address)}
update_url = {json.dumps(address + urlsplit(UPDATE_SERVICE).path)}
credentials = "none"           # the real store asks for them

[watch]
poll_seconds = 1               # the real store is asked every 30 s

[[extension]]
id = {json.dumps(item)}
publisher = {json.dumps(publisher)}
name = "bookshelf"
path = {json.dumps(EXTENSION)}

[[extension.checks.extraction]]
name = "the library's books are found"
open = {json.dumps(sample.LIBRARY_ADDRESS)}
page = {json.dumps(PAGE)}          # left out, it would be the live page
expect_page = [{{ selector = "html[data-bookshelf-count]" }}]
expect_storage = [{{ path = "books", at_least = {sample.BOOKS_ON_PAGE} }}]
"""
