"""check: the health checks by hand, on whatever is named. It needs no configuration, and no database unless the target is in one."""

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from guard.cli import opening
from guard.cli.console import Console
from guard.cli.summary import show_report
from guard.config import FILE_NAME, ExtensionTable, load
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.keeping import fetch_published
from guard.observing import observe_release
from healthchecks.result import CheckName
from healthchecks.settings import CheckSettings
from webstore.package import Package
from webstore.versions import Version

EXIT_CODES = {"passed": ExitCode.DONE, "failed": ExitCode.BREACH, "error": ExitCode.UNABLE}


def check(args: Namespace) -> int:
    """Check a target, against a baseline when one is named."""
    console = Console(json_wanted=args.json)
    extension = _extension(args)
    package = _resolve(args, args.target)
    baseline = _resolve(args, args.baseline) if args.baseline else None
    evidence = args.evidence or Path(".release-guard") / "checks" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"

    from healthchecks.runner import run_checks  # noqa: PLC0415 - Playwright is heavy; a wrong target is said before

    with console.working():
        report = run_checks(
            package,
            target=args.target,
            settings=extension.checks if extension else CheckSettings(),
            evidence=evidence,
            baseline=baseline,
            only=[CheckName(name) for name in args.only] if args.only else None,
            progress=console.doing,
        )
    console.print(f"{args.target}: {report.status}")
    show_report(console, report)
    console.print(f"Screenshots: {evidence}")
    console.document(report.to_json())
    return EXIT_CODES[report.status]


def _extension(args: Namespace) -> ExtensionTable | None:
    """The extension whose settings apply: none when there is no configuration, and none was named."""
    if args.config is None and not Path(FILE_NAME).exists():
        return None
    return load(args.config or Path(FILE_NAME)).select(args.item)


def _resolve(args: Namespace, target: str) -> Package:
    """A folder, an archive, what users get now, or a version that was kept.

    Raises:
        UsageError: nothing of that name can be found.
        PackageError: it is no extension.
    """
    if target == "store" or target.startswith("@"):
        with opening.engine(args) as (engine, _console):
            return _published(engine, args) if target == "store" else _kept(engine, args, target[1:])
    path = Path(target)
    if not path.exists():
        raise UsageError(f"there is no folder or file {target!r}; a target is a folder, a .zip, a .crx, `store` or @VERSION")
    return Package.read(path)


def _published(engine: Engine, args: Namespace) -> Package:
    guarded = engine.guarded(engine.config.select(args.item))
    return fetch_published(guarded, observe_release(engine, guarded).release)


def _kept(engine: Engine, args: Namespace, text: str) -> Package:
    version = Version.parse(text)
    kept = engine.archive.find(engine.config.select(args.item).id, version)
    package = engine.archive.get(kept.digest) if kept else None
    if package is None:
        raise UsageError(f"no package of {version} is kept").advise("see `release-guard archive list`")
    return package.with_version(version)
