"""Screenshots of two versions compared: how much differs, and a picture that shows where."""

import dataclasses
from pathlib import Path

from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from healthchecks.settings import Severity, UiSettings

_LEAST_STEP = 16
"""Of 255 in any colour channel: less is a matter of smoothing, which two runs of the same page may show."""
_RED = (220, 30, 30)


@dataclasses.dataclass(frozen=True)
class Difference:
    """Two screenshots that are not alike."""

    name: str
    share: float
    """Of pixels (0-1)."""
    shown: Path
    """Old, new, and the new one with what differs in red, side by side."""


def compare_pictures(new: Path, old: Path, folder: Path, tolerance: float) -> Difference | None:
    """How two screenshots differ; none when at most ``tolerance`` of the pixels do. One that is larger differs in all that it has more."""
    from PIL import Image, ImageChops  # noqa: PLC0415 - only a comparison of two versions needs it

    with Image.open(new) as opened_new, Image.open(old) as opened_old:
        after, before = opened_new.convert("RGB"), opened_old.convert("RGB")
    size = (max(after.width, before.width), max(after.height, before.height))
    common = (min(after.width, before.width), min(after.height, before.height))
    changed = ImageChops.difference(after.crop((0, 0, *common)), before.crop((0, 0, *common)))
    red, green, blue = changed.split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    mask = Image.new("L", size, 255)  # what only one of them has is different
    mask.paste(strongest.point([0 if level < _LEAST_STEP else 255 for level in range(256)]), (0, 0))
    share = mask.histogram()[255] / (size[0] * size[1])
    if share <= tolerance:
        return None
    shown = folder / f"{new.stem}-difference.png"
    whole = Image.new("RGB", size, "white")
    whole.paste(after, (0, 0))
    marked = Image.composite(Image.new("RGB", size, _RED), whole, mask)
    sheet = Image.new("RGB", (size[0] * 3 + 20, size[1]), (128, 128, 128))
    for place, picture in enumerate((before, after, marked)):
        sheet.paste(picture, (place * (size[0] + 10), 0))
    sheet.save(shown)
    return Difference(new.stem, share, shown)


def with_differences(new: CheckReport, old: CheckReport, settings: UiSettings, folder: Path) -> CheckReport:
    """The new version's report, with what its pages look different in from the old one's."""
    if settings.screenshots is Severity.OFF:
        return new
    before = {result.check: {path.name: path for path in result.screenshots} for result in old.checks}
    return dataclasses.replace(new, checks=tuple(_compared(result, before, settings, folder) for result in new.checks))


def _compared(result: CheckResult, before: dict[CheckName, dict[str, Path]], settings: UiSettings, folder: Path) -> CheckResult:
    old = before.get(result.check, {})
    if result.check is not CheckName.UI:
        return result
    pairs = [(path, old[path.name]) for path in result.screenshots if path.name in old]
    found = [one for new, was in pairs if (one := compare_pictures(new, was, folder, settings.screenshot_tolerance))]
    if not found:
        return result
    fails = settings.screenshots is Severity.FAIL
    hint = "look at the picture; `screenshot_tolerance` says how much may differ unsaid"
    findings = [
        Finding("looks_different", f"{one.name} differs from the baseline's in {one.share:.1%} of its pixels", hint, is_failure=fails)
        for one in found
    ]
    status = CheckStatus.FAILED if fails and result.status is CheckStatus.PASSED else result.status
    pictures = (*result.screenshots, *(one.shown for one in found))
    return dataclasses.replace(result, status=status, findings=(*result.findings, *findings), screenshots=pictures)
