"""archive: the packages that are kept."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from guard.cli import opening
from guard.cli.console import Console
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.keeping import fetch_published, keep_package, kept_package, prune
from guard.observing import observe_release
from guard.outcome import iso
from webstore.archive import Kept
from webstore.models import Item
from webstore.package import Package
from webstore.versions import Version


def archive(args: Namespace) -> int:
    """One of the actions."""
    actions = {"add": _add, "list": _list, "fetch": _fetch, "verify": _verify, "prune": _prune}
    with opening.engine(args) as (engine, console):
        return actions[args.action](args, console, engine)


def _item(args: Namespace, engine: Engine) -> Item:
    return engine.config.select(args.item).item


def _add(args: Namespace, console: Console, engine: Engine) -> int:
    item = _item(args, engine)
    if args.target == "store":
        guarded = engine.guarded(engine.config.select(args.item))
        release = observe_release(engine, guarded).release
        keep_package(engine, release, fetch_published(guarded, release))
        version = release.version
    else:
        path = Path(args.target)
        if not path.exists():
            raise UsageError(f"there is no folder or file {args.target!r}; a target is a folder, a .zip, a .crx or `store`")
        package = Package.read(path)
        engine.archive.add(package, item, path.name, replace=args.replace)
        version = package.version
    kept = engine.archive.find(item.id, version)
    if kept is None:
        raise UsageError(f"{version} is not kept")
    console.print(f"{kept.name} {kept.version} is kept ({kept.digest[:12]})")
    console.document(_json(kept, engine))
    return ExitCode.DONE


def _list(args: Namespace, console: Console, engine: Engine) -> int:
    found = engine.archive.entries(_item(args, engine).id)
    if found:
        rows = [
            (str(kept.version), iso(kept.added_at) or "", kept.digest[:12], f"{engine.archive.size(kept.digest):,}", kept.source)
            for kept in found
        ]
        console.table(("version", "kept since (UTC)", "code", "bytes", "from"), rows)
    else:
        console.print("no package is kept yet; `release-guard archive add store` keeps what users get now")
    console.document({"folder": str(engine.archive.folder), "packages": [_json(kept, engine) for kept in found]})
    return ExitCode.DONE


def _json(kept: Kept, engine: Engine) -> dict[str, Any]:
    return {
        "item": kept.item_id,
        "name": kept.name,
        "version": str(kept.version),
        "digest": kept.digest,
        "bytes": engine.archive.size(kept.digest),
        "source": kept.source,
        "added_at": iso(kept.added_at),
    }


def _fetch(args: Namespace, console: Console, engine: Engine) -> int:
    version = Version.parse(args.version)
    kept, package = kept_package(engine, _item(args, engine), version)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", kept.name).strip("-.") or kept.item_id
    target: Path = args.output or Path(f"{plain}-{version}.zip")
    try:
        with target.open("xb") as file:
            package.write_zip(file)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already").advise("name another file with --output") from error
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    console.print(f"{kept.name} {version} is written to {target}")
    console.document({**_json(kept, engine), "file": str(target)})
    return ExitCode.DONE


def _verify(_args: Namespace, console: Console, engine: Engine) -> int:
    damages = engine.archive.verify()
    for damage in damages:
        console.print(f"{damage.path}: {damage.problem}")
    console.print(f"{len(damages)} damaged" if damages else "everything that is kept is as it was put there")
    console.document({"damaged": [{"path": str(damage.path), "problem": damage.problem} for damage in damages]})
    return ExitCode.BREACH if damages else ExitCode.DONE


def _prune(args: Namespace, console: Console, engine: Engine) -> int:
    forgotten = prune(engine, _item(args, engine))
    console.print(f"no longer kept: {', '.join(map(str, forgotten))}" if forgotten else "nothing to let go of")
    console.document({"forgotten": [str(version) for version in forgotten]})
    return ExitCode.DONE
