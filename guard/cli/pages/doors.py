"""The pages of what guards a release: setting up, the three doors, and people's word against the guard's."""

from collections.abc import Mapping

from guard.cli.pages.page import Page

PROGRAM = Page(
    """Watches Chrome Web Store releases, and puts the previous version back when one is bad.""",
    (
        "# From nothing to a guarded release",
        "release-guard init extension --id ITEM --publisher PUBLISHER",
        "release-guard doctor",
        "release-guard release snapshot",
        "release-guard gate --version 1.3.0",
    ),
    """`release-guard COMMAND --help` says more of each, with examples. Times are UTC.

Exit codes: 0 healthy or done, 1 breach found, 2 usage or configuration error, 3 inconclusive, 4 the guard could not do its work.""",
)

DOORS: Mapping[str, Page] = {
    "": PROGRAM,
    "init": Page(
        """Writes a release-guard.toml for the extension in a folder. Every setting is in it, with its default and what it is for; what
has to be filled in is marked. A configuration that is there is never replaced without --force. With --github the workflows of the
three doors are written as well, and what they need to know is asked for at a terminal, or given by the options.""",
        (
            "release-guard init extension --id abcdefghijklmnopabcdefghijklmnop --publisher 0123-4567",
            "# The workflows too, without a question",
            "release-guard init extension --github --uses acme/release-guard@COMMIT --mode propose",
        ),
        see=("doctor", "release snapshot"),
    ),
    "doctor": Page(
        """Looks at everything that the guard rests on: configuration, state folder, database, browser, store credentials, Sentry and
whom incidents are told to. It only reads, and sends nothing. Of each thing that is wrong it says what to do. With --github it looks at
the workflows of this repository and at GitHub's settings instead.""",
        ("release-guard doctor", "release-guard doctor --json", "release-guard doctor --github --repository acme/bookshelf"),
        codes="0 nothing is wrong; 2 something that is configured is wrong; 4 something is out of reach, or refuses us.",
        see=("init", "notify test"),
    ),
    "check": Page(
        """Runs the health checks on one version in a real Chromium: it loads, it extracts what it should from its pages, its own pages
work, stored data survives the update, and the team's own tests pass. It needs no account, and without a release-guard.toml only what
needs no settings is checked. With --baseline the version before is checked side by side, which tells a broken release from a changed
site.""",
        (
            "release-guard check dist/extension.zip",
            "# What users get now, with a report for CI and one for people",
            "release-guard check store --junit junit.xml --html report",
            "# Is it the new version, or the site?",
            "release-guard check extension --baseline @1.2.0 --only extraction",
            "# A page with all that it loads, so that a check needs no network",
            "release-guard check record https://shop.example/list -o pages/list.har",
        ),
        codes="0 every check passed; 1 a check failed; 2 usage or configuration error; 4 a check could not be run.",
        see=("gate", "canary", "browser install"),
    ),
    "gate": Page(
        """Guards one release, once: it waits until users get the version, proves that it could be rolled back without losing data,
checks it beside its baseline, and judges what Sentry and the store report for as long as the rollback window lasts (1 hour by
default). In a breach it acts by mode: observe says what it would do, propose opens an incident and leaves the rollback to a person,
act rolls back.

For a job that runs after publishing. When it is killed, the next one goes on where it stood.""",
        (
            "release-guard gate --version 1.3.0",
            "# Say what it would do, and do nothing",
            "release-guard gate --version 1.3.0 --mode observe",
        ),
        codes="""0 healthy; 1 a breach, rolled back or not; 2 usage or configuration error; 3 not enough evidence for a verdict; 4 the guard
could not do its work, or the version never went live.""",
        see=("publish", "rollback approve", "incident show"),
    ),
    "canary": Page(
        """Runs the health checks once against what users have now and the sites as they are now. A failure opens an incident, and a
pass resolves the one that an earlier canary opened. It rolls nothing back. For a schedule.""",
        ("release-guard canary", "release-guard canary --item bookshelf --json"),
        codes="""0 well; 1 a check failed; 2 usage or configuration error; 3 inconclusive; 4 an extension could not be looked at. Of
several extensions the worst counts: 1 before 4, 4 before 3.""",
        see=("watch", "check"),
    ),
    "watch": Page(
        """The daemon: looks at every configured extension, every interval, judges each new release inside its window, acts by mode,
and tells people what is due. Several may run on one database; they share the work, and nothing is done twice. SIGTERM and SIGINT end
it between two looks; a rollback that is under way is taken to its end, by this process or the next.""",
        ("release-guard watch", "# One look, for a schedule", "release-guard watch --once --json"),
        codes="with --once: 0 well; 1 a breach; 3 inconclusive; 4 the guard could not do its work.",
        see=("executors", "pause", "serve"),
    ),
    "rollback": Page(
        """Puts an earlier version back by hand, and says what it will do first: nothing happens before a yes. Users get the code of
the last known good version, or of --to, under a number above the published one (1.3.0 becomes 1.3.0.1), since the store takes no lower
one. A rollback is done once, however often it is asked for or interrupted.""",
        (
            "# Show the plan, and ask the store whether it would take it",
            'release-guard rollback --reason "popup is blank" --dry-run',
            'release-guard rollback --reason "popup is blank"',
            'release-guard rollback --to 1.1.0 --reason "1.2.0 loses settings as well" --yes',
        ),
        codes="0 done, or shown; 1 stopped by a person; 2 it must not be, and why; 4 it could not be done, or users were not proved well.",
        see=("rollback approve", "incident show", "release block"),
    ),
    "rollback approve": Page(
        "Says yes to a rollback that the guard proposed, and carries it out. The timeline keeps who said so.",
        ("release-guard rollback approve INC-2026-0042 --by ann",),
        see=("incident show", "rollback abort"),
    ),
    "rollback abort": Page(
        """Says no to a proposed rollback, which is not proposed again, or stops one that has begun, as long as the store was not asked
for it.""",
        ('release-guard rollback abort INC-2026-0042 --by ann --reason "a fix is in review"',),
        see=("rollback approve", "rollback history"),
    ),
    "rollback history": Page(
        "Shows every rollback with its steps, the newest first, and whether a living process carries out those that are not at their end.",
        ("release-guard rollback history", "release-guard rollback history --item bookshelf --json"),
        see=("executors",),
    ),
    "repair": Page(
        "For what the guard cannot repair by itself: the team's own commands, named under [repair] in release-guard.toml.",
        ("release-guard repair run INC-2026-0042",),
        see=("incident show",),
    ),
    "repair run": Page(
        """Runs the team's own command for an incident's plan, after showing it and asking. It is started without a shell and without
the guard's secrets, and what it says goes on the timeline.""",
        (
            "release-guard repair run INC-2026-0042",
            "release-guard repair run INC-2026-0042 --strategy SERVICE_RESTART --by ann --yes",
        ),
        codes="0 done, or not confirmed; 2 there is no command for it; 4 the command failed.",
        see=("incident show",),
    ),
    "pause": Page(
        """The kill switch: no process that shares the database acts by itself until `resume`. It goes on looking and telling, and
people may still roll back.""",
        (
            'release-guard pause --by ann --reason "store migration until noon"',
            'release-guard pause --item bookshelf --by ann --reason "demo"',
        ),
        see=("resume", "silence add"),
    ),
    "resume": Page(
        "Ends a pause: the guard acts by itself again, as its mode says.",
        ("release-guard resume --by ann", "release-guard resume --item bookshelf --by ann"),
        see=("pause", "status"),
    ),
}
