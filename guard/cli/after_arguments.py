"""The arguments of what comes after an incident: its postmortem, and the report of a period."""

import argparse
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh-TW")
"""As `guard.incidents.events.Language` has them; a test holds them together, so that --help needs nothing of it."""
FORMATS = ("text", "json", "markdown", "html")


def add_after(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `postmortem` and `report`."""
    postmortem = commands.add_parser(
        "postmortem", parents=[common], help="draft an incident's postmortem; what people wrote into it is kept"
    )
    postmortem.add_argument("id", help="such as INC-2026-0042")
    postmortem.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where it goes, with its plot beside it (default: standard output, without)"
    )
    report = commands.add_parser(
        "report", parents=[common], help="what a period says: incidents, times, targets, rollbacks, budgets, action items"
    )
    report.add_argument("--days", type=_days, default=30, metavar="N", help="so many days up to now (default: 30)")
    report.add_argument("--format", choices=FORMATS, default="text", help="how it is shown (default: text)")
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="where it goes (default: standard output)")
    for command in (postmortem, report):
        command.add_argument("--language", choices=LANGUAGES, help="instead of the configured one")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3660:  # noqa: PLR2004 - ten years
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 3660")
    return int(text)
