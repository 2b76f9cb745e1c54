"""postmortem and report: what an incident was, and what a month of them says."""

import json
import sys
from argparse import Namespace
from pathlib import Path

from guard import monthly, postmortems
from guard.cli import opening
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.incidents.events import Language
from guard.incidents.incident import Incident


def postmortem(args: Namespace) -> int:
    """Draft the postmortem of an incident, or renew the draft that people have written into."""
    with opening.engine(args) as (engine, console):
        incident = engine.incidents.get(args.id)
        language = Language(args.language) if args.language else engine.config.language
        if args.output is None:
            text = postmortems.draft(postmortems.material_of(engine, incident), language)
            written = None
        else:
            written = _written(engine, incident, args.output, language)
            text = written.read_text(encoding="utf-8")
    if written:
        console.print(f"{written}: the postmortem of {incident.id}; what people wrote into it is kept when it is written again")
    elif not args.json:
        sys.stdout.write(text)
    console.document({"incident": incident.id, "language": language.value, "file": str(written) if written else None, "markdown": text})
    return ExitCode.DONE


def _written(engine: Engine, incident: Incident, path: Path, language: Language) -> Path:
    try:
        return postmortems.write(engine, incident, path, language)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}").advise("name another file with -o") from error


def report(args: Namespace) -> int:
    """What a period says: incidents, times, targets, rollbacks, budgets, action items and what they have prevented."""
    shape = monthly.Format.JSON if args.json else monthly.Format(args.format)
    with opening.engine(args) as (engine, console):
        figures = monthly.gather(engine, args.days)
        language = Language(args.language) if args.language else engine.config.language
    match shape:
        case monthly.Format.TEXT:
            text = monthly.to_text(figures, language)
        case monthly.Format.JSON:
            text = json.dumps(monthly.to_json(figures), ensure_ascii=False, indent=2) + "\n"
        case monthly.Format.MARKDOWN:
            text = monthly.to_markdown(figures, language)
        case monthly.Format.HTML:
            text = monthly.to_html(figures, language)
    if args.output is None:
        sys.stdout.write(text)
        return ExitCode.DONE
    try:
        args.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{args.output} cannot be written: {error.strerror}").advise("name another file with -o") from error
    console.print(f"{args.output}: {figures.incidents} incidents in {args.days} days")
    return ExitCode.DONE
