"""The pages of an incident's life: what people do in it, what is learned from it, and whom it is told to."""

from collections.abc import Mapping

from guard.cli.pages.page import Page

_MAKES_NO_SENSE = "0 done; 2 it makes no sense as the incident stands."

PEOPLE: Mapping[str, Page] = {
    "incident": Page(
        "Shows incidents, and writes what people do in one: who took it on, who does what, what is done, how it ended.",
        (
            'release-guard incident open --title "popup is blank" --severity P1 --by ann',
            "release-guard incident ack INC-2026-0042 --by ann",
            'release-guard incident assign INC-2026-0042 technical-lead bob --by ann --reason "knows the parser"',
            'release-guard incident tick INC-2026-0042 users-told --by ann --evidence "banner on the site"',
            'release-guard incident resolve INC-2026-0042 --by ann --reason "1.3.1 is live, and no error was seen for an hour"',
        ),
        notes="""The guard only raises a severity, and after a person has set one only when the evidence is worse than it was. Whoever
says nothing with --by is who is logged in.""",
        codes=_MAKES_NO_SENSE,
        see=("postmortem", "action add", "report"),
    ),
    "incident list": Page(
        "Lists every incident, the newest first.",
        ("release-guard incident list --open", "release-guard incident list --json"),
        see=("incident show", "status"),
    ),
    "incident show": Page(
        "Shows one incident: its roles, its clocks, its checklist, its timeline and whom it was told to.",
        ("release-guard incident show INC-2026-0042",),
        see=("postmortem",),
    ),
    "incident oncall": Page(
        "Says who is on call now, who is next and when, and whom an incident is escalated to.",
        ("release-guard incident oncall",),
        see=("notify test",),
    ),
    "incident open": Page(
        """Opens an incident by hand, for what people saw and the guard did not. While one of the same title is open, the report joins
it. The severity follows from the words of the title unless one is given.""",
        (
            'release-guard incident open --title "popup is blank" --by ann',
            'release-guard incident open --title "prices are wrong" --severity P1 --version 1.3.0 --reason "three users wrote"',
        ),
        see=("incident ack", "rollback"),
    ),
    "incident ack": Page(
        "Says that somebody has taken the incident on. That stops the clock of the response, and the escalation.",
        ("release-guard incident ack INC-2026-0042 --by ann",),
        codes=_MAKES_NO_SENSE,
        see=("incident assign",),
    ),
    "incident assign": Page(
        "Gives a role to somebody, or hands it over; both are told on the timeline.",
        (
            "release-guard incident assign INC-2026-0042 incident-commander ann",
            'release-guard incident assign INC-2026-0042 technical-lead bob --by ann --reason "knows the parser"',
        ),
        codes=_MAKES_NO_SENSE,
        see=("incident oncall",),
    ),
    "incident note": Page(
        "Adds words to the timeline. Nothing on it is ever changed: a correction is a note as well.",
        ('release-guard incident note INC-2026-0042 "the site changed its list at 14:00" --by ann',),
        see=("incident public",),
    ),
    "incident public": Page(
        "Tells the users of the extension, on the public status page. Everything else of an incident stays inside.",
        (
            'release-guard incident public INC-2026-0042 "The popup is blank for some of you. We are putting 1.2.0 back."',
            "release-guard incident public INC-2026-0042 --withdraw",
        ),
        codes=_MAKES_NO_SENSE,
        see=("status",),
    ),
    "incident tick": Page(
        "Says that an entry of the checklist is done, and what shows it.",
        ('release-guard incident tick INC-2026-0042 users-told --by ann --evidence "banner on the site"',),
        codes=_MAKES_NO_SENSE,
        see=("incident show", "incident untick"),
    ),
    "incident untick": Page(
        "Says that an entry of the checklist is to be done again.",
        ('release-guard incident untick INC-2026-0042 users-told --reason "the banner is gone"',),
        codes=_MAKES_NO_SENSE,
        see=("incident tick",),
    ),
    "incident severity": Page(
        """Raises or lowers the severity; the clocks of response and solution follow. Afterwards the guard raises it again only when
the evidence is worse than it was.""",
        ('release-guard incident severity INC-2026-0042 P2 --by ann --reason "only one page is affected"',),
        codes=_MAKES_NO_SENSE,
        see=("incident show",),
    ),
    "incident resolve": Page(
        "Says that users are well again. A P0 or P1 asks for a postmortem before it is closed.",
        ('release-guard incident resolve INC-2026-0042 --by ann --reason "1.3.1 is live, and no error was seen for an hour"',),
        codes=_MAKES_NO_SENSE,
        see=("postmortem", "incident reopen"),
    ),
    "incident false-alarm": Page(
        "Says that nothing was wrong. It counts against the detector in the report.",
        ('release-guard incident false-alarm INC-2026-0042 --reason "the test site was down"',),
        codes=_MAKES_NO_SENSE,
        see=("report", "replay"),
    ),
    "incident reopen": Page(
        "Says that it is not over: the clocks run anew.",
        ('release-guard incident reopen INC-2026-0042 --by ann --reason "the popup is blank again"',),
        codes=_MAKES_NO_SENSE,
        see=("incident ack",),
    ),
    "incident postmortem-done": Page(
        "Says that the postmortem is written and agreed on, so that the incident can be closed.",
        ('release-guard incident postmortem-done INC-2026-0042 --by ann --reason "docs/postmortems/0042.md"',),
        codes=_MAKES_NO_SENSE,
        see=("postmortem", "incident close"),
    ),
    "incident close": Page(
        "Puts a resolved incident away; a P0 or P1 only after its postmortem.",
        ("release-guard incident close INC-2026-0042 --by ann",),
        codes=_MAKES_NO_SENSE,
        see=("incident postmortem-done",),
    ),
    "postmortem": Page(
        """Drafts an incident's postmortem from what was recorded: the timeline, times, impact, cause and what was done. Written into a
file, it may be written again: what people wrote into it is kept.""",
        (
            "release-guard postmortem INC-2026-0042 -o postmortems/0042.md",
            "release-guard postmortem INC-2026-0042 --language zh-TW",
        ),
        see=("action add", "incident postmortem-done"),
    ),
    "report": Page(
        """Says what a period was like: incidents, how fast they were seen and solved, targets met and missed, rollbacks, error
budgets, action items and what they have prevented.""",
        (
            "release-guard report",
            "release-guard report --days 90 --format html -o quarter.html",
        ),
        see=("incident list", "action list"),
    ),
}
