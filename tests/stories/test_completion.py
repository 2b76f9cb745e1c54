"""Completion as shells do it: the script is read by a real bash, which is asked what may follow."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from guard.cli.about_arguments import SHELLS
from guard.cli.main import COMMANDS, main

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
read -r _ _ _ _ function _ <<< "$(complete -p release-guard)"
"$function" release-guard "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The script of bash, as `release-guard completion bash` prints it."""
    path = tmp_path_factory.mktemp("completion") / "release-guard"
    command = [sys.executable, "-m", "guard", "completion", "bash"]
    path.write_bytes(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return path


def completed(script, *words, folder="."):
    """What bash offers for the last of these words."""
    command = ["bash", "--noprofile", "--norc", "-c", ASK, "bash", str(script), "release-guard", *words]
    asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=folder)
    assert "error" not in asked.stderr
    return set(asked.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("",), set(COMMANDS)),
        (("re",), {"release", "repair", "replay", "report", "resume", "rehearse"}),
        (("incident", "re"), {"resolve", "reopen"}),
        (("rollback", "a"), {"approve", "abort"}),
        (("gate", "--mo"), {"--mode"}),
        (("gate", "--mode", ""), {"observe", "propose", "act"}),
        (("check", ".", "--only", "u"), {"ui"}),
        (("--json", "canary", "--it"), {"--item"}),
        (("completion", ""), set(SHELLS)),
    ],
)
def test_bash_offers_what_may_follow(script, words, offered):
    assert completed(script, *words) == offered


def test_bash_offers_files_where_a_path_is_meant(script, tmp_path):
    (tmp_path / "extension").mkdir()
    (tmp_path / "extras.zip").touch()
    assert completed(script, "check", "ext", folder=tmp_path) == {"extension", "extras.zip"}
    assert completed(script, "check", ".", "--html", "ext", folder=tmp_path) == {"extension"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_read_theirs(shell, tmp_path, capsys):
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", text)
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    (tmp_path / "script").write_text(text)
    assert subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, check=True, timeout=60).stderr == b""


def test_as_json_it_is_one_document(capsys):
    assert main(["completion", "bash", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["script"].count("\n") > 100
    assert told.err == ""


def test_the_version_is_said_without_loading_anything(tmp_path):
    code = "import sys; from guard.cli.main import main\ntry: main(['--version'])\nfinally: print(' '.join(sys.modules))"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    words, loaded = asked.stdout.splitlines()
    assert re.fullmatch(r"release-guard \d+\.\d+\.\d+\S* \(Python 3\.\d+\.\d+\)", words)
    assert not {"pydantic", "sqlalchemy", "rich", "requests"} & set(loaded.split())
