"""A guard that is killed, or told to stop, while the package it has submitted waits in review: the next one waits on, in the same day."""

import signal
import time
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select, update

from guard.rehearsal import sample
from guard.store.schema import rollback_acts, rollback_steps
from stories.test_killed import World
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

pytestmark = pytest.mark.browser

ROLLBACK = ("rollback", "--reason", "crash drill", "--yes")


class Reviewed(World):
    """A store that does not offer its own rollback, and whose reviews take longer than anybody waits."""

    def is_waiting(self):
        with self.database.connect() as connection:
            evidence = connection.execute(select(rollback_steps.c.evidence).where(rollback_steps.c.name == "perform")).scalar()
        return "waiting for it to be published" in (evidence or "")

    def die_in_review(self, how):
        """Start the rollback, and end its process while it waits."""
        process = self.start(*ROLLBACK)
        deadline = time.monotonic() + 60
        while not self.is_waiting():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.02)  # the moment is inside another process: there is nothing to wait on but its traces
        process.send_signal(how)
        process.communicate(timeout=30)
        self.let_the_dead_be_found()

    def let_pass(self, by):
        """What time would do to what is written down."""
        with self.database.begin() as connection:
            for table, column in ((rollback_acts, "at"), (rollback_steps, "started_at")):
                for row in connection.execute(select(table.c.rollback_id, table.c.name, table.c[column])).all():
                    if row[2] is not None:
                        one = (table.c.rollback_id == row[0]) & (table.c.name == row[1])
                        connection.execute(update(table).where(one).values({column: row[2] - by}))

    def submissions(self):
        calls = requests.get(f"{self.address.base_url}/_local/calls", timeout=5).json()
        return [bool(call["body"].get("skipReview")) for call in calls if call["method"] == "publish"]


@pytest.fixture
def reviewed(tmp_path, clock, database):
    state = LocalStore(clock)
    item = state.add_item("publisher", sample.build(sample.BASE, sample.BASE_VERSION))
    with local_store(state) as address:
        made = Reviewed(state, address, item, tmp_path, database.url.render_as_string(hide_password=False))
        assert made.run("release", "snapshot")[0] == 0
        state.upload(item, sample.build("worker-crash", sample.NEXT_VERSION).to_zip())
        state.publish(item)
        state.behaviour.offers_rollback = False
        state.behaviour.review = timedelta(days=30)
        yield made
        made.database.dispose()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_day_that_a_review_may_take_is_not_begun_anew(reviewed, how):
    reviewed.die_in_review(how)
    reviewed.let_pass(timedelta(hours=25))

    code, document, err = reviewed.run(*ROLLBACK)

    assert code == 4, err
    assert document["state"] == "failed"
    assert "1.3.0.1 is still in review after 1 day" in document["failure"]
    assert reviewed.submissions() == [True, False]


def test_what_is_left_of_the_day_is_waited_for(reviewed):
    reviewed.die_in_review(signal.SIGKILL)
    reviewed.let_pass(timedelta(hours=23))
    reviewed.state.behaviour.review = timedelta(0)

    code, document, err = reviewed.run(*ROLLBACK)

    assert (code, document["state"]) == (0, "completed"), err
    assert reviewed.submissions() == [True, False]
    assert [str(one.version) for one in reviewed.state.history(reviewed.item)] == ["1.2.0", "1.3.0", "1.3.0.1"]
