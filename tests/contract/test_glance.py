"""What is asked of many items at once is what would be asked of each: on both databases, over histories of every kind. Seeded."""

import random
from datetime import timedelta

from guard.model import Provenance, Release, ReleaseState
from guard.store.glance import Glance
from guard.store.orders import Orders
from guard.store.releases import Releases
from webstore.models import Item
from webstore.versions import Version


def test_the_newest_release_and_its_baseline_are_those_of_each_item(database, clock):
    chance, kept, orders = random.Random(8), Releases(database), Orders(database, clock)
    items = [Item("publisher", f"{number:032d}") for number in range(40)]
    for number, item in enumerate(items):
        for place in range(number % 13 + 1):
            version = Version.parse(f"1.{place}.0")
            state = chance.choice(list(ReleaseState)) if number % 3 else ReleaseState.GOOD
            provenance = chance.choice(list(Provenance))
            kept.record(Release(item, version, clock() + timedelta(days=place), provenance=provenance, state=state))
            if chance.random() < 0.2:
                orders.block(item, version, "alice", "no")
    found = Glance(database, clock).newest()
    assert set(found) == set(items)
    baselines = set()
    for item in items:
        newest = kept.all(item)[0]
        baseline = kept.baseline_of(item, newest.version)
        assert (found[item].release, found[item].baseline) == (newest, baseline)
        baselines.add(baseline is None)
    assert baselines == {True, False}


def test_of_an_empty_database_nothing_is_newest(database, clock):
    assert Glance(database, clock).newest() == {}
