"""Chrome's version numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webstore.versions import Version, VersionError, lowest_free_above

PARTS = st.lists(st.integers(0, 65_535), min_size=1, max_size=4).filter(any).map(tuple)


@pytest.mark.parametrize("text", ["1", "1.2", "0.0.0.1", "65535.65535.65535.65535", "10.0"])
def test_chrome_takes(text):
    assert str(Version.parse(text)) == text


@pytest.mark.parametrize("text", ["", "1.", "01", "1.02", "1.2.3.4.5", "65536", "1.-2", "1.a", " 1", "1 ", "0", "0.0.0.0", "١"])
def test_chrome_refuses(text):
    with pytest.raises(VersionError):
        Version.parse(text)


def test_a_missing_part_compares_as_zero():
    assert Version.parse("1.3") == Version.parse("1.3.0.0")
    assert hash(Version.parse("1.3")) == hash(Version.parse("1.3.0"))
    assert Version.parse("1.3") < Version.parse("1.3.0.1") < Version.parse("1.10")


@pytest.mark.parametrize(
    ("published", "taken", "expected"),
    [
        pytest.param("1.3.0", [], "1.3.0.1", id="a fourth part where there is room"),
        pytest.param("1.3", [], "1.3.0.1", id="so that the team's 1.3.1 stays free"),
        pytest.param("1.3.0.1", [], "1.3.0.2", id="above an earlier rollback"),
        pytest.param("1.3.0", ["1.3.0.1", "1.3.0.2"], "1.3.0.3", id="over what is taken"),
        pytest.param("1.3.0.65535", [], "1.3.1.0", id="carried where a part is full"),
        pytest.param("1.65535.65535.65535", [], "2.0.0.0", id="carried all the way"),
    ],
)
def test_the_lowest_free_number(published, taken, expected):
    found = lowest_free_above(Version.parse(published), [Version.parse(text) for text in taken])
    assert str(found) == expected


def test_above_the_last_number_there_is_none():
    with pytest.raises(VersionError):
        lowest_free_above(Version.parse("65535.65535.65535.65535"))


@given(PARTS)
def test_what_is_written_is_read_back(parts):
    version = Version(parts)
    assert Version.parse(str(version)) == version


@given(PARTS, PARTS)
def test_the_order_is_that_of_the_padded_parts(one, other):
    assert (Version(one) < Version(other)) == ((*one, 0, 0, 0)[:4] < (*other, 0, 0, 0)[:4])


@given(PARTS.filter(lambda parts: parts[0] < 65_535), st.sets(st.integers(1, 5)))
def test_the_lowest_free_number_is_above_and_free_and_lowest(parts, steps):
    published = Version(parts)
    taken = []
    number = published
    for _ in range(5):
        number = lowest_free_above(number)
        taken.append(number)
    kept = [number for step, number in enumerate(taken, 1) if step in steps]
    found = lowest_free_above(published, kept)
    assert found > published
    assert found not in kept
    assert all(lower in kept for lower in taken if lower < found)
