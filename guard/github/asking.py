"""What a workflow asks for, read from the environment alone: nothing of it is ever pasted into a script, or read by a shell."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from guard.errors import UsageError

PREFIX = "RELEASE_GUARD_INPUT_"
"""The action hands each input over in a variable of this beginning: RELEASE_GUARD_INPUT_DRY_RUN is `dry-run`."""
ACCEPT = "RELEASE_GUARD_ACCEPT"
"""The variable of the input `accept`, which belongs to the action and to no command."""
_ACCEPTABLE = ("1", "2", "3", "4")
_LONGEST = 4000
_BOOLEANS = {"true": True, "false": False, "": False}


class InputRefused(UsageError):
    """An input of the action that makes no sense."""

    hint = "correct the step's `with:`; the action's README names what each command takes"


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of the action: what of the program it runs, and which inputs it takes."""

    words: tuple[str, ...]
    options: tuple[str, ...] = ()
    """Inputs that become `--NAME=VALUE`."""
    switches: tuple[str, ...] = ()
    """Inputs that are true or false and become `--NAME`."""
    places: tuple[str, ...] = ()
    """Inputs that stand by themselves, in this order."""
    needs: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    """What is always said: nobody is there to be asked."""
    keeps_report: bool = False
    """Whether it writes a page of its own about its checks."""


COMMANDS: Mapping[str, Command] = {
    "gate": Command(("gate",), ("version", "item", "mode")),
    "canary": Command(("canary",), ("item",)),
    "check": Command(("check",), ("baseline", "item"), places=("target",), needs=("target",), keeps_report=True),
    "rollback": Command(("rollback",), ("item", "to", "reason"), ("dry-run", "force"), needs=("reason",), always=("--yes",)),
    "approve": Command(("rollback", "approve"), ("by",), places=("incident",), needs=("incident", "by")),
    "publish": Command(("publish",), ("item", "percent", "timeout"), ("staged", "wait"), places=("package",)),
    "snapshot": Command(("release", "snapshot"), ("item",)),
    "watch": Command(("watch",), always=("--once",)),
    "doctor": Command(("doctor",), ("item",), ("github",)),
    "status": Command(("status",)),
}


@dataclasses.dataclass(frozen=True)
class Asked:
    """A command line, made of a workflow's inputs."""

    name: str
    arguments: tuple[str, ...]


def asked(environment: Mapping[str, str], reports: Path) -> Asked:
    """The command line that the inputs ask for; each value is one argument, whatever it holds.

    Raises:
        InputRefused: a command or an input makes no sense.
    """
    given = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): _clean(name.removeprefix(PREFIX).lower().replace("_", "-"), value)
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    name = given.pop("command", "")
    if name not in COMMANDS:
        raise InputRefused(f"the input `command` is {name!r}; it is one of {', '.join(COMMANDS)}")
    command = COMMANDS[name]
    config = given.pop("config", "")
    known = {*command.options, *command.switches, *command.places}
    for other, value in given.items():
        if value not in _BOOLEANS and other not in known:
            raise InputRefused(f"the command {name} takes no input `{other}`")
    for needed in command.needs:
        if not given.get(needed):
            raise InputRefused(f"the command {name} needs the input `{needed}`")
    options = [f"--{option}={given[option]}" for option in command.options if given.get(option)]
    switches = [f"--{switch}" for switch in command.switches if _is_on(switch, given.get(switch, ""))]
    places = [given[place] for place in command.places if given.get(place)]
    report = [f"--html={reports}", f"--evidence={reports / 'evidence'}"] if command.keeps_report else []
    configured = [f"--config={config}"] if config else []
    always = [*command.always, "--json", *configured, *report]
    # After "--" nothing is an option any more, whatever it begins with.
    return Asked(name, (*command.words, *options, *switches, *always, *(["--", *places] if places else [])))


def accepted(environment: Mapping[str, str]) -> frozenset[int]:
    """The exit codes that do not fail the job.

    Raises:
        InputRefused: one is no exit code of a command.
    """
    found = [part.strip() for part in environment.get(ACCEPT, "").split(",") if part.strip()]
    if not all(part in _ACCEPTABLE for part in found):
        raise InputRefused(f"the input `accept` is {', '.join(found)!r}; it holds some of {', '.join(_ACCEPTABLE)}")
    return frozenset(map(int, found))


def _clean(name: str, value: str) -> str:
    text = value.strip()
    if len(text) > _LONGEST:
        raise InputRefused(f"the input `{name}` is longer than {_LONGEST} letters")
    if not all(letter.isprintable() for letter in text):
        raise InputRefused(f"the input `{name}` holds a line break or another control character")
    return text


def _is_on(name: str, value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise InputRefused(f"the input `{name}` is {value!r}; it is true or false")
    return _BOOLEANS[value.lower()]
