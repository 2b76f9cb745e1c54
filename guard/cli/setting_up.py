"""init and browser: what a team does once."""

from argparse import Namespace
from pathlib import Path

from guard.cli.console import Console
from guard.cli.first_configuration import configuration_for
from guard.config import FILE_NAME
from guard.errors import ExitCode, UsageError
from guard.scaffold.writing import refuse_replacing, write_all
from webstore.package import Package

_OF_GITHUB = (
    "uses",
    "no_publish",
    "artifact",
    "package",
    "on",
    "tags",
    "mode",
    "items",
    "schedule",
    "watch_schedule",
    "environment",
    "working_directory",
    "state",
    "provider",
    "service_account",
    "store_secret",
    "lines_secret",
)
"""What `init` takes only with --github."""


def init(args: Namespace) -> int:
    """Write a commented configuration; with --github the workflows as well."""
    if args.github:
        from guard.cli.setting_up_github import init_github  # noqa: PLC0415 - only where it is asked for

        return init_github(args)
    if given := next((name for name in _OF_GITHUB if getattr(args, name)), None):
        option = {"items": "item"}.get(given, given).replace("_", "-")
        raise UsageError(f"--{option} is about workflows: it goes with --github")
    console = Console(json_wanted=args.json)
    package = Package.read(args.path)
    target = args.config or Path(FILE_NAME)
    refuse_replacing([target], force=args.force)
    write_all({target: configuration_for(args, package, target)})
    console.print(f"{target} is written for {package.name} {package.version}")
    if not (args.item and args.publisher):
        console.print("next: fill in the item's and the publisher's id, then `release-guard release snapshot`")
    console.document({"written": str(target), "name": package.name, "version": str(package.version)})
    return ExitCode.DONE


def browser(args: Namespace) -> int:
    """Say which Chromium will be used, or install one."""
    from healthchecks.chromium import find_chromium, install_chromium  # noqa: PLC0415 - only these need it

    console = Console(json_wanted=args.json)
    chromium = install_chromium(console.done) if args.action == "install" else find_chromium()
    console.print(f"{chromium.path} ({chromium.source})")
    console.document({"path": str(chromium.path), "source": chromium.source})
    return ExitCode.DONE
