"""db: where the schema stands, and its upgrade by hand."""

from argparse import Namespace

from guard.cli import opening
from guard.cli.console import Console
from guard.engine import database_url
from guard.errors import ExitCode
from guard.store.database import open_database, schema_status


def db(args: Namespace) -> int:
    """Show the schema, or bring it up to date."""
    console = Console(json_wanted=args.json)
    url = database_url(opening.configuration(args), args.database)
    before = schema_status(url)
    steps = [{"revision": revision, "does": words} for revision, words in before.pending]
    upgraded = args.action == "upgrade" and bool(before.pending)
    if upgraded:
        open_database(url).dispose()
    current = before.pending[-1][0] if upgraded else before.current
    console.print(f"{before.shown}: schema {current or 'none yet'}")
    for step in steps:
        console.print(f"  {'done' if upgraded else 'to come'}: {step['revision']} {step['does']}")
    if not steps:
        console.print("it is up to date")
    elif not upgraded:
        console.print("every command upgrades it before its own work, one process at a time; `release-guard db upgrade` does so now")
    console.document(
        {"database": before.shown, "schema": current, "upgraded": upgraded, "pending": [] if upgraded else steps, "steps": steps}
    )
    return ExitCode.DONE
