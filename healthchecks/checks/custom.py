"""custom: a team's own pytest tests, run against the version in a process of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from healthchecks.chromium import VARIABLE, find_chromium
from healthchecks.environment import without_secrets
from healthchecks.errors import CheckSettingsError
from healthchecks.result import CheckName, CheckResult, CheckStatus, Finding, plain
from healthchecks.settings import CheckSettings, CustomSettings
from healthchecks.values import plain_line
from webstore.extras import installing
from webstore.package import Package

_FAILED = 1
"""pytest's exit codes: 0 all passed, 1 some failed, 5 none collected, the rest are its own troubles."""
_NONE_COLLECTED = 5
_LONGEST_TAIL = 30


def check_custom(package: Package, settings: CheckSettings, evidence: Path) -> CheckResult:
    """Run the tests. Each that fails is a finding; that none could be run is an error, never a pass.

    Raises:
        CheckSettingsError: pytest is not installed.
    """
    custom = settings.custom
    if custom is None:
        raise AssertionError("asked for without settings")
    if find_spec("pytest_playwright") is None:
        raise CheckSettingsError("the custom check needs pytest").advise(installing("pytest"))
    results = evidence / "custom"
    results.mkdir(parents=True, exist_ok=True)
    report = results / "junit.xml"
    report.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-guard-") as folder:
        package.unpack(Path(folder))
        code, output = _pytest(custom, Path(folder), report, _environment(settings))
    if code is None:
        words = f"the tests did not end within {custom.seconds:g} s and were ended"
        return _error("time_limit", words, "look for one that waits for ever, or raise `seconds` of [extension.checks.custom]", output)
    if code == _NONE_COLLECTED:
        return _error("no_tests", f"pytest finds no tests in {custom.folder}", "name the files test_*.py, or correct `folder`", output)
    if code not in {0, _FAILED} or not report.exists():
        return _error(
            "tests_not_run", f"pytest could not run the tests (it ended with {code})", "run pytest by hand on that folder", output
        )
    passed, findings = _read(report)
    if passed == 0 and not findings:
        return _error("no_tests", "every test was skipped, so nothing is known", "look at why they are skipped", output)
    note = f"{passed} of {passed + len(findings)} tests passed"
    return CheckResult.of(CheckName.CUSTOM, findings, note=note)


def _pytest(custom: CustomSettings, extension: Path, report: Path, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """Pytest's exit code, none when it was ended, and the end of what it said."""
    options = ["--extension", str(extension), f"--junitxml={report.resolve()}", "-p", "no:cacheprovider", "--color=no"]
    command = [sys.executable, "-m", "pytest", str(custom.folder), *options, *custom.arguments]
    folder = custom.folder if custom.folder.is_dir() else custom.folder.parent
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=custom.seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with its browsers
        output, code = process.communicate()[0], None
    lines = output.decode("utf-8", "replace").splitlines()
    return code, "\n".join(plain_line(line) for line in lines[-_LONGEST_TAIL:])


def _environment(settings: CheckSettings) -> dict[str, str]:
    """This process's, without secrets, and with the Chromium of the checks."""
    return {**without_secrets(os.environ), VARIABLE: str(find_chromium(settings.chromium).path)}


def _read(report: Path) -> tuple[int, list[Finding]]:
    """How many tests passed, and a finding for each that did not."""
    passed, findings = 0, list[Finding]()
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by the pytest that we started
        name = plain(f"{case.get('classname', '')}.{case.get('name', '')}".strip("."))
        fault = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
        if fault is not None:
            detail = "\n".join(plain_line(line) for line in (fault.text or "").splitlines()[-_LONGEST_TAIL:])
            words = f"{name}: {plain(fault.get('message', '') or 'failed')}"
            findings.append(Finding("test_failed", words, "run this test by hand, with --tracing on", detail=detail))
        elif case.find("skipped") is None:
            passed += 1
    return passed, findings


def _error(code: str, words: str, hint: str, output: str) -> CheckResult:
    return CheckResult(CheckName.CUSTOM, CheckStatus.ERROR, (Finding(code, words, hint, detail=output),))
