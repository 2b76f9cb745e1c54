"""Every kind of extension passes when it is well, and each fault is named by the check whose matter it is. Without any configuration."""

import pytest

from browser.kinds import BROKEN, GOOD, Broken
from healthchecks.result import CheckStatus
from healthchecks.runner import run_checks
from healthchecks.settings import CheckSettings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def table():
    """What was expected and what was found, shown when the module has ended (`pytest -s`)."""
    rows: list[tuple[str, str, str]] = []
    yield rows
    print()  # noqa: T201 - a table for people
    for row in sorted(rows):
        print(" | ".join(row))  # noqa: T201 - as above


def test_there_are_enough_of_them():
    assert len(GOOD) >= 20
    assert len(BROKEN) >= 30
    assert len({one.fault for one in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_one_passes(kind, tmp_path):
    report = run_checks(GOOD[kind], target=kind, settings=CheckSettings(), evidence=tmp_path, baseline=GOOD[kind])
    found = {result.check.value: (result.status.value, [finding.message for finding in result.findings]) for result in report.checks}
    assert {status for status, _ in found.values()} <= {"passed", "not_configured"}, found
    assert found["load"] == ("passed", []), found


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.fault)
def test_a_fault_is_named(broken: Broken, tmp_path, table):
    report = run_checks(broken.package, target=broken.fault, settings=CheckSettings(), evidence=tmp_path, baseline=broken.baseline)
    result = next(one for one in report.checks if one.check == broken.check)
    said = [finding for finding in result.findings if broken.words in finding.message]
    table.append((broken.fault, f"{broken.check}: {broken.words}", said[0].message if said else "NOT FOUND"))
    assert said, [(one.check.value, one.status.value, [finding.message for finding in one.findings]) for one in report.checks]
    if said[0].code != "permissions_disable":  # which a team may want; it is told, and fails nothing
        assert result.status is CheckStatus.FAILED
        assert said[0].hint
