"""The named events of a timeline: each has its words in every language, filled with the same facts."""

import string

import pytest

from guard.incidents.events import Kind, Language, said, words_of
from guard.incidents.incident import NEEDS_POSTMORTEM, OPEN_STATES, TRANSITIONS, Incident, IncidentState, TransitionRefused
from guard.severity import Severity


class Facts(dict[str, str]):
    """Whatever is asked for; remembers what was."""

    def __missing__(self, name):
        self[name] = f"<{name}>"
        return self[name]


def names(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", Kind)
def test_every_event_is_told_in_every_language_and_says_what_it_knows(kind):
    asked = Facts()
    english, chinese = (words_of(kind, asked, language) for language in (Language.ENGLISH, Language.CHINESE))
    assert english
    assert chinese
    for name in asked:
        if name != "plan":  # the sentence of a plan is made of the numbers that Chinese is told
            assert f"<{name}>" in chinese or {"version", "target"} & set(asked), name


def test_an_event_without_one_of_its_facts_is_refused():
    with pytest.raises(KeyError, match="version"):
        said(Kind.BREACH_SEEN)


def test_facts_are_put_in_as_they_are():
    hostile = "{version} <b>{0}</b>"
    assert said(Kind.NOTED, text=hostile).text == hostile


def test_no_state_is_a_dead_end_but_closed_and_every_way_is_known():
    assert {state for state in IncidentState if not TRANSITIONS[state]} == {IncidentState.CLOSED}
    assert set(TRANSITIONS) == set(IncidentState)
    for state in IncidentState:
        assert (IncidentState.FALSE_ALARM in TRANSITIONS[state]) == (
            state in OPEN_STATES - {IncidentState.MITIGATING} or state is IncidentState.RESOLVED
        )


def an_incident(item, version, at, **changes):
    return Incident("INC-2026-0001", "f", "title", Severity.P1, IncidentState.RESOLVED, item, version, at, **changes)


@pytest.mark.parametrize("severity", Severity)
def test_what_is_bad_enough_is_closed_only_after_its_postmortem(severity, store, clock):
    incident = an_incident(store.item, store.api.status(store.item).published.version, clock())
    incident = Incident(**{**vars(incident), "severity": severity})
    if severity >= NEEDS_POSTMORTEM:
        with pytest.raises(TransitionRefused, match="closed only after its postmortem"):
            incident.moved(IncidentState.CLOSED, clock())
        incident = incident.moved(IncidentState.POSTMORTEM_DONE, clock())
    assert incident.moved(IncidentState.CLOSED, clock()).state is IncidentState.CLOSED
