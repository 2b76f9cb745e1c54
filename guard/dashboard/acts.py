"""What people do here: each act calls what the command line calls, and who did it comes from the session, never from what was sent."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from guard import incident_life as life
from guard.approving import call_off
from guard.dashboard.documents.incident import Done, Whoami
from guard.dashboard.operations import Answer, Body, Call, MaybeText, Operation, Short, Text, WithCookie
from guard.dashboard.sessions import How, Person
from guard.engine import Engine
from guard.incidents.roles import Role
from guard.incidents.terms import Bilingual
from guard.ordering import pause, reason_of, resume
from webstore.models import Item

_PLAN_SECONDS = 30.0
_Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Why(Body):
    """A reason, which must be given."""

    why: Text


class MaybeWhy(Body):
    """A reason, where there is one."""

    why: MaybeText = ""


class Recovery(Body):
    """How users became well again."""

    how: Text


class Assignment(Body):
    """A role, and who is to hold it."""

    role: Literal["incident_commander", "technical_lead", "communications_lead"]
    to: Short
    why: MaybeText = ""


class TickBody(Body):
    """An item of the checklist that is done."""

    entry: Short
    evidence: MaybeText = ""


class UntickBody(Body):
    """An item of the checklist that is to be done again."""

    entry: Short
    why: Text


class NoteBody(Body):
    """A person's words."""

    text: Text


class Confirmation(Body):
    """The word that stands for the plan that was seen."""

    confirm: Short


class PauseBody(Body):
    """What is paused, and why."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """An extension's id or name; none: all."""
    reason: Text


class ResumeBody(Body):
    """What is resumed."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """An extension's id or name; none: all, whatever was paused."""


class Login(Body):
    """The token, and who has it."""

    token: _Secret = Field(repr=False)
    name: Short


def _on(act: Callable[[Engine, str, str, Any], object]) -> Callable[[Call], Answer]:
    """An act on the incident that the address names; what then stands on its timeline is the answer."""

    def run(call: Call) -> Answer:
        identifier = call.engine.incidents.get(call.path["id"]).id
        act(call.engine, identifier, call.by, call.body)
        last = call.engine.incidents.timeline(identifier)[-1]
        return Done(words=call.reader.event(last), incident=identifier)

    return run


def _approve(call: Call) -> Answer:
    identifier = call.engine.incidents.get(call.path["id"]).id
    call.desk.carrying.begin(identifier, call.by, call.body.confirm, call.until)
    words = Bilingual("approved; the rollback begins", "已核准，回滾即將開始").in_language(call.reader.language)
    return Done(words=words, incident=identifier)


def _pause(call: Call) -> Answer:
    ordered, is_new = pause(call.engine, _item(call), call.by, call.body.reason)
    already = "" if is_new else Bilingual("it was paused already: ", "先前已暫停：").in_language(call.reader.language)
    return Done(words=already + call.reader.evidence(ordered.words))


def _resume(call: Call) -> Answer:
    ended = resume(call.engine, _item(call), call.by)
    said = Bilingual("resumed; it was paused before by", "已恢復；先前由下列人員暫停：").in_language(call.reader.language)
    return Done(words=f"{said} {', '.join(dict.fromkeys(one.by for one in ended))}")


def _item(call: Call) -> Item | None:
    named = call.body.item
    return call.engine.config.select(named).item if named else None


def whoami(call: Call) -> Answer:
    """Who asks, and what that person may do."""
    return _whoami(call, call.desk.sessions.person(call.asking))


def _whoami(call: Call, person: Person | None) -> Whoami:
    from importlib.metadata import version  # noqa: PLC0415 - once a page

    sessions = call.desk.sessions
    acts = person is not None and sessions.how is not How.READ_ONLY
    return Whoami(
        name=person.name if person else None,
        may_act=acts,
        how=sessions.how.value,
        csrf=person.csrf if person and acts else None,
        language=call.reader.language.value,
        version=version("release-guard"),
    )


