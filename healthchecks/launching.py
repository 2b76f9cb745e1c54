"""Starting Chromium with a profile: quiet, in its sandbox where there is one, and without the secrets of this process."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import BrowserContext, Playwright
from playwright.sync_api import Error as PlaywrightError

from healthchecks.chromium import Chromium
from healthchecks.environment import without_secrets
from healthchecks.errors import BrowserFailed
from healthchecks.result import plain

_LAUNCH_SECONDS = 30
_QUIET = (
    "--enable-unsafe-extension-debugging",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--password-store=basic",
)


def launched(
    playwright: Playwright, chromium: Chromium, profile: Path, *, headless: bool, options: Mapping[str, Any], unheard: Sequence[str]
) -> BrowserContext:
    """Chromium in its sandbox; without it where the system allows none (as root, or where AppArmor forbids it).

    Args:
        playwright: what starts it.
        chromium: which one.
        profile: the folder of its profile.
        headless: whether it shows no window.
        options: as Playwright's contexts take them.
        unheard: patterns of hosts that do not exist for it.

    Raises:
        BrowserFailed: it does not start.
    """
    for sandbox in (True, False) if os.geteuid() != 0 else (False,):
        try:
            return playwright.chromium.launch_persistent_context(
                str(profile),
                executable_path=str(chromium.path),
                headless=headless,
                chromium_sandbox=sandbox,
                ignore_default_args=["--disable-extensions"],
                args=[*_QUIET, *_without_hosts(unheard)],
                timeout=_LAUNCH_SECONDS * 1000,
                env=cast("Any", without_secrets(os.environ)),
                **cast("Any", options),
            )
        except PlaywrightError as error:
            if sandbox and "sandbox" in error.message:
                continue
            first = plain(error.message.splitlines()[0] if error.message else "no reason given")
            raise BrowserFailed(f"{chromium.path} did not start: {first}") from None
    raise BrowserFailed(f"{chromium.path} starts neither with its sandbox nor without")


def _without_hosts(unheard: Sequence[str]) -> list[str]:
    return [f"--host-resolver-rules={', '.join(f'MAP {host} ~NOTFOUND' for host in unheard)}"] if unheard else []
