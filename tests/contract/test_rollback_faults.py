"""Every fault at every call of a whole rollback: alone, for good, in pairs, and in random sequences. It ends, acts once, and ends in time."""

import itertools
import random
from datetime import timedelta

import pytest

from contract.broken_network import FAULTS, Fault, Killed
from contract.fault_stage import Stage, anew
from contract.witness import Witness
from factories import Clock, Shop, a_package
from guard.rollback.errors import ReviewPending, SubmissionEnded, TakenDown
from webstore.models import ItemState
from webstore.simulator import server
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

# What the store has read and will refuse again, and what asks for more patience than there is: the others pass, and are no end.
ENDS = {"400", "401", "403", "404", "409", "412", "501", "429 with Retry-After 7200"}
CALLS = {
    "own": ("status", "dry run", "rollback", "cancel", "update check", "package"),
    "other": ("rollback", "upload", "skip review", "submit", "status"),
}
"""What each way calls, by what it is for."""
EACH = [(way, purpose) for way, purposes in CALLS.items() for purpose in purposes]
LASTING = (
    *("403", "409", "429", "503", "nobody listens", "reset before it is done", "reset after it is done", "stalls and is not done"),
    *("stalls and is done later", "trickles", "garbage of a proxy", "garbage after it is done", "redirect to nonsense"),
)
PAIRED = ("409", "503", "reset after it is done", "stalls and is done later", "garbage of a proxy")
PASSING = [FAULTS[name] for name in FAULTS if name not in ENDS]
ENDING = [FAULTS[name] for name in sorted(ENDS)]


@pytest.fixture(scope="module")
def shop():
    """One store for all cases, each of which has the item anew; it is watched as any other."""
    watching, serve, state = Witness(), server.serve, LocalStore(Clock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "serve", lambda app, port=0: serve(watching.around(app), port))
        with local_store(state) as address:
            running = Shop(state, address)
            yield running
            running.session.close()
    assert not watching.violations


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stages")


def played(stage: Stage, way: str):
    stage.submit("1.4.0", staged=True)
    stage.store.state.behaviour.offers_rollback = way == "own"
    failure = stage.play()
    stage.must_have_kept_its_promises(failure)
    return failure


def at(purpose, *faults, stays=False):
    """Those faults at the first calls that are for ``purpose``; the last one for good, when it stays."""
    met = itertools.count()

    def script(due: str, _number: int) -> Fault | None:
        if due != purpose:
            return None
        place = next(met)
        return faults[min(place, len(faults) - 1)] if stays or place < len(faults) else None

    return script


@pytest.mark.parametrize(("way", "purpose"), EACH)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_no_end_and_one_that_does_not_ends_it_with_a_reason(shop, folder, way, purpose, name):
    with anew(shop, folder, at(purpose, FAULTS[name])) as stage:
        failure = played(stage, way)
        assert any(one.fault for one in stage.network.sent)
        assert failure is None or name in ENDS


@pytest.mark.parametrize(("way", "purpose"), EACH)
@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_stays_ends_it_in_time(shop, folder, way, purpose, name):
    with anew(shop, folder, at(purpose, FAULTS[name], stays=True)) as stage:
        failure = played(stage, way)
        if purpose in {"status", "dry run", "update check", "package"}:
            # What cannot be read is not guessed; a refused dry run alone is cured by the kept package.
            assert failure is not None or (purpose, name) == ("dry run", "409")


@pytest.mark.parametrize(("way", "purpose"), [("own", "rollback"), ("own", "cancel"), ("other", "upload"), ("other", "submit")])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(PAIRED, PAIRED)))
def test_a_second_fault_at_the_same_call(shop, folder, way, purpose, first, second):
    with anew(shop, folder, at(purpose, FAULTS[first], FAULTS[second])) as stage:
        failure = played(stage, way)
        assert failure is None or "409" in {first, second}


