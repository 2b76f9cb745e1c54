"""What the API can be asked, as data: one table of operations feeds the router and the OpenAPI document, so that they cannot differ."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guard.dashboard.carrying import Carrying
from guard.dashboard.documents.parts import Document
from guard.dashboard.reading.lists import Reports
from guard.dashboard.reading.release import ReleaseReading
from guard.dashboard.reading.saying import Reader
from guard.dashboard.sessions import Asking, Sessions
from guard.engine import Engine

BASE = "/api/v1"
_LONGEST = 4000

Text = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""A person's words: not empty."""
MaybeText = Annotated[str, StringConstraints(max_length=_LONGEST, pattern=r"^[^\x00]*$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
Flag = Literal["true", "false"]


class Query(BaseModel):
    """The parameters of a question. One that is not known is refused, so that a slip of the pen does not go unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    lang: Literal["en", "zh-TW"] | None = Field(None, description="The language of words; by default the configuration's.")


class Body(BaseModel):
    """What is sent with an action."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclasses.dataclass(frozen=True)
class Desk:
    """What every answer is made with; one for the whole process."""

    engine: Engine
    sessions: Sessions
    releases: ReleaseReading
    reports: Reports
    carrying: Carrying


@dataclasses.dataclass(frozen=True)
class Call:
    """One request that was understood."""

    desk: Desk
    reader: Reader
    path: Mapping[str, str]
    query: Any
    """The operation's `Query`."""
    body: Any
    """The operation's `Body`; none where it has none."""
    asking: Asking
    by: str
    """Who acts; empty where nothing is acted on."""
    address: tuple[tuple[str, str], ...]
    """The parameters as they were sent."""
    until: float
    """The monotonic moment after which nobody waits for the answer any more; infinite where it is waited for as long as it takes."""

    @property
    def engine(self) -> Engine:
        """What everything is read from."""
        return self.desk.engine


@dataclasses.dataclass(frozen=True)
class File:
    """An answer that is no JSON."""

    content: bytes
    media_type: str
    name: str = ""
    """What a browser saves it as; empty: it is shown."""


@dataclasses.dataclass(frozen=True)
class WithCookie:
    """An answer that begins or ends a session."""

    document: Document
    cookie: str | None
    """None: the session's cookie is taken away."""


Answer = Document | File | WithCookie


@dataclasses.dataclass(frozen=True)
class Operation:
    """One thing that may be asked."""

    method: str
    path: str
    """Below `BASE`; parts in braces are parameters."""
    name: str
    """Its id in the OpenAPI document."""
    summary: str
    answers: type[Document] | None
    """The model of its JSON; none where it never is JSON."""
    run: Callable[[Call], Answer]
    """Blocking; called in a worker's thread."""
    query: type[Query] = Query
    body: type[Body] | None = None
    media_types: tuple[str, ...] = ()
    """What it may answer besides JSON."""
    status: int = 200
    refusals: tuple[int, ...] = ()
    """What it may refuse with, besides what any operation may."""
    acts: bool = False
    asks_who: bool = False
    """Whether it is answered only to people who are known, though nothing is acted on: it uses up what may be asked of the store."""
    is_shared: bool = False
    """Whether many browsers ask for it at once, and all may get the same answer."""
    is_dear: bool = False
    """Whether it takes so long to read that it must not take the place of what people look at all the time."""
    streams: bool = False
    """Whether the answer goes on until somebody ends it; then the server itself answers."""
    seconds: float | None = None
    """Of what asks the store: how long it may take."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parts of its address."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))
