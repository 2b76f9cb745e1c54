"""Bookshelf, the sample extension: a good 1.2.0, and for 1.3.0 a good one and one for each way to break."""

import json
from pathlib import Path

from guard.errors import UsageError
from webstore.package import Package
from webstore.versions import Version

FOLDER = Path(__file__).parent / "bookshelf"
RECIPE = Path(__file__).parents[1] / "recipe" / "release-guard-signals.js"
"""What a team drops into its extension; the sample reports through the very same file."""
BASE = "base"
GOOD = "good"
"""The good 1.3.0; each bad one is this with its own fault on top."""
BASE_VERSION = Version.parse("1.2.0")
NEXT_VERSION = Version.parse("1.3.0")
VARIANTS = tuple(sorted(path.name for path in (FOLDER / "variants").iterdir() if path.is_dir()))
LIBRARY_ADDRESS = "https://library.example/shelf"
BOOKS_ON_PAGE = 12


def build(variant: str, version: Version, *, dsn: str = "") -> Package:
    """The sample as one of `VARIANTS`, or as `BASE`, reporting to ``dsn`` (none: to nobody).

    Raises:
        UsageError: there is no such variant.
    """
    package = Package.read(FOLDER / BASE).with_files({RECIPE.name: RECIPE.read_bytes()})
    if variant != BASE:
        if variant not in VARIANTS:
            raise UsageError(f"there is no variant {variant!r}; there are {', '.join(VARIANTS)}")
        for layer in dict.fromkeys((GOOD, variant)):
            package = package.with_files({path.name: path.read_bytes() for path in (FOLDER / "variants" / layer).iterdir()})
    settings = package.files["config.js"].decode().replace('DSN = ""', f"DSN = {json.dumps(dsn)}")
    return package.with_files({"config.js": settings.encode()}).with_version(version)


def library_page(*, redesigned: bool = False) -> Path:
    """The library's page, as it was or as its makers redesigned it (then no version of the sample can read it)."""
    return FOLDER / ("library-redesigned.html" if redesigned else "library.html")
