"""The part of the command line by which people lead an incident."""

import argparse
from typing import Any

from guard.incidents.roles import Role
from guard.severity import Severity


def add_incident(commands: Any, common: argparse.ArgumentParser) -> None:
    """`incident` with all its actions."""
    incident = commands.add_parser(
        "incident",
        help="the incident's life",
    )
    actions = incident.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    listing = actions.add_parser("list", parents=[common], help="every incident")
    listing.add_argument("--open", dest="only_open", action="store_true", help="only the open ones")
    _of_one(actions, common, "show", "one incident: roles, clocks, checklist, timeline", signed=False)
    actions.add_parser("oncall", parents=[common], help="who is on call now, who is next, whom an incident is escalated to")
    _add_open(actions, common)

    ack = _of_one(actions, common, "ack", "say that somebody has taken it on; stops the clock of the response")
    ack.add_argument("--reason", metavar="TEXT", default="", help="what to add to the timeline")
    assign = _of_one(actions, common, "assign", "give a role to somebody, or hand it over")
    assign.add_argument("role", choices=[role.value.replace("_", "-") for role in Role], metavar="ROLE", help=_roles())
    assign.add_argument("to", metavar="NAME", help="who holds it from now on")
    assign.add_argument("--reason", metavar="TEXT", default="", help="why")
    note = _of_one(actions, common, "note", "add words to the timeline; a correction is a note as well")
    note.add_argument("text", metavar="TEXT", help="what to add")
    public = _of_one(actions, common, "public", "tell the users of the extension, on the status page; `note` stays inside")
    words = public.add_mutually_exclusive_group(required=True)
    words.add_argument("text", metavar="TEXT", nargs="?", help="a sentence or two in the language of your users")
    words.add_argument("--withdraw", action="store_true", help="take what people have told of it off the page again")
    tick = _of_one(actions, common, "tick", "say that an item of the checklist is done")
    tick.add_argument("entry", metavar="ENTRY", help="its name, as `show` says it")
    tick.add_argument("--evidence", metavar="TEXT", default="", help="what shows it: a link, a figure")
    untick = _of_one(actions, common, "untick", "say that it is to be done again", reason="why")
    untick.add_argument("entry", metavar="ENTRY", help="its name, as `show` says it")
    severity = _of_one(actions, common, "severity", "raise or lower the severity; the clocks follow", reason="why")
    severity.add_argument("level", choices=[level.name for level in sorted(Severity, reverse=True)], metavar="LEVEL", help="P0 to P3")
    _add_ends(actions, common)


def _add_open(actions: Any, common: argparse.ArgumentParser) -> None:
    opening = actions.add_parser("open", parents=[common], help="open an incident by hand, or join the open one of that title")
    opening.add_argument("--title", metavar="TEXT", required=True, help="what is broken")
    opening.add_argument(
        "--severity", choices=[level.name for level in sorted(Severity, reverse=True)], help="default: what the rules make of the title"
    )
    opening.add_argument("--item", metavar="ID", help="which extension, when several are configured")
    opening.add_argument("--version", dest="release", metavar="V", help="which version it is about (default: the newest that was seen)")
    opening.add_argument("--reason", metavar="TEXT", default="", help="how you know")
    _signed(opening)


def _add_ends(actions: Any, common: argparse.ArgumentParser) -> None:
    _of_one(actions, common, "resolve", "say that users are well again", reason="how that came")
    _of_one(actions, common, "false-alarm", "say that nothing was wrong; it counts against the detector", reason="what it was")
    _of_one(actions, common, "reopen", "say that it is not over; the clocks run anew", reason="why")
    done = _of_one(actions, common, "postmortem-done", "say that the postmortem is written and agreed on")
    done.add_argument("--reason", metavar="TEXT", default="", help="where it is kept")
    close = _of_one(actions, common, "close", "put it away; a P0 or P1 only after its postmortem")
    close.add_argument("--reason", metavar="TEXT", default="", help="what to add to the timeline")


def _of_one(
    actions: Any, common: argparse.ArgumentParser, name: str, words: str, *, reason: str = "", signed: bool = True
) -> argparse.ArgumentParser:
    """An action on one incident; ``reason``: what the required reason says, none when it needs none."""
    action: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=words)
    action.add_argument("id", metavar="INCIDENT", help="such as INC-2026-0042")
    if signed:
        _signed(action)
    if reason:
        action.add_argument("--reason", metavar="TEXT", required=True, help=f"{reason}; the timeline keeps it")
    return action


def _signed(action: argparse.ArgumentParser) -> None:
    action.add_argument("--by", metavar="NAME", help="who says so; the timeline keeps it (default: who is logged in)")


def _roles() -> str:
    return ", ".join(role.value.replace("_", "-") for role in Role)
