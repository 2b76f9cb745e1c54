"""The part of the command line by which people keep action items."""

import argparse
from typing import Any


def add_actions(commands: Any, common: argparse.ArgumentParser) -> None:
    """`action` with everything that can be done with one."""
    action = commands.add_parser(
        "action",
        help="what is done so that an incident does not come back: add, list, start, done, …",
    )
    kinds = action.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    _add_adding(kinds, common)
    listing = kinds.add_parser("list", parents=[common], help="what is open, due first at the front")
    listing.add_argument("--all", dest="everything", action="store_true", help="what is done or dropped as well")
    listing.add_argument("--overdue", action="store_true", help="only what is overdue")
    listing.add_argument("--owner", metavar="NAME", help="only of this person")
    listing.add_argument("--incident", metavar="ID", help="only of this incident")
    show = kinds.add_parser("show", parents=[common], help="one item in full")
    start = kinds.add_parser("start", parents=[common], help="somebody is working on it")
    done = kinds.add_parser("done", parents=[common], help="it is done: it asks for nothing more")
    drop = kinds.add_parser("drop", parents=[common], help="give it up, with a reason")
    assign = kinds.add_parser("assign", parents=[common], help="give it to somebody else")
    due = kinds.add_parser("due", parents=[common], help="give it another due date")
    for which in (show, start, done, drop, assign, due):
        which.add_argument("id", metavar="ID", help="such as ACT-2026-0001")
    assign.add_argument("owner", metavar="NAME", help="who does it from now on")
    due.add_argument("due", metavar="DATE", help="its last day, such as 2026-12-01")
    done.add_argument("--reason", metavar="TEXT", default="", help="what was done")
    drop.add_argument("--reason", metavar="TEXT", required=True, help="why")
    for which in (start, done, drop):
        which.add_argument("--by", metavar="NAME", help="who says so (default: who is logged in)")


def _add_adding(kinds: Any, common: argparse.ArgumentParser) -> None:
    add = kinds.add_parser(
        "add",
        parents=[common],
        help="write one down",
    )
    add.add_argument("title", metavar="TITLE", help="what will be done, in one line")
    add.add_argument("--owner", metavar="NAME", required=True, help="who does it")
    add.add_argument("--due", metavar="DATE", required=True, help="its last day, such as 2026-12-01")
    add.add_argument("--priority", choices=("high", "medium", "low"), default="medium", help="(default: medium)")
    add.add_argument("--incident", metavar="ID", action="append", default=[], help="the incident that it came of; may be repeated")
    add.add_argument(
        "--prevents",
        metavar="CLASS",
        help="the class of incidents that it prevents, as ITEM/SIGNAL/CAUSE, each a value or * (default: that of the first incident)",
    )
    add.add_argument("--estimate", metavar="N", type=int, default=0, help="how many of them a year, as far as the team can tell")
    add.add_argument("--by", metavar="NAME", help="who says so (default: who is logged in)")
