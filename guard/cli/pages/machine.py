"""The pages of what shows and tries the guard itself: status, dashboard, database, replays, rehearsals and stand-ins."""

from collections.abc import Mapping

from guard.cli.pages.page import Page
from webstore.simulator.limits import limits_text

_RECORDING = """\
A line opens a release, and samples follow in the order of time; counts are per interval:
  {"release": "1.3.0", "baseline": "1.2.0", "published_at": "2026-11-24T01:00:00Z", "window_seconds": 3600}
  {"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "error_rate", "failures": 3, "total": 812}
  {"at": "…", "version": "1.3.0", "signal": "extension_crashes", "events": 2, "seconds": 30}
  {"at": "…", "version": "1.3.0", "signal": "silence", "events": 40, "expected": 90.5}
  {"at": "…", "version": "1.3.0", "signal": "active_users", "value": 11800}
  {"at": "…", "version": "1.3.0", "signal": "health", "check": "extraction", "passed": false}"""
_EXTRA = "It needs the extra `rehearsal`: `pip install 'release-guard[rehearsal]'`."

MACHINE: Mapping[str, Page] = {
    "status": Page(
        """Says how everything stands, from the database alone: it works while the store is out of reach. With --html it writes the
public status page with its feed into a folder instead, for any web server.""",
        (
            "release-guard status",
            "release-guard status --html public --url https://status.example.org/ --language zh-TW",
        ),
        see=("serve", "incident public"),
    ),
    "serve": Page(
        """Serves the live dashboard with its JSON API and metrics until it is stopped. People read it without a password on this
machine; they act after logging in with the token that the configuration names, or by the word of a reverse proxy. It listens beyond
this machine only where one of the two guards it.""",
        ("release-guard serve", "release-guard serve --port 0 --no-actions --json"),
        notes="It needs the extra `dashboard`: `pip install 'release-guard[dashboard]'`.",
        see=("status", "watch"),
    ),
    "executors": Page(
        """Lists the processes that share the database: who is alive, what each watches and rolls back, and whether a rollback is left
that nobody carries out.""",
        ("release-guard executors", "release-guard executors --json"),
        see=("watch", "rollback history"),
    ),
    "db": Page(
        "Shows and upgrades the schema of the database. PostgreSQL needs the extra `postgres`.",
        ("release-guard db status", "release-guard db upgrade"),
        see=("doctor",),
    ),
    "db status": Page(
        "Says which schema the database has, and what an upgrade would do. It changes nothing.",
        ("release-guard db status", "release-guard db status --database postgresql://guard@db.internal/guard"),
        see=("db upgrade",),
    ),
    "db upgrade": Page(
        "Brings the schema up to date now, one process at a time. Every other command does so too, before its own work.",
        ("release-guard db upgrade",),
        see=("db status",),
    ),
    "replay": Page(
        """Plays a recording as a live watch would have judged it, without clock or network: what would the guard have done, and when?
With --set another threshold is tried. With --json each release is a line. With --record it writes what a live watch saw instead.""",
        (
            "release-guard replay --record --version 1.3.0 -o 1.3.0.jsonl",
            "release-guard replay 1.3.0.jsonl",
            "# Would a lower threshold have seen it sooner?",
            "release-guard replay 1.3.0.jsonl --set error_rate=0.03 --set alpha=0.001",
        ),
        notes=_RECORDING,
        codes="0 played to its end, whatever the verdicts; 2 a line that cannot be used.",
        see=("gate", "incident false-alarm"),
    ),
    "rehearse": Page(
        """Tells the whole story on this machine, with a local store, a local Sentry and a real Chromium: a release is published,
judged, rolled back or held, and users are proved well. It needs no account and no network. Everything that it wrote can be looked at
afterwards.""",
        (
            "release-guard rehearse",
            "release-guard rehearse --list",
            "release-guard rehearse --scenario silence --keep rehearsal",
            "release-guard rehearse --all --json",
        ),
        notes=_EXTRA,
        codes="0 each story ended as it must; 1 one did not; 4 one could not be told.",
        see=("simulate store", "browser install"),
    ),
    "simulate": Page(
        "Runs a stand-in alone, on 127.0.0.1, for a team's own tests, or writes a folder to try everything in.",
        ("release-guard simulate project playground", "release-guard simulate store"),
        notes=_EXTRA,
        see=("rehearse",),
    ),
    "simulate store": Page(
        """Serves a local Chrome Web Store on 127.0.0.1 until it is stopped: API v2, token services, update service, and a page to look
at. It keeps nothing.""",
        (
            "release-guard simulate store --port 8090",
            "# An extension of your own, whose id stays the same, and a review that takes a minute",
            "release-guard simulate store --package extension --keys keys --review 60",
            "# With credentials of each kind, good for this store alone",
            "release-guard simulate store --credentials credentials --json",
        ),
        notes=f"What it does not imitate:\n{limits_text()}\n\n{_EXTRA}",
        see=("simulate project", "publish"),
    ),
    "simulate sentry": Page(
        """Serves a local Sentry on 127.0.0.1 until it is stopped: it takes what Sentry's own SDK sends, and answers the questions that
the guard asks. It keeps nothing.""",
        ("release-guard simulate sentry", "release-guard simulate sentry --port 9000 --json"),
        notes=_EXTRA,
        see=("simulate store",),
    ),
    "simulate project": Page(
        """Writes a folder to try everything in: the sample extension, what is published next, the site that it reads, and a
release-guard.toml for a local store.""",
        ("release-guard simulate project playground", "release-guard simulate project playground --port 8091"),
        see=("simulate store",),
    ),
    "browser": Page(
        "Says which Chromium runs the checks, or installs one.",
        ("release-guard browser install",),
        see=("doctor", "check"),
    ),
    "browser path": Page(
        "Says which Chromium will be used, and why: the one that is named in RELEASE_GUARD_CHROMIUM, Playwright's own, or this system's.",
        ("release-guard browser path", "release-guard browser path --json"),
        codes="0 there is one; 4 there is none.",
        see=("browser install",),
    ),
    "browser install": Page(
        "Installs Playwright's Chromium when there is none that could be used.",
        ("release-guard browser install",),
        codes="0 there is one now; 4 none could be installed.",
        see=("browser path",),
    ),
    "completion": Page(
        """Prints a script that lets a shell complete commands, options and their values. It is made of this very version: print it
again after an upgrade.""",
        (
            "# bash, where bash-completion looks; else any file that ~/.bashrc sources",
            "release-guard completion bash > ~/.local/share/bash-completion/completions/release-guard",
            "# zsh, in a folder that is in $fpath before compinit runs",
            "release-guard completion zsh > ~/.zfunc/_release-guard",
            "# fish",
            "release-guard completion fish > ~/.config/fish/completions/release-guard.fish",
        ),
    ),
}
