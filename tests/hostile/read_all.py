"""Reads and unpacks every file of a folder in a process of its own; prints what came of each, and the memory that it took."""

import json
import re
import sys
from pathlib import Path

from webstore.errors import ReleaseGuardError
from webstore.package import Package


def read(path: Path, target: Path) -> str:
    """What came of one file: the refusal's words, or nothing when it was read and unpacked."""
    try:
        package = Package.read(path)
        assert package.code_digest
        package.unpack(target, key="AA==")
    except ReleaseGuardError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def peak_kib() -> int:
    """The most memory that this process ever held. (`getrusage` would count what its parent held before it.)"""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def main(folder: Path, target: Path) -> None:
    """Read them all, one after the other."""
    started = peak_kib()
    outcomes = {path.name: read(path, target / path.name) for path in sorted(folder.iterdir())}
    sys.stdout.write(json.dumps({"outcomes": outcomes, "started_kib": started, "peak_kib": peak_kib()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
