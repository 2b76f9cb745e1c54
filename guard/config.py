"""release-guard.toml: read with tomllib, validated by pydantic. A wrong key names the nearest known one, and its line."""

import difflib
import enum
import functools
import re
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator

from guard.errors import ConfigurationError
from guard.incidents.events import Language
from guard.incidents.rules import IncidentRules
from guard.model import Signal
from guard.notify.settings import NotifyTable
from guard.tables import (
    ArchiveTable,
    RepairTable,
    ReportTable,
    RollbackTable,
    SentryTable,
    StoreTable,
    StrictTable,
    ThresholdsTable,
    WatchTable,
)
from guard.tables_canary import MOST_MONITORS, CanaryTable
from guard.tables_dashboard import DashboardTable
from guard.tables_response import IncidentsTable, OnCallTable, SeverityTable, rules_of
from guard.tables_tickets import ActionsTable, TicketsTable
from healthchecks.settings import CheckSettings
from webstore.models import Item

FILE_NAME = "release-guard.toml"
_INGESTION = ("*.ingest.sentry.io", "*.ingest.us.sentry.io", "*.ingest.de.sentry.io")
"""Where Sentry's own service takes what SDKs send."""


class Mode(enum.StrEnum):
    """How far the guard may go by itself, in rising order of trust."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    ACT = "act"


class ExtensionTable(StrictTable):
    """``[[extension]]``: one guarded item."""

    id: Annotated[str, Field(pattern=r"^[a-p]{32}$")]
    publisher: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\s]+$")]
    path: Path | None = None
    """Folder of the extension's source."""
    name: str | None = None
    """The name in Sentry's releases; the id when not given."""
    mode: Mode | None = None
    required_signals: tuple[Signal, ...] | None = None
    """Signals that must be proved healthy before a gate passes; by default those that a source measures: health, and error_rate."""
    checks: CheckSettings = CheckSettings()
    sentry: SentryTable | None = None

    @property
    def item(self) -> Item:
        """The item in the store."""
        return Item(self.publisher, self.id)


class Config(StrictTable):
    """The whole file."""

    mode: Mode = Mode.PROPOSE
    state: Path = Path(".release-guard")
    """Folder of the database, the archive, screenshots and reports."""
    database: str | None = None
    language: Language = Language.ENGLISH
    """What people are told in: messages, checklists, postmortems, reports."""
    store: StoreTable = StoreTable()
    sentry: SentryTable | None = None
    thresholds: ThresholdsTable = ThresholdsTable()
    watch: WatchTable = WatchTable()
    rollback: RollbackTable = RollbackTable()
    archive: ArchiveTable = ArchiveTable()
    repair: RepairTable = RepairTable()
    report: ReportTable = ReportTable()
    notify: NotifyTable = NotifyTable()
    actions: ActionsTable = ActionsTable()
    tickets: TicketsTable = TicketsTable()
    severity: SeverityTable = SeverityTable()
    oncall: OnCallTable = OnCallTable()
    incidents: IncidentsTable = IncidentsTable()
    dashboard: DashboardTable = DashboardTable()
    canary: CanaryTable = CanaryTable()
    extension: Annotated[tuple[ExtensionTable, ...], Field(min_length=1)]

    @field_validator("extension")
    @classmethod
    def _each_once(cls, extensions: Sequence[ExtensionTable], _info: ValidationInfo) -> Sequence[ExtensionTable]:
        ids = [extension.id for extension in extensions]
        if twice := sorted({identifier for identifier in ids if ids.count(identifier) > 1}):
            raise ValueError(f"the extension {twice[0]} stands there twice")
        return extensions

    @model_validator(mode="after")
    def _few_monitors(self) -> Self:
        if self.canary.is_wanted and not self.canary.monitor and len(self.extension) > MOST_MONITORS:
            raise ValueError(f"[canary] names no `monitor`, and more than {MOST_MONITORS} extensions cannot have one each: name one")
        return self

    def mode_of(self, extension: ExtensionTable) -> Mode:
        """The mode of one extension: its own, else the file's."""
        return extension.mode or self.mode

    def checks_of(self, extension: ExtensionTable) -> CheckSettings:
        """The check settings of one extension; the Sentry that its errors are counted by is unheard by the checks' browsers."""
        table = self.sentry_of(extension)
        if table is None:
            return extension.checks
        host = urlsplit(table.base_url).netloc
        hosts = _INGESTION if host == "sentry.io" or host.endswith(".sentry.io") else (host,)
        return extension.checks.model_copy(update={"unheard": (*extension.checks.unheard, *hosts)})

    def sentry_of(self, extension: ExtensionTable) -> SentryTable | None:
        """The Sentry project of one extension: its own, else the file's."""
        return extension.sentry or self.sentry

    @functools.cached_property
    def incident_rules(self) -> IncidentRules:
        """What the team has agreed on for its incidents."""
        return rules_of(self.severity, self.oncall, self.incidents)

    @property
    def archive_folder(self) -> Path:
        """Where packages are kept."""
        return self.archive.folder or self.state / "archive"

    @property
    def rollback_window(self) -> timedelta:
        """How long after a release an automatic rollback is allowed."""
        return timedelta(seconds=self.watch.rollback_window_seconds)

    @functools.cached_property
    def _by_name(self) -> dict[str, ExtensionTable]:
        """Extensions by id and by name; of several with one name it is the first's. Thousands are selected from at each tick."""
        named = {extension.name: extension for extension in reversed(self.extension) if extension.name}
        return named | {extension.id: extension for extension in self.extension}

    def select(self, extension_id: str | None) -> ExtensionTable:
        """The extension that is meant; the only one when none is named.

        Raises:
            ConfigurationError: no such extension, or several and none named.
        """
        if extension_id is None and len(self.extension) == 1:
            return self.extension[0]
        if extension_id is not None and (found := self._by_name.get(extension_id)):
            return found
        names = ", ".join(extension.name or extension.id for extension in self.extension)
        if extension_id is None:
            raise ConfigurationError(f"several extensions are configured ({names}): say which with --item")
        raise ConfigurationError(f"no extension {extension_id!r} is configured; there are: {names}")


