"""What an extraction scenario is: a page, steps on it, and what must be there in the end. Part of release-guard.toml."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from healthchecks.values import value_path

Seconds = Annotated[float, Field(gt=0, le=600)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]


class Table(BaseModel):
    """A table of the settings: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageExpectation(Table):
    """Something that must be on the page: so many elements of a selector, a text, or the texts that a golden file holds."""

    selector: Text | None = None
    text: Text | None = None
    at_least: Annotated[int, Field(ge=1)] = 1
    golden: Path | None = None
    """A file with the texts of all elements of ``selector``, one on a line."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.selector is None) == (self.text is None):
            raise ValueError("give either `selector` or `text`")
        if self.golden and self.selector is None:
            raise ValueError("`golden` goes with `selector`: it holds the texts of those elements")
        return self

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.at_least} of {self.selector!r}" if self.selector else f"the text {self.text!r}"


class StorageExpectation(Table):
    """Something that must be in `chrome.storage.local`: a path, and what stands there."""

    path: Text
    """A dotted path (``books.0.title``), or JSONPath as RFC 9535 has it (``$.books[?@.read].title``)."""
    at_least: Annotated[int, Field(ge=1)] | None = None
    """So many entries of a list or object, or so many matches."""
    equals: Any = None
    json_schema: Annotated[Path | None, Field(alias="schema")] = None
    """A file with a JSON Schema."""
    golden: Path | None = None
    """A JSON file with the very value."""

    @field_validator("path")
    @classmethod
    def _is_path(cls, value: str) -> str:
        value_path(value)
        return value

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.at_least or 1} in storage at {self.path!r}"


_WAITS = ("wait_for", "wait_for_text", "wait_for_storage", "wait_for_message")
_ACTIONS = ("open", "click", "type", "press", "open_popup", "back_to_page", "shortcut", "send", *_WAITS)
_SENT_TO = ("extension", "page")


class Step(Table):
    """One thing that a user would do, or that is waited for. Exactly one action; the others say more of it."""

    open: str | None = None
    """Another address, in the same tab."""
    click: Text | None = None
    """The first element of a selector."""
    type: str | None = None
    into: Text | None = None
    """The field to type into."""
    press: Text | None = None
    """A key, as Playwright names it: "Enter", "Control+A"."""
    open_popup: bool = False
    """Open the popup beside the page, which stays the active tab; the next steps act in it."""
    back_to_page: bool = False
    shortcut: Text | None = None
    """The name of one of the manifest's commands."""
    send: Any = None
    """A message, by `runtime.sendMessage`."""
    to: str = "extension"
    """Who gets it: "extension" (worker and pages), or "page" (the content scripts of the active tab)."""
    answer: Any = None
    """What the answer to it must hold."""
    wait_for: Text | None = None
    """A selector."""
    wait_for_text: Text | None = None
    wait_for_storage: Text | None = None
    """A path in `chrome.storage.local`."""
    wait_for_message: Any = None
    """What a message that the extension sends to itself must hold."""

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        given = self._given()
        if len(given) != 1:
            raise ValueError(f"a step has exactly one action ({', '.join(_ACTIONS)}); this one has {len(given)}")
        if (self.type is None) != (self.into is None):
            raise ValueError("`type` and `into` go together")
        if self.to not in _SENT_TO:
            raise ValueError('`to` is "extension" or "page"')
        if self.answer is not None and self.send is None:
            raise ValueError("`answer` goes with `send`")
        if self.wait_for_storage:
            value_path(self.wait_for_storage)
        return self

    @field_validator("open")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value)

    def _given(self) -> list[str]:
        return [name for name in _ACTIONS if getattr(self, name) is not None and getattr(self, name) is not False]

    @property
    def action(self) -> str:
        """Which of the actions it is."""
        return self._given()[0]

    @property
    def words(self) -> str:
        """For people."""
        value = getattr(self, self.action)
        into = f" into {self.into!r}" if self.into else ""
        return self.action.replace("_", " ") + ("" if value is True else f" {value!r}") + into


def web_address(value: str) -> str:
    """An address of the web, as it is.

    Raises:
        ValueError: it is none.
    """
    if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
        raise ValueError("an address begins with https:// or http://")
    return value


class ExtractionScenario(Table):
    """One page on which the extension must do what it is for."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    open: str
    """The address; it is opened as it is, or served from `page`, `folder` or `har`."""
    page: Path | None = None
    """An HTML file served under the address's real host name, without any network."""
    folder: Path | None = None
    """A folder served under the address's real host name, by the addresses' paths."""
    har: Path | None = None
    """What `release-guard check record` wrote."""
    steps: Annotated[tuple[Step, ...], Field(max_length=100)] = ()
    expect_page: tuple[PageExpectation, ...] = ()
    expect_popup: tuple[PageExpectation, ...] = ()
    expect_storage: tuple[StorageExpectation, ...] = ()
    within_seconds: Seconds = 10

    @field_validator("open")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        return web_address(value)

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        waits = any(step.action in _WAITS or step.answer is not None for step in self.steps)
        if not (self.expect_page or self.expect_popup or self.expect_storage or waits):
            raise ValueError("expect something: `expect_page`, `expect_popup`, `expect_storage`, or a step that waits")
        if sum(source is not None for source in (self.page, self.folder, self.har)) > 1:
            raise ValueError("give one of `page`, `folder` and `har`")
        if self.expect_popup and not any(step.open_popup for step in self.steps):
            raise ValueError("`expect_popup` needs a step `open_popup = true`")
        return self

    @property
    def is_recorded(self) -> bool:
        """Whether its page comes from files."""
        return bool(self.page or self.folder or self.har)

    def resolved(self, whole: Callable[[Path | None, str], Path | None]) -> "ExtractionScenario":
        """With ``whole`` applied to every path; golden files need not be there yet."""
        where = f"extraction {self.name!r}"
        sources = {name: whole(getattr(self, name), where) for name in ("page", "folder", "har")}
        on_page = {
            name: tuple(one.model_copy(update={"golden": whole(one.golden, "")}) for one in getattr(self, name))
            for name in ("expect_page", "expect_popup")
        }
        stored = tuple(
            one.model_copy(update={"json_schema": whole(one.json_schema, where), "golden": whole(one.golden, "")})
            for one in self.expect_storage
        )
        return self.model_copy(update={**sources, **on_page, "expect_storage": stored})
