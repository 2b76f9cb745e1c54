"""A gate that dies between its verdict and the journal's first entry of the rollback: the next one acts, once, and the timeline says so."""

import pytest

from contract.gate_world import V
from contract.rollback_world import Killed
from guard.incidents.incident import IncidentState
from guard.outcome import Outcome
from guard.store.incidents import IncidentRecords

WRITES = ("open", "note", "move")
TOLD = ("breach seen", "plan: ROLLBACK", "decision: follow", "1.3.0 is the cause", "rollback begun", "rollback completed", "resolved")
UNTIL_MITIGATING = 7
"""So much is written of a breach before the rollback is journalled; the last says that it begins."""


def dying(method, write, written):
    """The method in a process that dies after so many writes."""

    def writes(*arguments, **options):
        found = method(*arguments, **options)
        written.append(method.__name__)
        if len(written) == write:
            raise Killed
        return found

    return writes


@pytest.mark.parametrize("write", range(1, UNTIL_MITIGATING + 1))
def test_a_gate_that_dies_after_any_word_on_the_incident_is_followed_by_one_that_acts(world, monkeypatch, write):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    written = []
    with monkeypatch.context() as first:
        for name in WRITES:
            first.setattr(IncidentRecords, name, dying(getattr(IncidentRecords, name), write, written))
        with pytest.raises(Killed):
            world.gate()
    (incident,) = world.engine.incidents.all()
    assert (incident.state is IncidentState.MITIGATING) == (write == UNTIL_MITIGATING)
    assert world.engine.journal.all(world.store.item) == []

    again = world.another_process()
    again.guarded.failing |= {"1.3.0"}
    assert again.gate().outcome is Outcome.ROLLED_BACK

    assert world.store.rollbacks() == [V("1.3.0.1")]
    (incident,) = world.engine.incidents.all()
    assert incident.state is IncidentState.RESOLVED
    said = [entry.event for entry in world.engine.incidents.timeline(incident.id)]
    told = [next(number for number, event in enumerate(said) if event.startswith(begin)) for begin in TOLD]
    assert told == sorted(told), said
