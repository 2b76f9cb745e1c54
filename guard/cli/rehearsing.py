"""rehearse and simulate: the whole story, or the stand-ins alone, on this machine."""

import dataclasses
import json
import re
import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from guard.cli.console import Console
from guard.cli.summary import show_result
from guard.config import FILE_NAME
from guard.errors import ExitCode
from guard.rehearsal.scenarios import SCENARIOS, Scenario, scenario

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from webstore.simulator.accounts import Accounts


def rehearse(args: Namespace) -> int:
    """Tell one story, or all of them; 1 when any does not end as it must."""
    console = Console(json_wanted=args.json)
    if args.list:
        console.table(("scenario", "story", "ends"), [(one.name, one.story, one.expected.value.replace("_", " ")) for one in SCENARIOS])
        console.document([{"scenario": one.name, "story": one.story, "expected": one.expected.value} for one in SCENARIOS])
        return ExitCode.DONE
    wanted: Sequence[Scenario] = SCENARIOS if args.all else (scenario(args.scenario),)
    folder = args.keep or Path(".release-guard") / "rehearsals" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    told = [_tell(console, one, folder / one.name if args.all else folder) for one in wanted]
    if args.all:
        rows = [
            (
                one["scenario"],
                "as expected" if one["as_expected"] else "NOT as expected",
                one["outcome"],
                f"{one['seconds']['total']:.1f} s",
            )
            for one in told
        ]
        console.table(("scenario", "ended", "outcome", "time"), rows)
    console.document({"scenarios": told} if args.all else told[0])
    return ExitCode.DONE if all(one["as_expected"] for one in told) else ExitCode.BREACH


def _tell(console: Console, one: Scenario, folder: Path) -> dict[str, Any]:
    from guard.rehearsal.story import rehearse as tell  # noqa: PLC0415 - everything heavy at once; `--list` needs none of it

    console.print(f"Rehearsal of {one.name}: {one.story}")
    with console.working():
        rehearsed = tell(one, folder, console)
    show_result(console, rehearsed.result)
    console.print(f"Report: {rehearsed.written.report}")
    if rehearsed.written.postmortem:
        console.print(f"Postmortem draft: {rehearsed.written.postmortem}")
    console.print(f"Screenshots, state and configuration: {folder}")
    console.print(f"{'As expected' if rehearsed.as_expected else 'NOT AS EXPECTED'}: {one.name} in {rehearsed.total_seconds:.1f} s")
    return rehearsed.to_json()


def simulate(args: Namespace) -> int:
    """Serve a stand-in until stopped, or write a folder to try it in."""
    console = Console(json_wanted=args.json)
    if args.kind == "project":
        return _project(args, console)
    return _store(args, console) if args.kind == "store" else _sentry(args, console)


def _project(args: Namespace, console: Console) -> int:
    from guard.rehearsal.project import BAD, EXTENSION, GOOD, PAGE, REDESIGNED, write_project  # noqa: PLC0415 - reads the sample's folder

    project = write_project(args.folder, args.publisher, args.port)
    console.print(f"{project.folder / EXTENSION}: the sample extension, Bookshelf 1.2.0")
    console.print(f"{BAD}, {GOOD}: what is published next, and what mends it")
    console.print(f"{PAGE}, {REDESIGNED}: the site that it reads, and what may become of it")
    console.print(f"{FILE_NAME}: for the item {project.item} in a local store on port {project.port}")
    console.print(f"next, and leave it running: {project.store_command}")
    console.document(
        {"folder": str(project.folder), "item": project.item, "publisher": args.publisher, "port": args.port, "next": project.store_command}
    )
    return ExitCode.DONE


def _store(args: Namespace, console: Console) -> int:
    from guard.engine import utc_now  # noqa: PLC0415 - heavy
    from guard.rehearsal import sample  # noqa: PLC0415 - reads the sample's folder
    from webstore.package import Package  # noqa: PLC0415 - as above
    from webstore.simulator.accounts import Accounts  # noqa: PLC0415 - as above
    from webstore.simulator.control import ItemSetting, change_item  # noqa: PLC0415 - as above
    from webstore.simulator.listing import Behaviour  # noqa: PLC0415 - as above
    from webstore.simulator.server import local_store  # noqa: PLC0415 - as above
    from webstore.simulator.state import LocalStore  # noqa: PLC0415 - as above

    delays = {name: timedelta(seconds=getattr(args, name)) for name in ("review", "processing", "rollback", "propagation")}
    store, accounts = LocalStore(utc_now, dataclasses.replace(Behaviour(approves=not args.reject), **delays)), Accounts()
    packages = [Package.read(path) for path in args.package or ()] or [sample.build(sample.BASE, sample.BASE_VERSION)]
    items = [store.add_item(args.publisher, package, key=_key(args.keys, package.name)) for package in packages]
    for item in items:
        change_item(store, item, ItemSetting(users_7d=args.users))

    def describe(address: Any) -> dict[str, Any]:
        known = [
            {"item": item.id, "name": package.name, "version": str(package.version)} for item, package in zip(items, packages, strict=True)
        ]
        about = {"page": address.base_url, "base_url": address.base_url, "update_url": address.update_url, "publisher": args.publisher}
        written = _write_credentials(accounts, args, address.base_url) if args.credentials else []
        return {**about, "item": known[0]["item"], "version": known[0]["version"], "items": known, "credentials": written}

    return _serve(console, local_store(store, args.port, accounts=accounts), describe)


def _key(folder: Path | None, name: str) -> "RSAPrivateKey | None":
    """The key of an item of that name; none for a new one each time."""
    from webstore.crx import stored_key  # noqa: PLC0415 - as above

    return stored_key(folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-') or 'item'}.pem") if folder else None


def _write_credentials(accounts: "Accounts", args: Namespace, base_url: str) -> list[str]:
    """Credentials of each kind, good for this store alone and only while it runs; readable by their owner only."""
    from webstore.simulator.accounts import AccountKind  # noqa: PLC0415 - as above

    folder = args.credentials.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written: list[str] = []
    for kind in AccountKind:
        file = folder / f"{kind.value.replace('_', '-')}.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(accounts.add(kind, [args.publisher], base_url, folder), indent=2), encoding="utf-8")
        written.append(str(file))
    return written


def _sentry(args: Namespace, console: Console) -> int:
    from guard.engine import utc_now  # noqa: PLC0415 - heavy
    from guard.localsentry.server import local_sentry  # noqa: PLC0415 - as above
    from guard.localsentry.state import LocalSentry  # noqa: PLC0415 - as above

    def describe(address: Any) -> dict[str, str]:
        # The token is of this process alone and opens nothing but it: without it the stand-in would be of no use.
        return {
            "base_url": address.base_url,
            "dsn": address.dsn,
            "token": address.token,
            "organization": address.organization,
            "project": address.project,
        }

    return _serve(console, local_sentry(LocalSentry(utc_now), args.port), describe)


def _serve(console: Console, server: AbstractContextManager[Any], describe: Callable[[Any], dict[str, Any]]) -> int:
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    with server as address:
        described = describe(address)
        for name, value in described.items():
            if isinstance(value, str):
                console.print(f"{name}: {value}")
        for file in described.get("credentials", ()):
            console.print(f"credentials: {file}")
        console.print("stop with Ctrl-C; nothing is kept")
        console.document(described)
        stop.wait()
    return ExitCode.DONE
