"""What a check is handed: the browser with the extension in it, the settings, and where evidence goes."""

import dataclasses
from pathlib import Path

from healthchecks.browser import ExtensionBrowser
from healthchecks.masking import Masking
from healthchecks.settings import CheckSettings


@dataclasses.dataclass(frozen=True)
class Trial:
    """One version under test, in one browser."""

    browser: ExtensionBrowser
    extension_id: str
    settings: CheckSettings
    evidence: Path
    """Folder of screenshots and traces."""
    masking: Masking
    write_golden: bool = False
    """Whether golden files are written instead of compared."""
