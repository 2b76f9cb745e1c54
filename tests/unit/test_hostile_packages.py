"""Two hundred packages made to hurt: no crash, nothing outside the target, and memory bounded, a bomb of 10 GB or not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.corpus import hostile_files

ROOT = Path(__file__).parents[2]
MOST_MIB = 200


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder, target = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("around") / "deep" / "target"
    target.mkdir(parents=True)
    expected = {}
    for number, (name, content, words) in enumerate(hostile_files()):
        file = f"{number:03} {name.replace('/', '_')[:60]}"
        (folder / file).write_bytes(content)
        expected[file] = words
    command = [sys.executable, "-m", "hostile.read_all", str(folder), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT / "tests", timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return expected, json.loads(done.stdout), target


def test_there_are_two_hundred_of_them(told):
    assert len(told[0]) >= 200


def test_each_is_refused_with_its_own_words_or_read_without_harm(told):
    expected, seen, _ = told
    wrong = {name: seen["outcomes"][name] for name, words in expected.items() if words not in seen["outcomes"][name]}
    assert wrong == {}
    refused = [words for words in seen["outcomes"].values() if words]
    assert len(refused) > 150
    assert len({words.split(":", 1)[1][:25] for words in refused}) > 25


def test_nothing_is_written_outside_the_target(told):
    _, seen, target = told
    around = target.parents[1]
    assert [path for path in around.rglob("*") if path.is_file() and target not in path.parents] == []
    read = {name for name, words in seen["outcomes"].items() if not words}
    assert {path.name for path in target.iterdir()} == read, "what is refused is not half unpacked"
    assert not [path for path in target.rglob("*") if path.is_symlink()]


def test_memory_is_bounded_whatever_they_hold(told):
    _, seen, _ = told
    assert seen["peak_kib"] / 1024 < MOST_MIB