def deeds(stage: Stage):
    """What somebody else may do to the item meanwhile."""
    state, item = stage.store.state, stage.store.item

    def reject() -> None:
        state.behaviour.approves = False

    def cancel() -> None:
        with state.listing(item) as listing:
            if listing.submission and listing.submission.is_active:
                state.cancel(item)

    def publish() -> None:
        cancel()
        with state.listing(item) as listing:
            listing.draft = a_package("1.4.0")
        usual, state.behaviour.review = state.behaviour.review, timedelta(0)
        state.publish(item)
        state.behaviour.review = usual

    def take_down() -> None:
        stage.store.change_item(item, taken_down=True)

    return {"nothing": lambda: None, "reject": reject, "cancel": cancel, "publish": publish, "take down": take_down}


def disturb(stage: Stage, rng: random.Random) -> int:
    """Let somebody do something between two calls, and processes die at some; how many publications of others that may make."""
    deed, due = rng.choice(("nothing", "nothing", "nothing", "reject", "cancel", "publish", "take down")), rng.randrange(25)
    deaths = {rng.randrange(40) for _ in range(rng.choice((0, 0, 1, 2)))}
    dies_before = rng.random() < 0.5

    def before(number: int) -> None:
        if number == due:
            deeds(stage)[deed]()
        if dies_before and number in deaths:
            raise Killed

    def after(number: int) -> None:
        if not dies_before and number in deaths:
            raise Killed

    stage.network.before, stage.network.after = before, after
    return int(deed == "publish")


@pytest.mark.parametrize("seed", range(120))
def test_whatever_happens_it_ends_once_and_in_time(shop, folder, seed):
    rng = random.Random(seed)
    share, worst = rng.choice((0.05, 0.2, 0.4, 0.8)), rng.choice((0.0, 0.0, 0.1))

    def script(_purpose: str, _number: int) -> Fault | None:
        if rng.random() >= share:
            return None
        return rng.choice(ENDING if rng.random() < worst else PASSING)

    with anew(shop, folder, script, seed) as stage:
        behaviour = shop.state.behaviour
        is_waiting, is_staged = rng.random() < 0.5, rng.random() < 0.5
        if is_waiting:
            stage.submit("1.4.0", staged=is_staged)
        behaviour.review = timedelta(hours=rng.choice((0, 1, 30)))
        behaviour.rollback = timedelta(seconds=rng.choice((0, 40)))
        behaviour.processing = timedelta(seconds=rng.choice((0, 60)))
        behaviour.propagation = timedelta(minutes=rng.choice((0, 2)))
        behaviour.offers_rollback = rng.random() < 0.5
        if rng.random() < 0.1:
            next(stage.archive.folder.rglob("*.zip")).unlink()
        others = disturb(stage, rng) + (is_waiting and not is_staged)
        failure = stage.play()
        stage.must_have_kept_its_promises(failure, by_others=others)


@pytest.mark.parametrize(
    ("deed", "reason", "ending"),
    [
        ("rejected", SubmissionEnded, "rejected 1.3.0.1 in review"),
        ("cancelled", SubmissionEnded, "cancelled by somebody"),
        ("taken down", TakenDown, "policy violation"),
        ("never reviewed", ReviewPending, "still in review after 1 day"),
    ],
)
def test_a_submission_that_waits_in_review_and_does_not_get_through(shop, folder, deed, reason, ending):
    with anew(shop, folder, lambda _purpose, _number: None) as stage:
        shop.state.behaviour.offers_rollback = False
        shop.state.behaviour.review = timedelta(hours=30)

        def happens(_number: int) -> None:
            if stage.network.monotonic() < 3600 * 5 or deed == "never reviewed":
                return
            if deed == "taken down":
                shop.change_item(shop.item, taken_down=True)
            with shop.state.listing(shop.item) as listing:
                if listing.submission and deed in {"rejected", "cancelled"}:
                    listing.submission.state = ItemState(deed.upper())

        stage.network.before = happens
        failure = stage.play()
        stage.must_have_kept_its_promises(failure)
        assert isinstance(failure, reason)
        assert ending in str(failure)
        assert stage.published() == []
        hours = stage.network.monotonic() / 3600
        assert (hours < 25) if deed == "never reviewed" else (hours < 6)
