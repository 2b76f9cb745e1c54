"""The archive keeps what it was given, notices damage, and lets go of nothing that a rollback may need."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from factories import a_package
from webstore.archive import Archive, ArchiveDamaged, VersionTaken
from webstore.models import Item
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)
V = Version.parse


@pytest.fixture
def archive(tmp_path, clock):
    return Archive(tmp_path / "archive", clock)


def files(archive, pattern):
    return sorted(archive.folder.rglob(pattern))


def test_the_same_code_is_kept_once_under_all_its_versions(archive):
    digest = archive.add(a_package("1.2.0"), ITEM, "store")
    assert archive.add(a_package("1.3.0.1"), ITEM, "store") == digest
    assert archive.get(digest).code_digest == digest
    assert [str(kept.version) for kept in archive.entries(ITEM.id)] == ["1.3.0.1", "1.2.0"]
    assert str(archive.find(ITEM.id, V("1.2")).version) == "1.2.0"
    assert len(files(archive, "*.zip")) == 1
    assert files(archive, "*.part") == []
    assert archive.get("0" * 64) is None
    assert archive.find(ITEM.id, V("9")) is None


def test_what_is_kept_comes_back_as_it_was(archive):
    package = a_package("1.2.0", a__js="x" * 10_000)
    assert archive.get(archive.add(package, ITEM, "store")).files == package.files


def test_a_version_never_changes_its_code_in_silence(archive):
    archive.add(a_package("1.2.0"), ITEM, "store")
    with pytest.raises(VersionTaken):
        archive.add(a_package("1.2.0", a__js="other"), ITEM, "file")
    other = archive.add(a_package("1.2.0", a__js="other"), ITEM, "file", replace=True)
    assert archive.find(ITEM.id, V("1.2.0")).digest == other


def test_every_damage_is_found_and_named(archive):
    digest = archive.add(a_package("1.2.0"), ITEM, "store")
    archive.add(a_package("1.3.0", a__js="1"), ITEM, "store")
    archive.add(a_package("1.4.0", a__js="2"), ITEM, "store")
    assert archive.verify() == []
    first = archive._package_path(digest)
    first.write_bytes(a_package("1.2.0", a__js="evil").to_zip())
    archive._package_path(archive.find(ITEM.id, V("1.3.0")).digest).unlink()
    archive._entry_path(ITEM.id, V("1.4.0")).write_text("{")
    (first.parent / "x.part").write_bytes(b"half")
    problems = {damage.path.name: damage.problem for damage in archive.verify()}
    assert "holds something else" in problems[first.name]
    assert "is missing" in problems["1.3.0.0.json"]
    assert "cannot be read" in problems["1.4.0.0.json"]
    assert "interrupted" in problems["x.part"]
    with pytest.raises(ArchiveDamaged):
        archive.get(digest)
    first.write_bytes(b"no zip")
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        archive.get(digest)


def test_a_write_that_fails_leaves_nothing(archive, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        archive.add(a_package("1.2.0"), ITEM, "store")
    assert [path for path in archive.folder.rglob("*") if path.is_file()] == []


def test_many_at_once_keep_everything(archive):
    packages = [a_package(f"1.{number}", a__js=str(number % 3)) for number in range(24)]
    threads = [threading.Thread(target=archive.add, args=(package, ITEM, "store")) for package in packages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(archive.entries(ITEM.id)) == 24
    assert len(files(archive, "*.zip")) == 3
    assert archive.verify() == []


def test_old_versions_are_let_go_but_never_protected_ones_nor_what_is_still_named(archive, clock):
    for number in range(6):
        archive.add(a_package(f"1.{number}", a__js=str(number)), ITEM, "store")
    other = Item("publisher", "b" * 32)
    shared = archive.add(a_package("7.0", a__js="1"), other, "store")
    for path in files(archive, "*.zip"):
        long_ago = (clock() - timedelta(days=9)).timestamp()
        os.utime(path, (long_ago, long_ago))
    forgotten = archive.prune(ITEM.id, 2, {V("1.0")})
    assert [str(kept.version) for kept in forgotten] == ["1.3", "1.2", "1.1"]
    assert [str(kept.version) for kept in archive.entries(ITEM.id)] == ["1.5", "1.4", "1.0"]
    assert archive.get(shared)
    assert len(files(archive, "*.zip")) == 4
    assert archive.verify() == []


def test_a_package_that_is_just_being_added_is_not_swept_away(archive, clock):
    digest = archive.add(a_package("1.0"), ITEM, "store")
    now = clock().timestamp()
    os.utime(archive._package_path(digest), (now, now))
    archive._entry_path(ITEM.id, V("1.0")).unlink()
    archive.prune(ITEM.id, 2, set())
    assert archive.get(digest)


def test_with_an_entry_that_cannot_be_read_no_package_is_deleted(archive, clock):
    digest = archive.add(a_package("1.0"), ITEM, "store")
    long_ago = (clock() - timedelta(days=9)).timestamp()
    os.utime(archive._package_path(digest), (long_ago, long_ago))
    archive._entry_path(ITEM.id, V("1.0")).write_text("{")
    archive.prune(ITEM.id, 2, set())
    assert archive.get(digest)


def test_what_an_entry_says_is_bounded_and_plain(archive):
    archive.add(a_package("1.0"), ITEM, "x" * 5000)
    entry = json.loads(Path(files(archive, "1.0.0.0.json")[0]).read_text())
    assert len(entry["source"]) == 200
    assert set(entry) == {"version", "digest", "name", "source", "added_at"}


KILLED = """
import sys
from pathlib import Path
from webstore.archive import Archive
from webstore.models import Item
from webstore.package import Package
Archive(Path(sys.argv[1])).add(Package.read(Path(sys.argv[2])), Item("publisher", "a" * 32), "store")
"""


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_half_kept(tmp_path, clock):
    package = a_package("1.0").with_files({"noise.bin": random.Random(1).randbytes(30 * 1024**2)})
    source, folder = tmp_path / "package.zip", tmp_path / "archive"
    source.write_bytes(package.to_zip())
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(source)])
    deadline = time.monotonic() + 30
    while not list(folder.rglob("*.part")):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.kill()
    process.wait()
    archive = Archive(folder, clock)
    assert archive.entries(ITEM.id) == []
    assert archive.get(package.code_digest) is None
    assert ["interrupted" in damage.problem for damage in archive.verify()] == [True]
    archive.add(package, ITEM, "store")
    (left,) = files(archive, "*.part")
    long_ago = (clock() - timedelta(days=9)).timestamp()
    os.utime(left, (long_ago, long_ago))
    archive.prune(ITEM.id, 2, set())
    assert archive.verify() == []
