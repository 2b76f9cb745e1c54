"""Several watchers share a PostgreSQL: what breaks at once is put right at once, each once, whoever of them dies in the middle."""

import random
from datetime import UTC, datetime

import pytest

from stories.fleet import fleet

SECONDS = 120
"""Nothing takes so long, unless it never comes."""


def real_time():
    return datetime.now(UTC)  # the processes live in it


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_killed_watcher_had_in_hand_is_finished_by_the_others(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    with fleet(tmp_path, url, real_time, count=60, poll_seconds=2, silent_seconds=4) as world:
        for _ in range(3):
            world.watch()
        seen = world.state.seen
        assert world.state.wait_for(lambda: world.baselines() == len(world.items), SECONDS), world.words()
        bad = random.Random(20261125).sample(world.items, 12)
        world.publish_bad(bad)
        assert world.state.wait_for(lambda: any(world.in_hand().values()), SECONDS), world.words()
        victim = next(iter(world.in_hand()))
        world.kill(victim)
        after = {item: len(moments) for item, moments in seen.items()}

        assert world.state.wait_for(lambda: world.completed() == len(bad), SECONDS), world.words()

        assert world.state.wait_for(lambda: all(len(seen[item]) > count for item, count in after.items()), SECONDS), world.words()
        assert {item.id: world.rollbacks(item) for item in world.items} == {
            item.id: ["1.3.0.1"] if item in bad else [] for item in world.items
        }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_watcher_rolls_several_back_at_once_on_a_file(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    with fleet(tmp_path, url, real_time, count=20, poll_seconds=2, silent_seconds=20) as world:
        world.watch()
        assert world.state.wait_for(lambda: world.baselines() == len(world.items), SECONDS), world.words()
        bad = random.Random(20261126).sample(world.items, 6)
        world.publish_bad(bad)
        assert world.state.wait_for(lambda: world.completed() == len(bad), SECONDS), world.words()
        assert [world.rollbacks(item) for item in bad] == [["1.3.0.1"]] * len(bad)
