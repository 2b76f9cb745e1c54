"""What the checks are told: pages to open, what must be there, what data to keep. Part of release-guard.toml."""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import Field, field_validator, model_validator

from healthchecks.errors import CheckSettingsError
from healthchecks.scenario import ExtractionScenario, Seconds, Table, Text
from healthchecks.values import read_json, value_path

PAGE_NAMES = ("popup", "options", "side_panel", "newtab", "history", "bookmarks", "devtools")


class Network(enum.StrEnum):
    """What of the network the extension and its pages may reach during a check."""

    LIVE = "live"
    RECORDED = "recorded"
    """Answers from files only; every other request is refused, and listed."""
    NONE = "none"
    """Every request is refused, and listed."""


class Severity(enum.StrEnum):
    """What becomes of something that is found."""

    FAIL = "fail"
    SHOW = "show"
    OFF = "off"


class NetworkSettings(Table):
    """`[extension.checks.network]`: the policy of each check."""

    load: Network = Network.LIVE
    extraction: Network | None = None
    """By default a page that comes from files is closed, and the extension's own requests are live."""
    ui: Network = Network.LIVE
    data: Network = Network.LIVE


class UiSettings(Table):
    """What the extension's own pages must show."""

    expect: Mapping[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    """By page ("popup", "options", "side_panel", "newtab", …): texts that must be visible."""
    skip: tuple[str, ...] = ()
    accessibility: Severity = Severity.FAIL
    """What becomes of violations of level serious or critical."""
    accessibility_ignore: tuple[Text, ...] = ()
    """Rules of axe-core, such as "color-contrast"."""
    screenshots: Severity = Severity.SHOW
    """What becomes of a difference to the baseline's screenshot."""
    screenshot_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.001
    """Share of pixels (0-1) that may differ unsaid."""
    dark: bool = True
    """Look at each page in the dark colour scheme too."""
    language: str | None = None
    """The second language to look at, a folder of `_locales`; by default the first that is not the default one, and "" for none."""

    @field_validator("expect", "skip")
    @classmethod
    def _are_pages(cls, value: Any) -> Any:
        if wrong := [name for name in value if name not in PAGE_NAMES]:
            raise ValueError(f"there is no page {wrong[0]!r}; there are {', '.join(PAGE_NAMES)}")
        return value


class Invariant(Table):
    """Something that must be true of what is stored before an update, after it, and after going back."""

    path: Text
    """As in `expect_storage`."""
    at_least: Annotated[int, Field(ge=0)] | None = None
    equals: Any = None
    unchanged: bool = False
    """What stands there must stay the very same."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        value_path(self.path)
        if self.at_least is None and self.equals is None and not self.unchanged:
            raise ValueError("say `at_least`, `equals` or `unchanged = true`")
        return self


class DataSettings(Table):
    """What users' data the update must keep."""

    seed: dict[str, Any] | None = None
    """Put into `chrome.storage.local` under the baseline."""
    seed_file: Path | None = None
    """The same from a JSON file."""
    databases_file: Path | None = None
    """A JSON file of IndexedDB records: ``{"shelf": {"version": 1, "stores": {"books": {"keyPath": "id", "records": [...]}}}}``."""
    may_shrink: tuple[str, ...] = ()
    """Keys that an update may shrink or remove, such as caches."""
    invariants: tuple[Invariant, ...] = ()
    rollback_drill: bool = True
    """After the update, go back to the baseline's code under a higher number, and look again."""


class CustomSettings(Table):
    """`[extension.checks.custom]`: a team's own tests."""

    folder: Path
    """Of pytest tests, which use the fixtures of `healthchecks.pytest_plugin`."""
    arguments: tuple[str, ...] = ()
    """For pytest, besides the folder and the extension."""
    seconds: Annotated[float, Field(gt=0, le=7200)] = 600
    """Time limit of all of them."""


HostPattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9.*\-]{1,253}(:\d{1,5})?$")]


class CheckSettings(Table):
    """`[extension.checks]`."""

    extraction: tuple[ExtractionScenario, ...] = ()
    ui: UiSettings = UiSettings()
    data: DataSettings = DataSettings()
    custom: CustomSettings | None = None
    network: NetworkSettings = NetworkSettings()
    recording: Path | None = None
    """A HAR with the answers that the extension gets in every check whose network is "recorded"."""
    mask: tuple[Text, ...] = ()
    """Selectors of what must not be seen: painted over in screenshots, taken out of every text of a report."""
    unheard: tuple[HostPattern, ...] = ()
    """Hosts (with `*`, and a port where it matters) that do not exist for the checks' browsers: where the extension reports to.
    What a check does is no user's doing, and must not be counted as one's; the guard adds those of the Sentry that it reads."""
    check_seconds: Seconds = 30
    """Time limit of each check."""
    chromium: Path | None = None
    """The Chromium to use, instead of the one that would be found."""
    headless: bool = True

    def resolved(self, folder: Path) -> "CheckSettings":
        """With paths that are relative to ``folder`` made whole.

        Raises:
            CheckSettingsError: a file that is named is not there.
        """

        def whole(path: Path | None, where: str) -> Path | None:
            """An empty ``where``: the file may be written later."""
            if path is not None and where and not (folder / path).exists():
                raise CheckSettingsError(f"checks, {where}: there is no file {folder / path}")
            return folder / path if path is not None else None

        data = {name: whole(getattr(self.data, name), "data") for name in ("seed_file", "databases_file")}
        custom = self.custom.model_copy(update={"folder": whole(self.custom.folder, "custom")}) if self.custom else None
        return self.model_copy(
            update={
                "extraction": tuple(scenario.resolved(whole) for scenario in self.extraction),
                "data": self.data.model_copy(update=data),
                "custom": custom,
                "recording": whole(self.recording, "recording"),
            }
        )

    def seed(self) -> dict[str, Any]:
        """What to put into storage under the baseline; empty when nothing is.

        Raises:
            CheckSettingsError: the seed file holds no JSON object.
        """
        return dict(self.data.seed or {}) if self.data.seed_file is None else _object_in(self.data.seed_file)

    def databases(self) -> dict[str, Any]:
        """What to put into IndexedDB under the baseline; empty when nothing is.

        Raises:
            CheckSettingsError: the file holds no JSON object.
        """
        return {} if self.data.databases_file is None else _object_in(self.data.databases_file)


def _object_in(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise CheckSettingsError(f"{path} does not hold a JSON object")
    return cast("dict[str, Any]", value)
