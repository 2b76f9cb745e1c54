"""The whole suite on the good sample, many times, with one core kept busy: no failure, and none that does not repeat.

    python tests/benchmarks/steady_checks.py 100

Not part of the tests: a hundred runs take about a quarter of an hour.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from guard.rehearsal import sample
from healthchecks.runner import run_checks
from healthchecks.scenario import ExtractionScenario
from healthchecks.settings import CheckSettings

SCENARIO = {
    "name": "library",
    "open": sample.LIBRARY_ADDRESS,
    "page": sample.library_page(),
    "expect_page": [{"selector": "html[data-bookshelf-count]"}],
    "expect_storage": [{"path": "books", "at_least": sample.BOOKS_ON_PAGE}],
}
SETTINGS = CheckSettings(extraction=(ExtractionScenario.model_validate(SCENARIO),))


def keep_busy():
    while True:
        sum(range(10_000))


def main(runs):
    burner = multiprocessing.Process(target=keep_busy, daemon=True)
    burner.start()
    package, baseline = sample.build(sample.GOOD, sample.NEXT_VERSION), sample.build(sample.BASE, sample.BASE_VERSION)
    seen, flaky, seconds = Counter(), 0, []
    for number in range(runs):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = run_checks(package, target="sample", settings=SETTINGS, evidence=Path(folder), baseline=baseline)
        seconds.append(time.monotonic() - started)
        seen[report.status] += 1
        for result in report.checks:
            flaky += result.is_flaky
            if result.is_flaky or result.status.value in {"failed", "error"}:
                print(number, result.check, result.status, [finding.message for finding in result.findings], flush=True)
    burner.kill()
    middle = sorted(seconds)[len(seconds) // 2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{runs} runs: {dict(seen)}, {flaky} flaky, median {middle:.1f} s, longest {max(seconds):.1f} s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
