"""init --github: the three workflows of a team's repository, from flags or from a few questions."""

import dataclasses
import os
from argparse import Namespace
from pathlib import Path

from guard.cli.answers import answered
from guard.cli.console import Console
from guard.cli.first_configuration import configuration_for
from guard.cli.questions import Questions, somebody_is_there
from guard.config import FILE_NAME, Config, load
from guard.errors import ExitCode, UsageError
from guard.scaffold import cron, rendering, surroundings, variables, wanted
from guard.scaffold.called import ALL, STATE_FOLDER
from guard.scaffold.next_steps import Step, next_steps
from guard.scaffold.wanted import Extension, Wanted
from guard.scaffold.writing import refuse_replacing, write_all
from webstore.package import Package

WORKFLOWS = Path(".github") / "workflows"


@dataclasses.dataclass(frozen=True)
class Place:
    """The repository that the workflows are written for."""

    root: Path
    target: Path
    """The configuration, as it was named."""
    config: Config | None
    """None where it is written now."""
    package: Package | None
    """The extension, where the configuration is written now."""

    @property
    def home(self) -> Path:
        """The configuration's folder."""
        return self.target.resolve().parent


def init_github(args: Namespace) -> int:
    """Write the workflows, and the configuration unless it is there; say what is left to do in GitHub's settings."""
    console = Console(json_wanted=args.json)
    place = _place(args)
    folder = Path(os.path.relpath(place.root)) / WORKFLOWS
    refuse_replacing([folder / called.ours for called in ALL], force=args.force)  # before anybody is asked anything
    questions = Questions(console, is_asking=somebody_is_there() and not args.json)
    if questions.is_asking:
        console.print("A few questions; Enter takes what stands in brackets.")
    want = answered(args, questions, place.config, _extensions(args, place), _directory(args, place))
    texts = {folder / name: text for name, text in rendering.workflows(want).items()}
    if place.package:
        texts[place.target] = configuration_for(args, place.package, place.target)
    write_all(texts)
    named = [_named(path) for path in texts]
    for name in named:
        console.print(f"written: {name}")
    if place.config:
        console.print(f"kept as it is: {place.target}")
    for words in _warnings(want, place):
        console.warn(words)
    steps = next_steps(
        want,
        repository=surroundings.origin(place.root),
        config=str(place.target),
        is_to_be_filled_in=rendering.TO_FILL_IN in place.target.read_text(encoding="utf-8"),
        files=named if place.package else [*named, _named(place.target)],
        variables=list(variables.named(place.config)) if place.config else [],
    )
    _show(console, steps)
    kept = [str(place.target)] if place.config else []
    console.document({"written": named, "kept": kept, "next": [dataclasses.asdict(step) for step in steps]})
    return ExitCode.DONE


def _place(args: Namespace) -> Place:
    target = args.config or Path(FILE_NAME)
    home = target.resolve().parent
    root = surroundings.repository_root(home) or home
    if target.exists():
        return Place(root, target, load(target), None)
    if args.items:
        raise UsageError(f"--item names an extension of {target}, which is not there yet")
    return Place(root, target, None, Package.read(args.path))


def _extensions(args: Namespace, place: Place) -> tuple[Extension, ...]:
    """Those that the workflows are for. The only one needs no name."""
    if place.config is None:
        return (Extension("", _below(args.path, place.root)),)
    chosen = [place.config.select(name) for name in args.items or ()] or list(place.config.extension)
    found: list[Extension] = []
    for extension in chosen:
        named = wanted.is_item(extension.name or "")
        name = (extension.name or "") if named else extension.id
        path = _below(extension.path, place.root) if extension.path else ""
        found.append(Extension("" if len(place.config.extension) == 1 else name, path))
    return tuple(dict.fromkeys(found))


def _below(path: Path, root: Path) -> str:
    try:
        return wanted.path(surroundings.below(path, root))
    except surroundings.NotBelow:
        return ""


def _directory(args: Namespace, place: Place) -> tuple[str, str]:
    """The working directory, and the configuration's file below it; empty where that has its usual name."""
    named: str | None = args.working_directory
    directory = wanted.path(surroundings.below(place.home, place.root) if named is None else named)
    file = wanted.path(surroundings.below(place.home / place.target.name, place.root / directory))
    return directory, "" if file == FILE_NAME else file


def _named(path: Path) -> str:
    """A path as people type it here."""
    return Path(os.path.relpath(path)).as_posix()


def _warnings(want: Wanted, place: Place) -> list[str]:
    found: list[str] = []
    if surroundings.repository_root(place.home) is None:
        found.append(f"{place.root} is no git repository: GitHub reads workflows at a repository's root alone")
    if not want.is_pinned:
        found.append(f"{want.ref} is no full commit hash: whoever can move it can publish for you")
    if want.begins_with_tag and want.state == "cache":
        found.append("what a run for a tag keeps in the actions cache is seen by no other run: use a database, or --on dispatch")
    if want.has_several and want.state == "cache":
        found.append(
            "several extensions share one state folder in the actions cache, of which the last run's is kept: a database is better"
        )
    found += [
        f"{schedule} is at the full hour, when GitHub is late or leaves runs out"
        for schedule in filter(None, (want.schedule, want.watch_schedule))
        if cron.is_crowded(schedule)
    ]
    kept = place.root / want.working_directory / STATE_FOLDER
    if place.config and want.state == "cache" and place.config.state.resolve() != kept.resolve():
        found.append(f"the cache keeps {STATE_FOLDER} in {want.working_directory} alone, and `state` in {place.target} is another folder")
    return found


def _show(console: Console, steps: list[Step]) -> None:
    console.print("\nWhat is left to do:")
    for number, step in enumerate(steps, start=1):
        console.print(f"{number}. {step.words}")
        for command in step.commands:
            console.verbatim(f"     {command}")
