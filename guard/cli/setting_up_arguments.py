"""The part of the command line that sets a team up, and looks at what it has set up."""

import argparse
from pathlib import Path
from typing import Any


def add_setting_up(commands: Any, common: argparse.ArgumentParser) -> None:
    """`init` and `doctor`."""
    init = commands.add_parser("init", parents=[common], help="write a commented release-guard.toml for the extension in this folder")
    init.add_argument("path", nargs="?", type=Path, default=Path(), help="the extension's folder (default: here)")
    init.add_argument("--id", dest="item", metavar="ID", help="the item's id in the store")
    init.add_argument("--publisher", metavar="ID", help="the publisher's id in the store")
    init.add_argument(
        "--force", action="store_true", help="replace a configuration that is there; with --github the workflows, and never that"
    )
    init.add_argument("--github", action="store_true", help="write the three workflows as well; a configuration that is there is kept")
    _add_workflows(init.add_argument_group("with --github; at a terminal, what is left out is asked for"))

    doctor = commands.add_parser("doctor", parents=[common], help="look at everything that the guard rests on, and say what to do")
    doctor.add_argument("--item", metavar="ID", help="only this extension, when several are configured")
    doctor.add_argument("--github", action="store_true", help="look at the workflows and at GitHub's settings instead")
    doctor.add_argument("--repository", metavar="OWNER/NAME", help="with --github: where (default: what git calls origin)")


def _add_workflows(init: Any) -> None:
    init.add_argument(
        "--uses", metavar="OWNER/REPO@REF", help="where release-guard's own repository is, and the commit: its full hash is best"
    )
    init.add_argument("--no-publish", action="store_true", help="the workflows publish nothing: you do, and they guard it")
    init.add_argument("--artifact", metavar="NAME", help="the artifact that your build job uploads (default: extension)")
    init.add_argument("--package", metavar="FILE", help="the package's file in it (default: extension.zip)")
    init.add_argument(
        "--on", choices=("dispatch", "tag"), help="a release begins by hand, or with a tag (default: a tag when state is none)"
    )
    init.add_argument("--tags", metavar="PATTERN", help="with --on tag: which tags (default: v*)")
    init.add_argument("--mode", choices=("observe", "propose", "act"), help="of the gate, instead of the configured one")
    init.add_argument("--item", action="append", dest="items", metavar="NAME", help="only this extension; may be repeated (default: all)")
    init.add_argument("--schedule", metavar="CRON", help='when what users have is checked, in UTC (default: "17 * * * *")')
    init.add_argument("--watch-schedule", metavar="CRON", help='when releases are judged (default: "11,41 * * * *"); "none" for never')
    init.add_argument("--environment", metavar="NAME", help="whose reviewers approve a rollback (default: release-guard-rollback)")
    init.add_argument("--working-directory", metavar="DIR", help="where the configuration is, below the repository (default: as found)")
    init.add_argument("--state", choices=("cache", "none"), help="what remembers: the actions cache, or none for a database")
    init.add_argument("--provider", metavar="NAME", help="Google's workload identity provider: projects/…/providers/…")
    init.add_argument("--service-account", metavar="EMAIL", help="the service account that it lends")
    init.add_argument("--store-secret", metavar="NAME", help="the secret with a key instead (default: RELEASE_GUARD_STORE_CREDENTIALS)")
    init.add_argument("--lines-secret", metavar="NAME", help="the secret with lines of NAME=VALUE (default: RELEASE_GUARD)")
