"""Many extensions of one team, watched by several processes that share a PostgreSQL: the world of a story, and of a benchmark in real time."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import sqlalchemy
from cryptography.hazmat.primitives.asymmetric import rsa

from factories import a_package
from guard.store.database import parse_url
from stories.stubbed import BAD
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

BAD_FILE = {BAD.replace(".", "__"): "broken"}
_FINISHED = "SELECT count(*) FROM rollbacks WHERE state = 'completed'"
_BASELINES = "SELECT count(*) FROM releases WHERE state = 'good'"
_IN_HAND = (
    "SELECT executors.pid, count(*) FROM claims JOIN rollbacks ON rollbacks.id = claims.rollback_id "
    "JOIN executors ON executors.id = claims.executor_id WHERE rollbacks.state = 'running' GROUP BY executors.pid"
)


class SeenStore(LocalStore):
    """A store that remembers when each item's status was read."""

    def __init__(self, now):
        super().__init__(now)
        self.seen, self.changed = {}, threading.Condition()

    def status(self, item):
        with self.changed:
            self.seen.setdefault(item.id, []).append(time.monotonic())
            self.changed.notify_all()
        return super().status(item)

    def wait_for(self, condition, seconds):
        """Until something holds, which can only come to hold after a reading of the store; whether it does."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def longest_gap(self, item, since, until):
        """Seconds for which nobody read an item."""
        moments = [since, *(moment for moment in self.seen.get(item.id, []) if since <= moment <= until), until]
        return max(after - before for before, after in itertools.pairwise(moments))


class Fleet:
    """A store with many items, and processes that watch them."""

    def __init__(self, state, items, folder, url, silent_seconds):
        self.state, self.items, self.folder, self.url, self.silent_seconds = state, items, folder, url, silent_seconds
        self.database = sqlalchemy.create_engine(parse_url(url))
        self.processes: list[subprocess.Popen[bytes]] = []

    def watch(self):
        """One more watcher, in a process of its own."""
        command = [sys.executable, "-m", "stories.stubbed", str(self.silent_seconds), "watch"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "RELEASE_GUARD_DATABASE_URL": self.url}
        number = len(self.processes)
        with (self.folder / f"watch-{number}.txt").open("w") as out:
            self.processes.append(
                subprocess.Popen(command, cwd=self.folder, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
            )

    def publish_bad(self, items):
        for item in items:
            self.state.upload(item, a_package("1.3.0", **BAD_FILE).to_zip())
            self.state.publish(item)

    def baselines(self):
        """How many items' first version is known to be good."""
        return self._rows(_BASELINES)[0][0]

    def completed(self):
        return self._rows(_FINISHED)[0][0]

    def in_hand(self):
        """How many rollbacks each process has under way, by its number in the system."""
        return dict(self._rows(_IN_HAND))

    def kill(self, pid):
        """As the kernel would; only one of ours."""
        next(process for process in self.processes if process.pid == pid).send_signal(signal.SIGKILL)

    def rollbacks(self, item):
        return [str(revision.version) for revision in self.state.history(item) if revision.source == "rollback"]

    def words(self):
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("watch-*.txt")))

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait(timeout=60)
        self.database.dispose()

    def _rows(self, statement):
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]


@contextlib.contextmanager
def fleet(folder, url, now, *, count, poll_seconds, silent_seconds):
    """So many items at 1.2.0; their watchers poll and are found dead after so many seconds."""
    state = SeenStore(now)
    items = [state.add_item("publisher", a_package("1.2.0"), key=_small_key()) for _ in range(count)]
    with local_store(state) as address:
        head = f'mode = "act"\n[store]\nbase_url = "{address.base_url}"\nupdate_url = "{address.update_url}"\ncredentials = "none"\n'
        head += f"requests_per_minute = 60000\n[watch]\npoll_seconds = {poll_seconds}\n"
        tables = [f'[[extension]]\nid = "{item.id}"\npublisher = "publisher"\n' for item in items]
        (folder / "release-guard.toml").write_text(head + "".join(tables))
        made = Fleet(state, items, folder, url, silent_seconds)
        try:
            yield made
        finally:
            made.stop()


def _small_key():
    """A smaller one than the store's: two hundred of them are made."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - it protects nothing
