"""The whole command line (DESIGN, section 4). Nothing is imported for it but words."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from guard.cli.about_arguments import add_about
from guard.cli.acting_arguments import add_acting, add_blocking
from guard.cli.action_arguments import add_actions
from guard.cli.after_arguments import LANGUAGES, add_after
from guard.cli.incident_arguments import add_incident
from guard.cli.notify_arguments import add_telling
from guard.cli.pages.everything import PAGES
from guard.cli.pages.page import dress
from guard.cli.setting_up_arguments import add_setting_up
from healthchecks.result import CheckName

_LONGEST_ADDRESS = 2000


def build_parser() -> argparse.ArgumentParser:
    """The whole command line (DESIGN, section 4)."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    everywhere = common.add_argument_group("options of every command", "They may stand before the command or behind it.")
    everywhere.add_argument("--config", type=Path, metavar="FILE", help="configuration (default: release-guard.toml)")
    everywhere.add_argument("--database", metavar="URL", help="database (default: an SQLite file in the state folder)")
    everywhere.add_argument("--json", action="store_true", help="one JSON document on standard output, all else on standard error")
    everywhere.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    parser = argparse.ArgumentParser(
        prog="release-guard",
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    add_setting_up(commands, common)
    _add_doors(commands, common)
    add_acting(commands, common)
    _add_store(commands, common)
    _add_records(commands, common)
    add_actions(commands, common)
    add_after(commands, common)
    add_telling(commands, common)
    _add_replay(commands, common)
    _add_stand_ins(commands, common)
    add_about(parser, commands, common)
    dress(parser, PAGES)
    return parser


def _add_doors(commands: Any, common: argparse.ArgumentParser) -> None:
    check = commands.add_parser("check", parents=[common], help="health checks on a folder, .zip or .crx")
    check.add_argument("target", help="folder, .zip or .crx; `store` for what users get now; @VERSION from the archive; `record`")
    check.add_argument("address", nargs="?", metavar="ADDRESS", help="with `record`: the page to record as a HAR file")
    check.add_argument("--output", "-o", type=Path, metavar="FILE", help="with `record`: where to (default: HOST.har)")
    check.add_argument("--write-golden", action="store_true", help="write the golden files of the scenarios instead of comparing")
    check.add_argument("--baseline", metavar="TARGET", help="the version before, for what only a comparison shows")
    check.add_argument("--only", action="append", choices=[name.value for name in CheckName], help="run only this check; may be repeated")
    check.add_argument("--item", metavar="ID", help="whose configuration applies, when several extensions are configured")
    check.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report, for CI")
    check.add_argument("--html", type=Path, metavar="DIR", help="write a page of its own, screenshots inside")
    check.add_argument("--evidence", type=Path, metavar="DIR", help="where screenshots go (default: in the state folder)")

    gate = commands.add_parser("gate", parents=[common], help="after a release: waits for it, checks it, watches it, acts by mode")
    gate.add_argument("--version", dest="release", metavar="V", help="the version that was published (default: what is published now)")
    gate.add_argument("--item", metavar="ID", help="which extension, when several are configured")
    gate.add_argument("--mode", choices=("observe", "propose", "act"), help="instead of the configured one")

    canary = commands.add_parser(
        "canary", parents=[common], help="the checks against what users have now, once; opens or resolves an incident"
    )
    canary.add_argument("--item", metavar="ID", help="only this extension (default: every configured one)")

    watch = commands.add_parser("watch", parents=[common], help="the daemon: every configured extension, every interval")
    watch.add_argument("--once", action="store_true", help="look once and end")


def _add_store(commands: Any, common: argparse.ArgumentParser) -> None:
    publish = commands.add_parser("publish", parents=[common], help="upload a package and submit it; without one, release what is staged")
    publish.add_argument("package", nargs="?", type=Path, metavar="PACKAGE", help="folder, .zip or .crx; left out: what is staged")
    publish.add_argument("--staged", action="store_true", help="once approved, wait for `publish` without a package")
    publish.add_argument("--percent", type=_percentage, metavar="N", help="share of users that get it first (items with over 10,000 users)")
    publish.add_argument("--skip-review", action="store_true", help="ask to skip the review; refused when the change does not qualify")
    publish.add_argument("--block-on-warnings", action="store_true", help="submit nothing when the store has warnings")
    publish.add_argument("--wait", action="store_true", help="until it is published, staged or rejected")
    publish.add_argument("--timeout", type=_seconds, default=3600.0, metavar="S", help="seconds that --wait waits (default: 3600)")

    store = commands.add_parser("store", help="what the store shows of an item: status, metrics, reviews; cancel, rollout")
    kinds = store.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    status = kinds.add_parser("status", parents=[common], help="what is published and submitted, and what users are offered")
    metrics = kinds.add_parser("metrics", parents=[common], help="daily counts of users, installs and more")
    metrics.add_argument(
        "--metric", action="append", metavar="NAME", help="such as users, installs, uninstalls (default: these); may be repeated"
    )
    metrics.add_argument("--by", metavar="DIMENSION", help="such as app-version, country, os")
    metrics.add_argument("--days", type=_count, default=14, metavar="N", help="so many days up to today (default: 14)")
    reviews = kinds.add_parser("reviews", parents=[common], help="users' reviews, the newest first, and all ratings")
    reviews.add_argument("--rating", type=int, choices=range(1, 6), help="only those with so many stars")
    reviews.add_argument("--limit", type=_count, default=20, metavar="N", help="so many at most (default: 20)")
    cancel = kinds.add_parser("cancel", parents=[common], help="take back what is submitted")
    cancel.add_argument("--yes", action="store_true", help="do not ask")
    rollout = kinds.add_parser("rollout", parents=[common], help="raise the share of users that get the published version")
    rollout.add_argument("percentage", type=_percentage, metavar="N", help="percent of users")
    rollout.add_argument("--force", action="store_true", help="even of a release that is known to be bad")

    archive = commands.add_parser("archive", help="packages kept: add, list, fetch, verify, prune")
    kinds = archive.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    add = kinds.add_parser("add", parents=[common], help="keep a package")
    add.add_argument("target", metavar="TARGET", help="folder, .zip or .crx; `store` for what users get now")
    add.add_argument("--replace", action="store_true", help="even when the version is kept with other code")
    listing = kinds.add_parser("list", parents=[common], help="every version that is kept")
    fetch = kinds.add_parser("fetch", parents=[common], help="take a version out as a zip")
    fetch.add_argument("version", metavar="VERSION", help="as `archive list` shows it")
    fetch.add_argument("-o", "--output", type=Path, metavar="FILE", help="where it goes (default: NAME-VERSION.zip here)")
    kinds.add_parser("verify", parents=[common], help="read everything that is kept, and say what is damaged")
    prune = kinds.add_parser("prune", parents=[common], help="let go of old versions that no rollback may need")
    for which in (publish, status, metrics, reviews, cancel, rollout, add, listing, fetch, prune):
        which.add_argument("--item", metavar="ID", help="which extension, when several are configured")


def _add_records(commands: Any, common: argparse.ArgumentParser) -> None:
    release = commands.add_parser("release", help="releases that were seen; record the published version before a publish")
    kinds = release.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    for name, words in (("list", "what was seen"), ("snapshot", "record the published version as the good baseline")):
        action = kinds.add_parser(name, parents=[common], help=words)
        action.add_argument("--item", metavar="ID", help="which extension, when several are configured")
    add_blocking(kinds, common)

    status = commands.add_parser("status", parents=[common], help="overall status, extensions, open incidents; the public status page")
    status.add_argument("--html", type=Path, metavar="DIR", help="write the public status page with its feed into this folder instead")
    status.add_argument(
        "--url",
        type=_folder_address,
        metavar="URL",
        help="with --html: the address that its folder has, for the feed's links",
    )
    status.add_argument("--language", choices=LANGUAGES, help="with --html: instead of the configured one")

    serve = commands.add_parser("serve", parents=[common], help="the live dashboard, with its JSON API and metrics")
    serve.add_argument("--host", metavar="HOST", help="listen there (default: as configured, 127.0.0.1)")
    serve.add_argument("--port", type=_port, metavar="N", help="on this port; 0 for a free one (default: as configured, 8321)")
    serve.add_argument("--no-actions", action="store_true", help="nobody can act, whoever they are")

    commands.add_parser("executors", parents=[common], help="processes that share the database: who is alive, and what each watches")

    database = commands.add_parser("db", help="the database's schema: where it stands, and its upgrade")
    kinds = database.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    kinds.add_parser("status", parents=[common], help="which schema it has, and what an upgrade would do; changes nothing")
    kinds.add_parser("upgrade", parents=[common], help="bring it up to date now; every other command does so as well, before its own work")

    add_incident(commands, common)


def _add_replay(commands: Any, common: argparse.ArgumentParser) -> None:
    replay = commands.add_parser(
        "replay",
        parents=[common],
        help="recorded samples through detection and decision: what would the guard have done, and when",
    )
    replay.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a recording, one JSON object a line; - for standard input")
    replay.add_argument("--set", action="append", metavar="NAME=VALUE", help="another threshold, such as error_rate=0.03; may be repeated")
    replay.add_argument("--record", action="store_true", help="write what a live watch saw instead")
    replay.add_argument("--version", dest="release", metavar="V", help="with --record: of this release (default: the newest)")
    replay.add_argument("--item", metavar="ID", help="with --record: which extension, when several are configured")
    replay.add_argument("-o", "--output", type=Path, metavar="FILE", help="with --record: where to (default: standard output)")


def _add_stand_ins(commands: Any, common: argparse.ArgumentParser) -> None:
    rehearse = commands.add_parser("rehearse", parents=[common], help="the whole story on local stand-ins")
    which = rehearse.add_mutually_exclusive_group()
    which.add_argument("--scenario", metavar="NAME", default="bad-release", help="which story (default: bad-release)")
    which.add_argument("--all", action="store_true", help="every scenario")
    which.add_argument("--list", action="store_true", help="name the scenarios")
    rehearse.add_argument(
        "--keep", type=Path, metavar="DIR", help="where state, screenshots and report go (default: .release-guard/rehearsals)"
    )

    simulate = commands.add_parser("simulate", help="the stand-ins alone, for a team's own tests")
    kinds = simulate.add_subparsers(dest="kind", required=True, metavar="KIND", title="kinds")
    store = kinds.add_parser(
        "store",
        parents=[common],
        help="a local Chrome Web Store",
    )
    store.add_argument(
        "--package",
        type=Path,
        action="append",
        metavar="TARGET",
        help="folder, .zip or .crx that is published at the start, each an item of its own (default: the sample extension)",
    )
    store.add_argument("--keys", type=Path, metavar="DIR", help="where the items' keys are kept, so that their ids stay the same")
    store.add_argument("--publisher", metavar="ID", default="local-publisher", help="publisher of these items")
    store.add_argument("--users", type=_count, default=25_000, metavar="N", help="seven-day users of each (default: 25000)")
    for name, words in (
        ("review", "a review takes"),
        ("processing", "an upload is processed after its answer"),
        ("rollback", "a rollback takes until the store shows it"),
        ("propagation", "the update service lags behind the store"),
    ):
        store.add_argument(f"--{name}", type=_seconds, default=0.0, metavar="S", help=f"seconds that {words} (default: 0)")
    store.add_argument("--reject", action="store_true", help="reviews end with a rejection")
    store.add_argument("--credentials", type=Path, metavar="DIR", help="ask for credentials, and write some of each kind there")
    sentry = kinds.add_parser("sentry", parents=[common], help="a local Sentry")
    project = kinds.add_parser("project", parents=[common], help="a folder to try everything in, with the local store")
    project.add_argument("folder", nargs="?", type=Path, default=Path(), help="where to (default: here)")
    project.add_argument("--publisher", metavar="ID", default="local-publisher", help="publisher of its item (default: local-publisher)")
    project.add_argument("--port", type=_port, default=8090, metavar="N", help="port of the local store that it is for (default: 8090)")
    for kind in (store, sentry):
        kind.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)")

    browser = commands.add_parser("browser", help="the Chromium that will be used, or install one")
    actions = browser.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    actions.add_parser("path", parents=[common], help="say which Chromium will be used")
    actions.add_parser("install", parents=[common], help="install one when there is none")


def _number(text: str, kind: Callable[[str], float], low: float, high: float, what: str) -> float:
    try:
        value = kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from error
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
    return value


def _folder_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:200]!r} is no address") from None
    if not is_one or parts.query or parts.fragment or not text.isprintable() or " " in text or len(text) > _LONGEST_ADDRESS:
        raise argparse.ArgumentTypeError(f"{text[:200]!r} is no address of a folder, such as https://status.example.org/")
    return text if text.endswith("/") else f"{text}/"


def _port(text: str) -> int:
    return int(_number(text, int, 0, 65_535, "a port"))


def _percentage(text: str) -> int:
    return int(_number(text.removesuffix("%"), int, 1, 100, "a percentage"))


def _count(text: str) -> int:
    return int(_number(text, int, 1, 1_000_000_000, "a number"))


def _seconds(text: str) -> float:
    return _number(text, float, 0, 30 * 86_400, "a number of seconds")
