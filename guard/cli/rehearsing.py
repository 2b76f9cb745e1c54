"""rehearse and simulate: the whole story, or the stand-ins alone, on this machine."""

import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from guard.cli.console import Console
from guard.cli.summary import show_result
from guard.errors import ExitCode
from guard.rehearsal.scenarios import SCENARIOS, Scenario, scenario


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
    """Serve a stand-in until stopped."""
    console = Console(json_wanted=args.json)
    return _store(args, console) if args.kind == "store" else _sentry(args, console)


def _store(args: Namespace, console: Console) -> int:
    from guard.engine import utc_now  # noqa: PLC0415 - heavy
    from guard.rehearsal import sample  # noqa: PLC0415 - reads the sample's folder
    from webstore.package import Package  # noqa: PLC0415 - as above
    from webstore.simulator.server import local_store  # noqa: PLC0415 - as above
    from webstore.simulator.state import LocalStore  # noqa: PLC0415 - as above

    store = LocalStore(utc_now)
    package = Package.read(args.package) if args.package else sample.build(sample.BASE, sample.BASE_VERSION)
    item = store.add_item(args.publisher, package)

    def describe(address: Any) -> dict[str, str]:
        return {
            "base_url": address.base_url,
            "update_url": address.update_url,
            "publisher": item.publisher,
            "item": item.id,
            "version": str(package.version),
        }

    return _serve(console, local_store(store, args.port), describe)


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


def _serve(console: Console, server: AbstractContextManager[Any], describe: Callable[[Any], dict[str, str]]) -> int:
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    with server as address:
        described = describe(address)
        for name, value in described.items():
            console.print(f"{name}: {value}")
        console.print("stop with Ctrl-C; nothing is kept")
        console.document(described)
        stop.wait()
    return ExitCode.DONE
