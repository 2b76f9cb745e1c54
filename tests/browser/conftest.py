"""What the browser tests share."""

import pytest

from healthchecks.result import CheckName
from healthchecks.runner import run_checks
from healthchecks.settings import CheckSettings


@pytest.fixture
def check(tmp_path):
    """Run the checks and give each one's result by name."""

    def run(package, *, baseline=None, only=None, settings=None, **options):
        report = run_checks(
            package,
            target="test",
            settings=CheckSettings.model_validate({"check_seconds": 30, **(settings or {})}),
            evidence=tmp_path / "evidence",
            baseline=baseline,
            only=[CheckName(name) for name in only] if only else None,
            **options,
        )
        return report, {result.check.value: result for result in report.checks}

    return run
