"""What contract tests share: the gate's world. A test changes its configuration by a fixture or parameter ``settings``."""

import shutil

import pytest
from dashboard_data import fill
from requests.adapters import HTTPAdapter

from contract.dashboard_world import served
from contract.gate_world import Network, Visitors, World, without_pauses
from contract.sentry_world import SentryWitness
from contract.sentry_world import World as Reports
from databases import Admin
from guard.config import Config
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.observing import snapshot
from guard.store.database import open_database


@pytest.fixture
def settings():
    return {"mode": "act"}


@pytest.fixture
def world(store, clock, database, tmp_path, settings):
    """Users have 1.2.0, the baseline, for five minutes."""
    config = Config.model_validate(
        {
            "state": str(tmp_path),
            "store": {"base_url": store.address.base_url, "update_url": store.address.update_url, "credentials": "none"},
            "watch": {"propagation_timeout_seconds": 2, "live_timeout_seconds": 120},
            "extension": [{"id": store.item.id, "publisher": store.item.publisher, "name": "shelf"}],
            **settings,
        }
    )
    found = World.open(store, clock, database, config)
    snapshot(found.engine, found.guarded)
    clock.forward(minutes=5)
    return found


@pytest.fixture
def visitors(clock, monkeypatch):
    """A local Sentry that hears of users; its token is in the environment."""
    without_pauses(monkeypatch)
    state = LocalSentry(clock)
    with local_sentry(state) as address:
        monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", address.token)
        yield Visitors(Reports(state, address, clock, SentryWitness()))


@pytest.fixture
def network(monkeypatch):
    found = Network()
    monkeypatch.setattr(HTTPAdapter, "send", lambda *whom, **options: found.send(*whom, **options))  # noqa: PLW0108 - a method needs a function
    return found


@pytest.fixture
def published(world, visitors):
    """1.3.0 is out, and what 1.2.0 did before is known."""
    visitors.come("1.2.0", 2000, 4)
    world.clock.forward(minutes=2)
    world.store.publish("1.3.0", a__js="1")
    return world


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """Folders that were filled once, by the kind of their database: filling takes seconds, a copy none."""
    return {"root": tmp_path_factory.mktemp("templates")}


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request, templates, tmp_path):
    """A database of each kind, with what a year of guarding leaves behind."""
    kind = request.param
    admin = Admin(request.getfixturevalue("postgres_url")) if kind == "postgresql" else None
    if kind not in templates:
        folder = templates["root"] / kind
        folder.mkdir()
        url = admin.create() if admin else f"sqlite:///{folder / 'guard.db'}"
        engine = open_database(url)
        templates[kind] = folder, url, fill(engine, folder)
        engine.dispose()
    folder, template, known = templates[kind]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    engine = open_database(admin.copy(template) if admin else f"sqlite:///{tmp_path / 'guard.db'}")
    yield known.again(engine, tmp_path)
    engine.dispose()


@pytest.fixture
def site(filled):
    """Its dashboard, being served."""
    with served(filled) as found:
        yield found
