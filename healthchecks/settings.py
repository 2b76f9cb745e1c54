"""What the checks are told: pages to open, what must be there, what data to keep. Part of release-guard.toml."""

import json
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from healthchecks.errors import CheckSettingsError

Seconds = Annotated[float, Field(gt=0, le=600)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PageExpectation(_Table):
    """Something that must be on the page: so many elements of a selector, or a text."""

    selector: str | None = None
    text: str | None = None
    at_least: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.selector is None) == (self.text is None):
            raise ValueError("give either `selector` or `text`")
        return self

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.at_least} of {self.selector!r}" if self.selector else f"the text {self.text!r}"


class StorageExpectation(_Table):
    """Something that must be in `chrome.storage.local`: a dotted path, and how many entries a list or object there has at least."""

    path: Annotated[str, Field(min_length=1)]
    at_least: Annotated[int, Field(ge=1)] = 1

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.at_least} in storage at {self.path!r}"


class ExtractionScenario(_Table):
    """One page on which the extension must do what it is for."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    open: str
    """The address; it is opened as it is, or served from `page`."""
    page: Path | None = None
    """An HTML file served under the address's real host name, without any network."""
    expect_page: tuple[PageExpectation, ...] = ()
    expect_storage: tuple[StorageExpectation, ...] = ()
    within_seconds: Seconds = 10

    @field_validator("open")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            raise ValueError("an address begins with https:// or http://")
        return value

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.expect_page and not self.expect_storage:
            raise ValueError("expect something: `expect_page` or `expect_storage`")
        return self


class UiSettings(_Table):
    """What the extension's own pages must show."""

    expect: dict[str, tuple[str, ...]] = {}
    """By page ("popup", "options", "side_panel", "newtab"): texts that must be visible."""
    skip: tuple[str, ...] = ()


class DataSettings(_Table):
    """What users' data the update must keep."""

    seed: dict[str, Any] | None = None
    """Put into `chrome.storage.local` under the baseline."""
    seed_file: Path | None = None
    """The same from a JSON file."""
    may_shrink: tuple[str, ...] = ()
    """Keys that an update may shrink or remove, such as caches."""


class CheckSettings(_Table):
    """`[extension.checks]`."""

    extraction: tuple[ExtractionScenario, ...] = ()
    ui: UiSettings = UiSettings()
    data: DataSettings = DataSettings()
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
        scenarios = tuple(
            scenario.model_copy(update={"page": _found(folder, scenario.page, scenario.name)}) for scenario in self.extraction
        )
        data = self.data.model_copy(update={"seed_file": _found(folder, self.data.seed_file, "data")})
        return self.model_copy(update={"extraction": scenarios, "data": data})

    def seed(self) -> dict[str, Any]:
        """What to put into storage under the baseline; empty when nothing is.

        Raises:
            CheckSettingsError: the seed file holds no JSON object.
        """
        if self.data.seed_file is None:
            return dict(self.data.seed or {})
        try:
            value: Any = json.loads(self.data.seed_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckSettingsError(f"{self.data.seed_file} cannot be read as JSON") from error
        if not isinstance(value, dict):
            raise CheckSettingsError(f"{self.data.seed_file} does not hold a JSON object")
        return {str(key): item for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON


def _found(folder: Path, path: Path | None, where: str) -> Path | None:
    if path is None:
        return None
    whole = folder / path
    if not whole.is_file():
        raise CheckSettingsError(f"checks, {where}: there is no file {whole}")
    return whole
