"""The command: look at what is published, tell GitHub what was found, or hold from now on what is published.

Exit codes: 0 it is the same, or done · 1 something differs · 2 usage · 4 something could not be looked at, or GitHub not be told.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from documentation.reading import REPOSITORY, all_pages
from pydantic import ValidationError

from conformance.issue import Found, tell
from conformance.links import Standing, addresses, standing
from conformance.published import DESCRIPTIONS, Description, NotFetched, fetch
from guard.errors import ExitCode
from guard.tickets.client import GitHubIssues
from guard.tickets.neutral import title
from webstore.errors import ReleaseGuardError

_LONGEST_LINE = 400

Fetch = Callable[[str], bytes]
Ask = Callable[[str], Standing]


def look_at_descriptions(descriptions: Sequence[Description], fetched: Fetch = fetch) -> Found:
    """Compare each description; one that could not be fetched keeps none of the others from being compared."""
    found = Found()
    for description in descriptions:
        try:
            found.differences[description.name] = [one.words for one in description.differences(fetched(description.address))]
        except NotFetched as error:
            found.unread.append(f"{description.name}: {error}")
    return found


def look_at_links(root: Path, ask: Ask = standing) -> Found:
    """Ask each address that the documentation of a tree points at."""
    found = Found()
    for address in addresses(all_pages(root)):
        match ask(address):
            case Standing.GONE:
                found.gone.append(address)
            case Standing.UNREACHED:
                found.unread.append(address)
            case Standing.ANSWERS:
                pass
    return found


def code_of(found: Found) -> ExitCode:
    """The exit code: what was not looked at never passes for what is the same."""
    if found.differs:
        return ExitCode.BREACH
    return ExitCode.UNABLE if found.unread else ExitCode.DONE


def main(
    argv: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    *,
    descriptions: Sequence[Description] = DESCRIPTIONS,
    root: Path = REPOSITORY,
) -> int:
    """Run one command; its exit code."""
    asked = _parser().parse_args(argv)
    try:
        match asked.command:
            case "look":
                return _look(asked.what, asked.to, descriptions, root)
            case "tell":
                print(_tell(Path(asked.file), environment))
            case _:
                for description in descriptions:
                    description.renew(fetch(description.address))
    except ReleaseGuardError as error:
        print(error.explain(), file=sys.stderr)
        return ExitCode.UNABLE
    except (OSError, ValidationError, KeyError) as error:  # a validation's own words would quote what came from outside
        print(f"{type(error).__name__}: {'' if isinstance(error, ValidationError) else error}", file=sys.stderr)
        return ExitCode.UNABLE
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("look", help="compare, and write down what was found")
    look.add_argument("what", choices=("descriptions", "links", "all"))
    look.add_argument("--to", metavar="FILE", help="where what was found is written, as JSON")
    told = commands.add_parser("tell", help="bring the one issue on GitHub in line with what was found")
    told.add_argument("file", metavar="FILE")
    commands.add_parser("renew", help="hold from now on what is published; look at the difference before you commit it")
    return parser


def _look(what: str, to: str | None, descriptions: Sequence[Description], root: Path) -> int:
    found = look_at_descriptions(descriptions) if what != "links" else Found()
    if what != "descriptions":
        linked = look_at_links(root)
        found = Found(differences=found.differences, gone=linked.gone, unread=[*found.unread, *linked.unread])
    if to:
        Path(to).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    for name, differences in found.differences.items():
        _say(f"{name}: {len(differences)} differences", differences)
    for words, lines in (("gone", found.gone), ("not looked at", found.unread)):
        if lines:
            _say(f"{words}:", lines)
    return code_of(found)


def _say(head: str, lines: Sequence[str]) -> None:
    """A log of a workflow is read by its runner too, which obeys commands on lines of their own: nothing from outside is left to be one."""
    print(head, *(title(one, _LONGEST_LINE) for one in lines), sep="\n  ")


def _tell(file: Path, environment: Mapping[str, str]) -> str:
    found = Found.model_validate_json(file.read_bytes())
    github = GitHubIssues(environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"], environment["GITHUB_TOKEN"])
    try:
        return tell(github, found)
    finally:
        github.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
