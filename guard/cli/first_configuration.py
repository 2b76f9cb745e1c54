"""The configuration that `init` writes for an extension."""

import os
import re
from argparse import Namespace
from pathlib import Path

from guard.scaffold import rendering
from webstore.package import Package


def configuration_for(args: Namespace, package: Package, target: Path) -> str:
    """The text of a configuration at ``target`` for the extension that the command line names."""
    path = args.path if args.path.is_absolute() else Path(os.path.relpath(args.path, target.parent))
    return rendering.configuration(item=args.item, publisher=args.publisher, path=path.as_posix(), name=_plain_name(package))


def _plain_name(package: Package) -> str:
    """A name fit for release names: a localized or decorated one is reduced to letters, digits and dashes."""
    plain = re.sub(r"[^a-z0-9]+", "-", package.name.lower()).strip("-")
    return plain if plain and not package.name.startswith("__MSG_") else "my-extension"
