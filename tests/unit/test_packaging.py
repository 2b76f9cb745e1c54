"""What goes out as a package: everything that is tracked of the program, nothing else, and words that are true of it."""

import email
import email.message
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("guard", "webstore", "healthchecks")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def tracked():
    """The repository's files, as git names them; none where this is no repository, such as beside an installed wheel."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        return []
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    return [name for name in listed.decode().split("\0") if (ROOT / name).is_file()]


TRACKED = tracked()
pytestmark = pytest.mark.skipif(not TRACKED, reason="only a repository says what is tracked")


def build(source, target, into):
    """Build without a network: the backend is installed, and nothing is asked for."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A clone: what is tracked, as it stands here."""
    folder = tmp_path_factory.mktemp("source")
    for name in TRACKED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    with zipfile.ZipFile(build(source, "wheel", tmp_path_factory.mktemp("wheel"))) as built:
        return {name: built.read(name) for name in built.namelist()}


@pytest.fixture(scope="module")
def sdist(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(build(source, "sdist", tmp_path_factory.mktemp("sdist"))) as built:
        built.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def info(wheel, name):
    (found,) = (content for path, content in wheel.items() if path.endswith(f".dist-info/{name}"))
    return found.decode()


def test_the_wheel_has_all_that_is_tracked_of_the_program_and_nothing_else(wheel):
    program = {name for name in TRACKED if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    assert {name for name in wheel if ".dist-info/" not in name} == program
    for name in program:
        assert wheel[name] == (ROOT / name).read_bytes(), name


def test_what_the_program_reads_beside_its_modules_is_in_it(wheel):
    kinds = {Path(name).suffix for name in wheel if ".dist-info/" not in name}
    assert {".py", ".typed", ".html", ".j2", ".txt", ".mako", ".js", ".css", ".png", ".json", ".svg"} <= kinds
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel)
    assert "guard/recipe/release-guard-signals.js" in wheel
    assert "guard/rehearsal/bookshelf/base/manifest.json" in wheel
    assert "guard/notify/templates/zh-TW/message.txt" in wheel
    assert any(name.startswith("guard/store/migrations/versions/") for name in wheel)


def test_the_sdist_builds_the_same_wheel(wheel, sdist, tmp_path):
    with zipfile.ZipFile(build(sdist, "wheel", tmp_path / "again")) as built:
        assert {name: built.read(name) for name in built.namelist()} == wheel


def test_the_sdist_has_the_tests_and_what_they_read(sdist):
    there = {path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()}
    assert there - {"PKG-INFO"} == set(TRACKED) - {name for name in TRACKED if name.startswith(".ci/")}


def test_what_is_said_of_the_package_is_true(wheel):
    told: email.message.Message = email.message_from_string(info(wheel, "METADATA"))
    assert (told["Name"], told["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert told["License-Expression"] == "Apache-2.0"
    assert "Apache License" in info(wheel, "licenses/LICENSE")
    assert set(told.get_all("Provides-Extra", [])) == {"all", "dashboard", "dev", "postgres", "pytest", "rehearsal"}
    assert told["Requires-Python"] == PROJECT["requires-python"]
    assert str(told.get_payload()).startswith("# ")
    said = {line.rsplit(" :: ", 1)[-1] for line in told.get_all("Classifier", []) if "Python :: 3." in line}
    assert said == {"3.11", "3.12", "3.13", "3.14"}
    entries = info(wheel, "entry_points.txt")
    for line in (
        "release-guard = guard.cli.main:run",
        "local_web_store = webstore.pytest_plugin",
        "browser_extension = healthchecks.pytest_plugin",
    ):
        assert line in entries.splitlines()
    assert "Root-Is-Purelib: true" in info(wheel, "WHEEL")