def load(path: Path) -> Config:
    """Read a configuration file. Relative paths in it are relative to its folder.

    Raises:
        ConfigurationError: it is missing, is no TOML, or says something that makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        missing = ConfigurationError(f"{path} cannot be read: {error.strerror}")
        raise missing.advise("run `release-guard init` to write one, or name it with --config") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text") from error
    try:
        config = Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(_explain(path, text, error)) from None  # its own words quote the values
    return _anchored(config, path.resolve().parent)


def _anchored(config: Config, folder: Path) -> Config:
    extensions = tuple(
        extension.model_copy(
            update={"path": folder / extension.path if extension.path else None, "checks": extension.checks.resolved(folder)}
        )
        for extension in config.extension
    )
    archive = config.archive.model_copy(update={"folder": folder / config.archive.folder if config.archive.folder else None})
    return config.model_copy(update={"state": folder / config.state, "archive": archive, "extension": extensions})


def _explain(path: Path, text: str, error: ValidationError) -> str:
    """Every problem on a line of its own: where, what, and what was probably meant. Never the value: it could be a secret."""
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        location = problem["loc"]
        dotted = ".".join(str(part) for part in location)
        line = line_of(text, location)
        where = f"{path}:{line}" if line else str(path)
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(location[-1]), _known_keys(location[:-1]), n=1, cutoff=0.5)
            meant = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(_known_keys(location[:-1]))}"
            lines.append(f"{where}: unknown key {dotted!r}{meant}")
        else:
            lines.append(f"{where}: {dotted or 'the file'}: {problem['msg']}")
    return "\n".join(lines)


def _known_keys(location: Sequence[int | str]) -> list[str]:
    """The keys that the table at ``location`` knows."""
    model: type[BaseModel] = Config
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model inside an annotation such as ``tuple[Model, ...]`` or ``Model | None``."""
    if get_origin(annotation) is None:
        return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return next((model for argument in get_args(annotation) if (model := _model_in(argument))), None)


def line_of(text: str, location: Sequence[int | str]) -> int | None:
    """The line (from 1) on which the key at ``location`` stands: exact for keys written plainly under their table's header."""
    keys = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), 0)
    table: list[str] = []
    seen = -1
    best: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\- ]+?)\s*\]", line):
            table = [part.strip() for part in header[2].split(".")]
            seen += header[1] == "[[" and table == keys[:1]
            if table == keys and (header[1] == "[" or seen == index):
                return number
            if table == keys[:1] and seen in {-1, index}:
                best = best or number
            continue
        assignment = re.match(r"\s*([\w\-]+)\s*=", line)
        if assignment and [*table, assignment[1]] == keys and seen in {-1, index}:
            return number
    return best
