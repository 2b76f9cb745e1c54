"""A check report as JUnit XML, which every CI system shows."""

import xml.etree.ElementTree as ET

from healthchecks.result import CheckReport, CheckResult, CheckStatus, Finding


def junit(report: CheckReport) -> str:
    """One suite, a case for each check: failed, error, or skipped where it is not configured."""
    count = {status: sum(result.status is status for result in report.checks) for status in CheckStatus}
    suite = ET.Element(
        "testsuite",
        name=f"release-guard check {report.target} {report.version}",
        tests=str(len(report.checks)),
        failures=str(count[CheckStatus.FAILED]),
        errors=str(count[CheckStatus.ERROR]),
        skipped=str(count[CheckStatus.NOT_CONFIGURED]),
        time=f"{sum(result.seconds for result in report.checks):.3f}",
    )
    for result in report.checks:
        _case(suite, report, result)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, report: CheckReport, result: CheckResult) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=f"{report.target} {report.version}", name=result.check.value, time=f"{result.seconds:.3f}"
    )
    told = "\n".join(_told(finding) for finding in result.findings)
    failures = [finding.words for finding in result.findings if finding.is_failure]
    match result.status:
        case CheckStatus.FAILED:
            ET.SubElement(case, "failure", message=failures[0]).text = told
        case CheckStatus.ERROR:
            ET.SubElement(case, "error", message=failures[0] if failures else "could not be run").text = told
        case CheckStatus.NOT_CONFIGURED:
            ET.SubElement(case, "skipped", message=result.note)
        case CheckStatus.PASSED:
            if told:
                ET.SubElement(case, "system-out").text = told


def _told(finding: Finding) -> str:
    return "\n  ".join(filter(None, (finding.words, *finding.detail.splitlines(), finding.hint)))
