"""extraction: on a page that is configured, the extension does what it is for."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from healthchecks.checks.load import runtime_findings
from healthchecks.checks.steps import Stage
from healthchecks.errors import StepFailed
from healthchecks.network import Refused, serve
from healthchecks.result import CheckName, CheckResult, Finding
from healthchecks.scenario import ExtractionScenario, PageExpectation, StorageExpectation
from healthchecks.trial import Trial
from healthchecks.values import canonical, golden_difference, holds, schema_faults, size_at, values_at
from webstore.package import Package, field_at

_NOTE = "no page is configured: add [[extension.checks.extraction]] with `open` and what must be there"
_COMPARE = "open the page with the extension, and compare its markup with what the content script looks for"
_LOOK_STORED = "look at what the extension stores after the page was read"
GOLDEN_DIFFERS = "golden_differs"
_GOLDEN = "if it is right so, run `release-guard check` with --write-golden"


def check_extraction(trial: Trial, package: Package) -> CheckResult:
    """Run every scenario; each unmet expectation and each new exception is a finding."""
    settings = trial.settings
    if not settings.extraction:
        return CheckResult.absent(CheckName.EXTRACTION, _NOTE)
    known = set(trial.browser.state(trial.extension_id).runtime_errors)
    findings: list[Finding] = []
    pictures: list[Path] = []
    for scenario in settings.extraction:
        with played(trial, package, scenario) as (stage, unmet):
            findings += unmet
            pictures += trial.masking.picture(stage.page, trial.evidence / f"extraction-{_file_name(scenario.name)}.png")
    state = trial.browser.settle(trial.extension_id, seconds=2, calm_reads=2)
    new = tuple(error for error in state.runtime_errors if error not in known)
    return CheckResult.of(CheckName.EXTRACTION, findings + runtime_findings(new, state.places), pictures)


@contextlib.contextmanager
def played(trial: Trial, package: Package, scenario: ExtractionScenario) -> Generator[tuple[Stage, list[Finding]]]:
    """Open the page, do the steps and wait for what is expected; what stayed out, with the tabs as they are then."""
    popup = field_at(package.manifest, "action.default_popup")
    stage = Stage(trial.browser, trial.extension_id, popup if isinstance(popup, str) else None, scenario)
    refused = Refused()
    serve(stage.page, scenario, refused, closed=trial.settings.network.extraction is None)
    try:
        findings = _play(stage, scenario) or _unmet(stage, scenario, write_golden=trial.write_golden)
        yield stage, findings + refused.finding()
    finally:
        stage.close()


def _play(stage: Stage, scenario: ExtractionScenario) -> list[Finding]:
    """Do the steps; the first that fails ends it."""
    try:
        stage.open()
    except StepFailed as failure:
        return [Finding("page_unopened", f"{scenario.name}: {failure}", "see whether the address is right, and can be reached from here")]
    for number, step in enumerate(scenario.steps, start=1):
        try:
            stage.perform(step)
        except StepFailed as failure:
            left = len(scenario.steps) - number
            rest = f"; {left} more step{'s' if left > 1 else ''} not done" if left else ""
            words = f"{scenario.name}: step {number} ({step.words}): {failure}{rest}"
            return [Finding("step_failed", words, failure.advice)]
    return []


def _unmet(stage: Stage, scenario: ExtractionScenario, *, write_golden: bool) -> list[Finding]:
    places = ((stage.page, scenario.expect_page, "on the page"), (stage.popup, scenario.expect_popup, "in the popup"))
    found = [
        _missing_on(page, expectation, stage, where, write_golden=write_golden)
        for page, expectations, where in places
        for expectation in expectations
        if page is not None
    ]
    found += [_missing_in_storage(stage, expectation, write_golden=write_golden) for expectation in scenario.expect_storage]
    return [Finding(one.code, f"{scenario.name}: {one.message}", one.hint, one.is_failure, one.detail) for one in found if one is not None]


def _missing_on(page: Page, expectation: PageExpectation, stage: Stage, where: str, *, write_golden: bool) -> Finding | None:
    wanted = page.locator(expectation.selector) if expectation.selector else page.get_by_text(str(expectation.text))
    try:
        wanted.nth(expectation.at_least - 1).wait_for(state="attached", timeout=stage.left_ms)
    except PlaywrightError:
        return Finding("page_expectation", f"expected {expectation.words} {where}, found {wanted.count()}", _COMPARE)
    if expectation.golden is None:
        return None
    texts = "\n".join(" ".join(text.split()) for text in wanted.all_inner_texts()) + "\n"
    return _against_golden(texts, expectation.golden, f"the text of {expectation.selector!r}", write=write_golden)


def _missing_in_storage(stage: Stage, expectation: StorageExpectation, *, write_golden: bool) -> Finding | None:
    def missing(stored: dict[str, Any]) -> Finding | None:
        size, least, values = size_at(stored, expectation.path), expectation.at_least or 1, values_at(stored, expectation.path)
        where = f"what is stored at {expectation.path!r}"
        fault: str | None = None
        if size is None or size < least:
            fault = f"expected {expectation.words}, found {'nothing' if size is None else size}"
        elif expectation.equals is not None and not (len(values) == 1 and holds(values[0], expectation.equals)):
            fault = f"{where} is not {expectation.equals!r}"
        elif expectation.json_schema is not None:
            faults = [one for value in values for one in schema_faults(value, expectation.json_schema)]
            fault = f"{where} breaks its schema: {'; '.join(faults[:3])}" if faults else None
        if fault is None and expectation.golden is not None:
            return _against_golden(canonical(values[0] if len(values) == 1 else values), expectation.golden, where, write=write_golden)
        return Finding("storage_expectation", fault, _LOOK_STORED) if fault else None

    return stage.stored(missing)


def _against_golden(actual: str, golden: Path, what: str, *, write: bool) -> Finding | None:
    """A finding where a text is not what the golden file holds; with ``write`` the file is made so."""
    if write:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(actual, encoding="utf-8")
        return Finding("golden_written", f"{what} is written to {golden.name}", is_failure=False)
    if not golden.is_file():
        return Finding("golden_missing", f"there is no golden file {golden.name} for {what}", "write it with --write-golden")
    difference = golden_difference(actual, golden)
    return Finding(GOLDEN_DIFFERS, f"{what} is not what {golden.name} holds", _GOLDEN, detail=difference) if difference else None


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())[:60]
