"""The command line as a process whose checks need no browser: `python -m stories.stubbed SECONDS COMMAND…`.

What holds a file `bad.js` fails. SECONDS: how long a heart may be silent; it beats four times as often. All else is as users have it.
"""

import sys
from datetime import timedelta

import guard.store.executors
import guard.store.heartbeat
from guard.engine import Guarded
from healthchecks.differential import compare
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding

BAD = "bad.js"


def told(self, package, baseline):
    version = str(package.version)
    findings = [Finding("x", "the popup throws", "")] if BAD in package.files else []
    return CheckReport(version, version, (CheckResult(CheckName.LOAD, CheckStatus.PASSED), CheckResult.of(CheckName.UI, findings)))


def told_side_by_side(self, package, baseline):
    return compare(told(self, package, baseline), told(self, baseline, None))


def main():
    silent = timedelta(seconds=float(sys.argv.pop(1)))
    guard.store.executors.DEAD_AFTER = silent
    guard.store.heartbeat.BEAT = silent / 4
    Guarded.check, Guarded.check_side_by_side = told, told_side_by_side
    from guard.cli.main import run

    run()


if __name__ == "__main__":
    main()
