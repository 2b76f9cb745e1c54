"""The canonical digest against plain SHA-256 of the same content, in one run: what being canonical costs."""

import hashlib
import io
import random
import time
import zipfile

import pytest

from webstore.package import Package

FILES = 400
MIB = 1024**2
RUNS = 5
LEAST = 0.5


def content(total: int) -> dict[str, bytes]:
    """Files of a real extension's sizes: many small ones, a few large; text that compresses as code does."""
    chance = random.Random(1)
    words = [bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz(){};. =", k=7)) for _ in range(5000)]
    sizes = [chance.paretovariate(1.1) for _ in range(FILES)]
    scale = total / sum(sizes)
    return {
        f"dir{number % 9}/file{number}.js": b"".join(chance.choices(words, k=int(size * scale) // 7 + 1))
        for number, size in enumerate(sizes)
    }


def best(act) -> float:
    """Seconds of the quickest of some runs: what disturbs a run only makes it slower."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.fixture(scope="module")
def files():
    return {"manifest.json": b'{"manifest_version": 3, "name": "Bench", "version": "1.0"}', **content(32 * MIB)}


def plain(contents) -> str:
    whole = hashlib.sha256()
    for one in contents:
        whole.update(one)
    return whole.hexdigest()


def test_of_files_in_memory(files):
    package = Package.of(files)
    ratio = best(lambda: plain(files.values())) / best(lambda: package.code_digest)
    assert ratio >= LEAST, f"{ratio:.2f} of the speed of plain SHA-256"


def test_of_a_zip_both_inflated(files):
    zipped = Package.of(files).to_zip()

    def inflated():
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            plain(archive.read(entry) for entry in archive.infolist())

    ratio = best(inflated) / best(lambda: Package.read(zipped).code_digest)
    assert ratio >= LEAST, f"{ratio:.2f} of the speed of inflating and plain SHA-256"
