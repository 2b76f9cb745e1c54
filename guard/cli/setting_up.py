"""init and browser: what a team does once."""

import json
import re
from argparse import Namespace
from pathlib import Path

from guard.cli.console import Console
from guard.config import FILE_NAME
from guard.errors import ExitCode, UsageError
from webstore.package import Package

_TEMPLATE = """\
# Configuration of release-guard. Every setting that is commented out shows its default.
# Secrets never stand here: this file only names the environment variables that hold them.

# How far the guard may go by itself: "observe" says what it would do, "propose" opens the incident and
# waits for a person, "act" rolls back by itself inside the rollback window.
mode = "propose"

# Folder of the database, the kept packages, screenshots and reports.
# state = ".release-guard"
# A database that several machines share; RELEASE_GUARD_DATABASE_URL in the environment comes first.
# database = "postgresql://guard@db.internal/guard"

[[extension]]
id = {id}{id_note}
publisher = {publisher}{publisher_note}
path = {path}
name = {name}  # as in Sentry's release names: NAME@VERSION

# What the extension is for, checked in a real browser on a page of yours (or a saved one, served under its real host name).
# [[extension.checks.extraction]]
# name = "the list is read"
# open = "https://www.example.com/list"
# page = "tests/pages/list.html"
# expect_page = [{{ selector = ".result", at_least = 1 }}]
# expect_storage = [{{ path = "items", at_least = 1 }}]

# [sentry]
# organization = "my-organization"
# project = "my-extension"
# environment = "production"
# token_env = "RELEASE_GUARD_SENTRY_TOKEN"
# release = "{{name}}@{{version}}"    # how releases are named; compute it from the manifest when the extension runs
# counter = "ext.operation"         # added to for each thing the extension does, with the attribute `outcome`
# failed = ["error"]                # the outcomes that are failures

[store]
# A service account's JSON key is read from this variable (or from the file that NAME_FILE names); else three variables of a
# refresh token, or what google-github-actions/auth leaves, are used.
# credentials_env = "RELEASE_GUARD_STORE_CREDENTIALS"
# requests_per_minute = 120   # of all extensions together

[archive]
# folder = "archive"          # default: in the state folder; a team may share one
# keep = 30                   # newest versions of each extension, besides those that a rollback may need

[watch]
# rollback_window_seconds = 3600
# poll_seconds = 30
# max_automatic_rollbacks_a_day = 3
# inconclusive = "hold"       # at the end of the window without a verdict: "hold", "pass" or "extend"
# polls_at_once = 8           # so many extensions are looked at at once

[rollback]
# Who hears of a completed rollback: an address that it is posted to, and a GitHub workflow that it starts.
# webhook_env = "RELEASE_GUARD_WEBHOOK"           # the variable with the address
# dispatch_repository = "owner/name"
# dispatch_workflow = "after-rollback.yml"
# dispatch_token_env = "RELEASE_GUARD_GITHUB_TOKEN"

[repair]
# Commands for what the guard cannot repair by itself, each a program and its arguments. They are run only when a person says
# `release-guard repair run INCIDENT`, without the guard's own secrets.
# service_restart_command = ["ssh", "api.internal", "systemctl restart api"]
# infrastructure_scale_command = ["kubectl", "scale", "deployment/api", "--replicas=8"]
# command_seconds = 300

[oncall]
# rotation = ["ann", "bob"]   # each commands what opens in their turn; none by default
# starts_on = 2026-01-05      # when the first one's turn begins, at midnight UTC
# days = 7
# management = ["dana"]       # asked when nobody on call answers a P0 in time; none by default

# The handbook's rules; [severity.P1] to [severity.P3] likewise.
[severity.P0]
# error_rate = 0.5
# affected_users = 1000
# respond_minutes = 15
# resolve_minutes = 120
# channels = ["slack-critical", "email-management", "sms"]

# Who is told, one table for each place or person; `release-guard notify test` tries them.
# [[notify.target]]
# name = "crew"
# kind = "slack-bot"          # or "slack-webhook", "email", "sms", "apprise"
# channels = ["slack-critical", "slack-alerts", "slack-general"]
# url_env = "RELEASE_GUARD_SLACK_TOKEN"   # the variable with the token or address
# to = "C0123ABCD"            # the Slack channel
# quiet_hours = "22:00-07:00" # for P2 and P3; time_zone = "Asia/Taipei"

# Incidents and action items as GitHub issues.
[tickets]
# repository = "owner/name"   # none by default
# token_env = "GITHUB_TOKEN"
# from_severity = "P3"        # this one and worse

[dashboard]
# host = "127.0.0.1"          # of `release-guard serve`; beyond this machine only with a token, or behind a proxy
# port = 8321
# token_env = "RELEASE_GUARD_DASHBOARD_TOKEN"   # the variable with the token that people log in with
# user_header = "X-Forwarded-User"              # in which a reverse proxy says who asks; none by default
# hostnames = ["guard.internal"]                # names that browsers may call it by; none by default

[report]
# objective = 0.99            # share of sessions that are to be well: the error budget is the rest

[incidents]
# reopen_seconds = 86400      # a breach that returns so soon reopens its incident

[thresholds]
# error_rate = 0.05        # share of users, and of operations or sessions, with a failure
# api_failures = 0.10      # share of requests that fail
# response_seconds = 3     # operations slower than this are slow; slow_share = 0.05 of them may be
# crashes_per_hour = 10
# against_baseline = 1.5   # so many times the version before's error rate is no finding; 0: not compared
# alpha = 0.01             # how often a healthy release may ever be called a breach
# late_seconds = 120       # how late a failure may be reported: health is proved only on what is older
"""


def init(args: Namespace) -> int:
    """Write a commented configuration."""
    console = Console(json_wanted=args.json)
    package = Package.read(args.path)
    target = args.config or Path(FILE_NAME)
    if target.exists() and not args.force:
        raise UsageError(f"{target} is there already; --force replaces it")
    text = _TEMPLATE.format(
        id=json.dumps(args.item or "a" * 32),
        id_note="" if args.item else "  # TO FILL IN: the 32 letters in the item's address in the store",
        publisher=json.dumps(args.publisher or "your-publisher-id"),
        publisher_note="" if args.publisher else "  # TO FILL IN: developer dashboard, Account, Publisher ID",
        path=json.dumps(str(args.path)),
        name=json.dumps(_plain_name(package)),
    )
    target.write_text(text, encoding="utf-8")
    console.print(f"{target} is written for {package.name} {package.version}")
    if not (args.item and args.publisher):
        console.print("next: fill in the item's and the publisher's id, then `release-guard release snapshot`")
    console.document({"written": str(target), "name": package.name, "version": str(package.version)})
    return ExitCode.DONE


def _plain_name(package: Package) -> str:
    """A name fit for release names: a localized or decorated one is reduced to letters, digits and dashes."""
    plain = re.sub(r"[^a-z0-9]+", "-", package.name.lower()).strip("-")
    return plain if plain and not package.name.startswith("__MSG_") else "my-extension"


def browser(args: Namespace) -> int:
    """Say which Chromium will be used, or install one."""
    from healthchecks.chromium import find_chromium, install_chromium  # noqa: PLC0415 - only these need it

    console = Console(json_wanted=args.json)
    chromium = install_chromium(console.done) if args.action == "install" else find_chromium()
    console.print(f"{chromium.path} ({chromium.source})")
    console.document({"path": str(chromium.path), "source": chromium.source})
    return ExitCode.DONE