def _log_in(call: Call) -> Answer:
    person, cookie = call.desk.sessions.log_in(call.asking, call.body.token, call.body.name)
    return WithCookie(_whoami(call, person), cookie)


def _log_out(call: Call) -> Answer:
    call.desk.sessions.must_be_same_site(call.asking)
    return WithCookie(_whoami(call, None), None)


def _act(
    path: str, name: str, summary: str, body: type[Body], run: Callable[[Call], Answer], refusals: tuple[int, ...] = (404, 409)
) -> Operation:
    return Operation("POST", path, name, summary, Done, run, body=body, refusals=refusals, acts=True)


_INCIDENT = "/incidents/{id}"

ACTS: tuple[Operation, ...] = (
    Operation("GET", "/whoami", "whoami", "Who asks, and what that person may do", Whoami, whoami, refusals=(401, 429)),
    Operation("POST", "/session", "log_in", "Log in with the token", Whoami, _log_in, body=Login, refusals=(401, 403, 429)),
    Operation("DELETE", "/session", "log_out", "Log out", Whoami, _log_out, refusals=(403,)),
    _act(
        f"{_INCIDENT}/acknowledge",
        "acknowledge",
        "Say that somebody has taken it on",
        MaybeWhy,
        _on(lambda engine, incident, by, body: life.acknowledge(engine, incident, by, body.why)),
    ),
    _act(
        f"{_INCIDENT}/assign",
        "assign",
        "Give a role to somebody, or hand it over",
        Assignment,
        _on(lambda engine, incident, by, body: life.assign(engine, incident, Role(body.role), body.to, by, body.why)),
    ),
    _act(
        f"{_INCIDENT}/tick",
        "tick",
        "Say that an item of the checklist is done",
        TickBody,
        _on(lambda engine, incident, by, body: life.tick(engine, incident, body.entry, by, body.evidence)),
    ),
    _act(
        f"{_INCIDENT}/untick",
        "untick",
        "Say that an item is to be done again",
        UntickBody,
        _on(lambda engine, incident, by, body: life.untick(engine, incident, body.entry, by, body.why)),
    ),
    _act(
        f"{_INCIDENT}/note",
        "note",
        "Add a person's words to the timeline",
        NoteBody,
        _on(lambda engine, incident, by, body: life.note(engine, incident, body.text, by)),
    ),
    _act(
        f"{_INCIDENT}/resolve",
        "resolve",
        "Say that users are well again",
        Recovery,
        _on(lambda engine, incident, by, body: life.resolve(engine, incident, by, body.how)),
    ),
    _act(
        f"{_INCIDENT}/false-alarm",
        "false_alarm",
        "Say that nothing was wrong",
        Why,
        _on(lambda engine, incident, by, body: life.false_alarm(engine, incident, by, body.why)),
    ),
    _act(
        f"{_INCIDENT}/reopen",
        "reopen",
        "Say that it is not over",
        Why,
        _on(lambda engine, incident, by, body: life.reopen(engine, incident, by, body.why)),
    ),
    _act(
        f"{_INCIDENT}/close",
        "close",
        "Put it away",
        MaybeWhy,
        _on(lambda engine, incident, by, body: life.close(engine, incident, by, body.why)),
    ),
    Operation(
        "POST",
        f"{_INCIDENT}/rollback/approve",
        "approve",
        "Say yes to the rollback whose plan was seen; it runs in this process",
        Done,
        _approve,
        body=Confirmation,
        status=202,
        refusals=(404, 409),
        acts=True,
        seconds=_PLAN_SECONDS,
    ),
    _act(
        f"{_INCIDENT}/rollback/abort",
        "abort",
        "Call off a rollback that the store was not asked for yet",
        Why,
        _on(lambda engine, incident, by, body: call_off(engine, incident, by, reason_of(body.why))),
    ),
    _act("/pause", "pause", "Stop everything automatic, for an extension or for all", PauseBody, _pause, refusals=()),
    _act("/resume", "resume", "Let the guard act again", ResumeBody, _resume, refusals=(409,)),
)
