"""replay: recorded or invented samples in, verdicts out; and a recording of what a live watch saw."""

import contextlib
import dataclasses
import io
import json
import sys
from argparse import Namespace
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from guard.cli import opening
from guard.cli.console import Console
from guard.config import FILE_NAME, Config, load
from guard.errors import ExitCode, NotRecorded, UsageError
from guard.judge.thresholds import Thresholds
from guard.recording import record
from guard.replay.lines import LONGEST_LINE
from guard.replay.output import plot, to_json
from guard.replay.player import Decided, play
from guard.tables import ThresholdsTable
from guard.tables_response import SeverityTable
from webstore.versions import Version


def replay(args: Namespace) -> int:
    """Play a recording, or write one. A verdict is an answer here, and no failure: only what cannot be played is."""
    if args.record:
        return _record(args)
    if args.file is None:
        raise UsageError("name a recording to replay, or give --record to write one")
    path = args.config or Path(FILE_NAME)
    config = load(path) if args.config or path.exists() else None
    severity = config.severity if config else SeverityTable()
    thresholds = dataclasses.replace(_thresholds(args, config), severity_limits=severity.error_rates)
    console = Console(json_wanted=args.json)
    for decided in play(_lines(args.file), thresholds, severity.rules, plotted=not args.json):
        if args.json:
            sys.stdout.write(json.dumps(to_json(decided), ensure_ascii=False) + "\n")
        else:
            _show(console, decided, thresholds)
    sys.stdout.flush()
    return ExitCode.DONE


def _thresholds(args: Namespace, config: Config | None) -> Thresholds:
    """Those of the configuration where there is one, with what ``--set`` changes.

    Raises:
        UsageError: ``--set`` names no threshold, or a value that makes no sense.
    """
    table = config.thresholds if config else ThresholdsTable()
    values = table.model_dump()
    for assignment in args.set or ():
        name, _, value = assignment.partition("=")
        if name not in values:
            raise UsageError(f"--set {assignment}: there is no threshold {name!r}; there are {', '.join(values)}")
        values[name] = value
    try:
        return ThresholdsTable.model_validate(values).to_domain()
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"--set {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file or of standard input, one at a time and bounded.

    Raises:
        UsageError: it cannot be read.
    """
    with _opened(path) as stream:
        try:
            while line := stream.readline(LONGEST_LINE + 2):
                yield line
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8 text") from error


@contextlib.contextmanager
def _opened(path: Path) -> Generator[TextIO]:
    if str(path) == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="strict")  # as a file is read, whatever the locale
        yield sys.stdin
        return
    try:
        stream = path.open(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def _show(console: Console, decided: Decided, thresholds: Thresholds) -> None:
    said, opening_line = to_json(decided), decided.opening
    when = f" after {said['seconds_after_publish']} s" if decided.decided_at is not None else ""
    why = f" ({str(said['reason']).replace('_', ' ')})" if said["reason"] else ""
    console.print(f"{opening_line.release}: {said['verdict']}{when}{why}")
    if decided.assessment.diagnosis:
        console.print(f"  diagnosis {said['diagnosis']}, severity {said['severity']}, strategy {said['strategy']}")
    for evidence in decided.evidence:
        console.print(f"  {evidence}")
    console.print(f"  {plot(decided.curve, opening_line.published_at, opening_line.window_seconds, 1 / thresholds.alpha)}")


def _record(args: Namespace) -> int:
    """Write what the watch over a release saw.

    Raises:
        NotRecorded: nothing is known of it.
    """
    config = opening.configuration(args)
    with opening.engine(args, config) as (engine, console):
        item = config.select(args.item).item
        wanted = Version.parse(args.release) if args.release else None
        release = engine.releases.find(item, wanted) if wanted else next(iter(engine.releases.all(item)), None)
        if release is None:
            raise NotRecorded(f"no release {wanted or 'at all'} of {item.id} is recorded")
        baseline = engine.releases.baseline_of(item, release.version)
        version = baseline.version if baseline else None
        polls = engine.samples.polls(release, version)
        if not polls:
            raise NotRecorded(f"nothing was read of {release.version} by a watch")
        lines = list(record(release, version, config.rollback_window.total_seconds(), polls))
    text = "\n".join(lines) + "\n"
    if args.output is None:
        sys.stdout.write(text)
        return ExitCode.DONE
    args.output.write_text(text, encoding="utf-8")
    console.print(f"{len(lines) - 1} samples of {release.version} in {len(polls)} polls are written to {args.output}")
    return ExitCode.DONE
