"""The part of the command line by which people see whom the guard has told, and keep it from telling for a while."""

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import Any

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def add_telling(commands: Any, common: argparse.ArgumentParser) -> None:
    """`notify` and `silence`."""
    notify = commands.add_parser("notify", help="whom the guard tells of incidents: try it out, and see what came of each message")
    verbs = notify.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    test = verbs.add_parser("test", parents=[common], help="send a message to each target, and say what came of it")
    test.add_argument("--target", metavar="NAME", action="append", help="only this one; may be repeated")
    log = verbs.add_parser("log", parents=[common], help="every attempt to deliver a message")
    log.add_argument("--incident", metavar="ID", help="only of this incident, such as INC-2026-0042")
    log.add_argument("--limit", type=_limit, default=200, metavar="N", help="so many newest attempts (default: 200)")

    silence = commands.add_parser("silence", help="tell nobody for a while: add, list, end")
    verbs = silence.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    add = verbs.add_parser("add", parents=[common], help="tell nobody of incidents until an end, for a reason")
    add.add_argument("--item", metavar="ID", help="only of this extension (default: all)")
    end = add.add_mutually_exclusive_group(required=True)
    end.add_argument("--for", dest="lasting", type=_length, metavar="TIME", help="such as 90m, 2h or 3d")
    end.add_argument("--until", type=_moment, metavar="TIME", help="such as 2026-07-01T06:00 (UTC) or 2026-07-01T14:00+08:00")
    add.add_argument("--from", dest="starts_at", type=_moment, metavar="TIME", help="when it begins (default: now)")
    add.add_argument("--maintenance", action="store_true", help="it is a maintenance window")
    add.add_argument("--by", metavar="NAME", required=True, help="who says so")
    add.add_argument("--reason", metavar="TEXT", required=True, help="why, for those who wonder at night")
    listing = verbs.add_parser("list", parents=[common], help="silences that hold, or will")
    listing.add_argument("--all", action="store_true", help="those that are over as well")
    over = verbs.add_parser("end", parents=[common], help="end one before its time")
    over.add_argument("number", type=_limit, metavar="NUMBER", help="as `silence list` shows it")
    over.add_argument("--by", metavar="NAME", required=True, help="who says so")


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time such as 90m, 2h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-07-01T06:00") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _limit(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
