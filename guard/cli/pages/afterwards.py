"""The pages of action items, and of whom the guard tells."""

from collections.abc import Mapping

from guard.cli.pages.page import Page

AFTERWARDS: Mapping[str, Page] = {
    "action": Page(
        "Keeps what is done so that an incident does not come back: who does it, by when, and what it has prevented.",
        (
            'release-guard action add "test the popup in German" --owner ann --due 2026-12-01 --incident INC-2026-0042',
            "release-guard action list --overdue",
            'release-guard action done ACT-2026-0001 --reason "runs in CI since 1.4.0"',
        ),
        notes="""An item is reminded of 7 days and 3 days before its due date, and every day once that is over, until it is done or
dropped.""",
        see=("postmortem", "report"),
    ),
    "action add": Page(
        """Writes an action item down. With the class of incidents that it prevents, the report says later whether they stayed away.""",
        (
            'release-guard action add "test the popup in German" --owner ann --due 2026-12-01 --incident INC-2026-0042',
            "# It prevents what deployments do to the error rate, of any extension: about two incidents a year",
            "release-guard action add 'stage releases' --owner ann --due 2026-12-15 --prevents '*/error_rate/deployment' --estimate 2",
        ),
        see=("action list",),
    ),
    "action list": Page(
        "Lists what is open, due first at the front.",
        ("release-guard action list", "release-guard action list --overdue --owner ann"),
        see=("action show",),
    ),
    "action show": Page(
        "Shows one action item in full, with all that was done to it.",
        ("release-guard action show ACT-2026-0001",),
        see=("action list",),
    ),
    "action start": Page(
        "Says that somebody is working on it.",
        ("release-guard action start ACT-2026-0001 --by ann",),
        see=("action done",),
    ),
    "action done": Page(
        "Says that it is done: nobody is reminded of it any more.",
        ('release-guard action done ACT-2026-0001 --reason "runs in CI since 1.4.0"',),
        see=("action drop", "report"),
    ),
    "action drop": Page(
        "Gives it up, and says why: nobody is reminded of it any more.",
        ('release-guard action drop ACT-2026-0001 --reason "the page is gone" --by ann',),
        see=("action done",),
    ),
    "action assign": Page(
        "Gives it to somebody else, who is reminded from now on.",
        ("release-guard action assign ACT-2026-0001 bob",),
        see=("action due",),
    ),
    "action due": Page(
        "Gives it another last day; the reminders follow.",
        ("release-guard action due ACT-2026-0001 2026-12-08",),
        see=("action list",),
    ),
    "notify": Page(
        "Tries out whom the guard tells of incidents, and shows what came of each message.",
        ("release-guard notify test", "release-guard notify log --incident INC-2026-0042"),
        see=("incident oncall", "silence add"),
    ),
    "notify test": Page(
        "Sends a message to each target that is configured, and says what came of it. It needs no database.",
        ("release-guard notify test", "release-guard notify test --target crew"),
        codes="0 each was sent; 2 no such target is configured; 4 one could not be sent.",
        see=("doctor",),
    ),
    "notify log": Page(
        "Shows every attempt to deliver a message, and what came of it.",
        ("release-guard notify log", "release-guard notify log --incident INC-2026-0042 --limit 50"),
        see=("incident show",),
    ),
    "silence": Page(
        "Tells nobody for a while. Incidents are opened and written down all the same, and the guard acts as ever.",
        ('release-guard silence add --for 2h --by ann --reason "the store is being moved"', "release-guard silence list"),
        see=("pause",),
    ),
    "silence add": Page(
        "Tells nobody of incidents until an end, of one extension or of all.",
        (
            'release-guard silence add --for 90m --by ann --reason "demo"',
            "# A maintenance window to come",
            "release-guard silence add --maintenance --from 2026-12-24T18:00 --until 2026-12-25T06:00 --by ann --reason move",
        ),
        see=("silence end", "pause"),
    ),
    "silence list": Page(
        "Lists the silences that hold, and those to come.",
        ("release-guard silence list", "release-guard silence list --all"),
        see=("silence add",),
    ),
    "silence end": Page(
        "Ends a silence before its time: people are told again.",
        ("release-guard silence end 3 --by ann",),
        see=("silence list",),
    ),
}
