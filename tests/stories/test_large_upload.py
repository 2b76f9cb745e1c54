"""A package of 1 GB through the whole of `publish`: read, sent, processed and kept, in memory that does not grow with it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from factories import Shop

GIB = 1024**3
FILES = 16
MOST_KIB = 100 * 1024

PUBLISH = """
import sys
from guard.cli.main import main
from hostile.read_all import peak_kib
code = main(["publish", sys.argv[1], "--wait", "--json"])
print(peak_kib(), file=sys.stderr)
sys.exit(code)
"""


def a_large_package(path: Path, version: str, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", json.dumps({"manifest_version": 3, "name": "Large", "version": version}))
        for number in range(FILES):
            with archive.open(f"{number}.bin", "w", force_zip64=False) as file:
                for _ in range(size // FILES // 65_536):
                    file.write(bytes([number]) * 65_536)
    return path


def publish(folder: Path, package: Path) -> int:
    """Publish it as a user would; the most memory (KiB) that the command ever held."""
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(package)],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["ending"] == "published"
    return int(done.stderr.split()[-1])


def test_memory_does_not_grow_with_the_package(store: Shop, tmp_path):
    from hostile.read_all import peak_kib

    (tmp_path / "release-guard.toml").write_text(
        f'[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n'
        f'[watch]\npoll_seconds = 0.1\n[[extension]]\nid = "{store.item.id}"\npublisher = "publisher"\n'
    )
    small = publish(tmp_path, a_large_package(tmp_path / "small.zip", "2.0", 2**20))
    before = peak_kib()
    large = publish(tmp_path, a_large_package(tmp_path / "large.zip", "2.1", GIB))
    assert large - small < MOST_KIB
    assert peak_kib() - before < MOST_KIB, "the local store itself, which runs in this process"
    (tmp_path / "large.zip").unlink()
    newest = store.state.history(store.item)[-1]
    assert (str(newest.version), sum(newest.package.files.size(name) for name in newest.package.files) > GIB) == ("2.1", True)
