"""What many browsers ask for at once: made twice at the most, never older than the question."""

import asyncio

import pytest

from guard.dashboard.operations import File
from guard.dashboard.sharing import Shared


class Maker:
    """Makes numbered answers, each when it is told to end."""

    def __init__(self):
        self.begun, self.ends = 0, []

    async def make(self):
        self.begun += 1
        number, end = self.begun, asyncio.get_running_loop().create_future()
        self.ends.append(end)
        await end
        return File(str(number).encode(), "text/plain")


async def settled():
    """Whatever can go on has."""
    for _ in range(5):
        await asyncio.sleep(0)


async def content(asked):
    answer = await asked
    assert isinstance(answer, File)
    return answer.content


def ask(shared, maker, key="overview"):
    return asyncio.get_running_loop().create_task(shared.run(key, maker.make))


def test_fifty_who_ask_while_one_is_made_share_the_next():
    async def story():
        shared, maker = Shared(), Maker()
        first = ask(shared, maker)
        await settled()
        others = [ask(shared, maker) for _ in range(50)]
        await settled()
        assert maker.begun == 1
        maker.ends[0].set_result(None)
        await settled()
        assert maker.begun == 2
        late = ask(shared, maker)
        await settled()
        maker.ends[1].set_result(None)
        await settled()
        maker.ends[2].set_result(None)
        found = [await content(one) for one in (first, *others, late)]
        assert found == [b"1", *[b"2"] * 50, b"3"]
        again = ask(shared, maker)
        await settled()
        maker.ends[3].set_result(None)
        assert await content(again) == b"4"

    asyncio.run(story())


def test_other_questions_are_answered_meanwhile():
    async def story():
        shared, maker = Shared(), Maker()
        one, other = ask(shared, maker), ask(shared, maker, "release")
        await settled()
        assert maker.begun == 2
        for end in maker.ends:
            end.set_result(None)
        assert {await content(one), await content(other)} == {b"1", b"2"}

    asyncio.run(story())


def test_one_who_goes_away_leaves_the_answer_to_the_others():
    async def story():
        shared, maker = Shared(), Maker()
        first = ask(shared, maker)
        await settled()
        impatient, patient = ask(shared, maker), ask(shared, maker)
        await settled()
        first.cancel()
        impatient.cancel()
        maker.ends[0].set_result(None)
        await settled()
        maker.ends[1].set_result(None)
        assert await content(patient) == b"2"

    asyncio.run(story())


def test_what_goes_wrong_is_told_to_all_who_wait_and_is_over_then():
    async def story():
        shared, maker = Shared(), Maker()
        first = ask(shared, maker)
        await settled()
        others = [ask(shared, maker) for _ in range(3)]
        maker.ends[0].set_exception(LookupError("one"))
        await settled()
        maker.ends[1].set_exception(LookupError("two"))
        with pytest.raises(LookupError, match="one"):
            await first
        for other in others:
            with pytest.raises(LookupError, match="two"):
                await other
        again = ask(shared, maker)
        await settled()
        maker.ends[2].set_result(None)
        assert await content(again) == b"3"

    asyncio.run(story())
