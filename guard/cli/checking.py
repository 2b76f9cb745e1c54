"""check: the health checks by hand, on whatever is named. It needs no configuration, and no database unless the target is in one."""

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from guard.cli import opening
from guard.cli.console import Console
from guard.cli.summary import show_report
from guard.config import FILE_NAME, ExtensionTable, load
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.keeping import fetch_published, kept_package
from guard.observing import observe_release
from healthchecks.differential import Differential
from healthchecks.junit import junit
from healthchecks.result import CheckName, CheckReport, plain
from healthchecks.settings import CheckSettings
from webstore.package import Package
from webstore.versions import Version

EXIT_CODES = {"passed": ExitCode.DONE, "failed": ExitCode.BREACH, "error": ExitCode.UNABLE}


def check(args: Namespace) -> int:
    """Check a target, against a baseline when one is named."""
    console = Console(json_wanted=args.json)
    if args.address is not None:
        if args.target != "record":
            raise UsageError(f"one target is checked; {args.address!r} is too much (`check record ADDRESS` records a page)")
        return record(args, console)
    extension = _extension(args)
    package = _resolve(args, args.target)
    baseline = _resolve(args, args.baseline) if args.baseline else None
    evidence = args.evidence or Path(".release-guard") / "checks" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"

    settings = extension.checks if extension else CheckSettings()
    only = [CheckName(name) for name in args.only] if args.only else list(CheckName)
    if args.write_golden and baseline is not None:
        raise UsageError("--write-golden writes what one version does: leave out --baseline")
    with console.working():
        report, differential = _run(args, package, baseline, settings, evidence, only, console)
    console.print(f"{args.target}: {report.status}")
    show_report(console, report)
    if differential:
        show_report(console, differential.old)
        console.print(f"Diagnosis: {differential.origin.value}: {differential.words}")
    console.print(f"Screenshots: {evidence}")
    _write_reports(args, console, report, differential)
    beside = {"baseline": differential.old.to_json(), "diagnosis": differential.to_json()} if differential else {}
    console.document({**report.to_json(), **beside})
    return EXIT_CODES[report.status]


def _run(
    args: Namespace,
    package: Package,
    baseline: Package | None,
    settings: CheckSettings,
    evidence: Path,
    only: Sequence[CheckName],
    console: Console,
) -> tuple[CheckReport, Differential | None]:
    """Check a package, and its baseline beside it."""
    from healthchecks.runner import run_checks  # noqa: PLC0415 - Playwright is heavy; a wrong target is said before
    from healthchecks.side_by_side import run_side_by_side  # noqa: PLC0415 - as above

    if baseline is None or set(only) == {CheckName.DATA}:
        report = run_checks(
            package,
            target=args.target,
            settings=settings,
            evidence=evidence,
            baseline=baseline,
            only=only,
            progress=console.doing,
            write_golden=args.write_golden,
        )
        return report, None
    differential = run_side_by_side(
        package, baseline, target=args.target, settings=settings, evidence=evidence, only=only, progress=console.doing
    )
    return differential.new, differential


def record(args: Namespace, console: Console) -> int:
    """`check record ADDRESS`: what a page and all that it loads answer, for checks without a network."""
    from healthchecks.recording import record_page  # noqa: PLC0415 - as above

    extension = _extension(args)
    path = args.output or Path(f"{urlsplit(args.address).hostname or 'page'}.har")
    with console.working():
        recorded = record_page(args.address, path, extension.checks if extension else CheckSettings())
    console.print(f"Recorded {recorded.requests} answers of {', '.join(recorded.hosts)}: {path} ({recorded.bytes / 1e6:.1f} MB)")
    console.print("Cookies and authorization headers are taken out; look through the rest before you commit it.")
    console.print(f'Use it: [[extension.checks.extraction]] with open = "{plain(args.address)}" and har = "{path}"')
    console.document({"har": str(path), "requests": recorded.requests, "hosts": list(recorded.hosts), "bytes": recorded.bytes})
    return ExitCode.DONE


def _write_reports(args: Namespace, console: Console, report: CheckReport, differential: Differential | None) -> None:
    """The files that were asked for."""
    written: list[Path] = []
    try:
        if args.junit:
            args.junit.parent.mkdir(parents=True, exist_ok=True)
            args.junit.write_text(junit(report), encoding="utf-8")
            written.append(args.junit)
        if args.html:
            from healthchecks.page import page  # noqa: PLC0415 - the template engine is only needed for it

            args.html.mkdir(parents=True, exist_ok=True)
            written.append(args.html / "index.html")
            written[-1].write_text(page(report, differential), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"a report cannot be written: {error.filename}: {error.strerror}") from error
    for path in written:
        console.print(f"Report: {path}")


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
    return kept_package(engine, engine.config.select(args.item).item, version)[1]
