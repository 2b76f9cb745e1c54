"""The status page, held to an HTML validator from npm: what may stand in what, and the rules of accessibility that markup alone can break."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from contract.status_world import READER, SHELF, a_config, an_engine, looked, ninety_days
from real_sdk.conftest import NODE, NPM, run

from guard.incidents.events import Language
from guard.severity import Severity
from guard.statuspage.gathering import gather
from guard.statuspage.writing import write
from guard.store.database import default_url, open_database

HERE = Path(__file__).parent
RULES = {"root": True, "extends": ["html-validate:standard", "html-validate:a11y"]}
PATIENCE_SECONDS = 120


@pytest.fixture(scope="session")
def validator(pytestconfig: pytest.Config) -> Path:
    """What package-lock.json holds, kept between runs for as long as the lock stays the same."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("html-validator")
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    if not stamp.is_file() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        run(NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        (folder / "rules.json").write_text(json.dumps(RULES))
        stamp.write_text(digest)
    return folder


def findings(validator: Path, *files: Path) -> list[str]:
    """What it has to say of these files, each with its rule."""
    program = validator / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    command = [NODE, program, "--config", validator / "rules.json", "--formatter", "json", *files]
    told = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=validator,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert told.returncode in {0, 1}, told.stderr
    assert told.stdout, told.stderr
    return [f"{message['ruleId']}: {message['message']}" for found in json.loads(told.stdout) for message in found["messages"]]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("what", ["nothing seen yet", "all is well", "everything at once", "a strange name"])
def test_the_status_page_is_valid_html(validator, tmp_path, language, what):
    database = open_database(default_url(tmp_path / "state"))
    match what:
        case "nothing seen yet":
            engine, _ = an_engine(database, a_config(tmp_path, names=("Bookshelf",)))
        case "all is well":
            engine, _ = an_engine(database, a_config(tmp_path, names=("Bookshelf",)))
            looked(engine, SHELF)
        case "everything at once":
            engine = ninety_days(database, a_config(tmp_path), open_now=(Severity.P0, Severity.P2), asleep=(READER,))
        case _:
            engine = ninety_days(database, a_config(tmp_path, names=("</p><div id=now>&amp;", "קורא", "\x00")))
    files = write(gather(engine), tmp_path / "public", language)
    database.dispose()
    assert findings(validator, *(path for path in files if path.suffix == ".html")) == []


def test_a_validator_that_finds_nothing_would_be_found_out(validator, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><html lang="en"><head><title>x</title></head><body><ul><p>no</p></ul><img src="a"></body></html>\n')
    assert {found.partition(":")[0] for found in findings(validator, page)} >= {"element-permitted-content", "wcag/h37"}
