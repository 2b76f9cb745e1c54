"""What the workflows are to be like: from the command line, else from whom sits at the terminal, else the defaults."""

from argparse import Namespace

from guard.cli.questions import Questions, one_of
from guard.config import Config
from guard.errors import UsageError
from guard.scaffold import cron, surroundings, wanted
from guard.scaffold.wanted import SCHEDULE, WATCH_SCHEDULE, Extension, Wanted


def answered(
    args: Namespace, questions: Questions, config: Config | None, extensions: tuple[Extension, ...], directory: tuple[str, str]
) -> Wanted:
    """Everything that the workflows are made of.

    Args:
        args: the command line of `init`.
        questions: who is asked for what it leaves out.
        config: the configuration, where it is there.
        extensions: which the workflows are for.
        directory: the working directory, and the configuration's file in it.

    Raises:
        UsageError: an answer cannot be used, or two do not go together.
    """
    _must_go_together(args, extensions)
    known = surroundings.installed_from() or ""
    uses, ref = questions.ask(args.uses, "Where release-guard's own repository is, as OWNER/REPO@COMMIT", known, _uses)
    is_publishing = not args.no_publish and _publishes(args, questions)
    state = questions.ask(
        args.state, "What remembers: the actions cache, or none where a database of yours does", _state(config), one_of("cache", "none")
    )
    begins_with_tag = is_publishing and len(extensions) == 1 and _begins_with_tag(args, questions, state)
    provider, service_account = _identity(args, questions)
    mode = questions.ask(args.mode, "How far the gate may go: observe, propose, act, or as configured", "as configured", _mode)
    schedule, watch_schedule = _schedules(args, questions, config)
    plain = Wanted(uses, ref, extensions)
    return Wanted(
        uses,
        ref,
        extensions,
        is_publishing=is_publishing,
        artifact=wanted.artifact(args.artifact or plain.artifact),
        package=wanted.path(args.package or plain.package),
        begins_with_tag=begins_with_tag,
        tags=wanted.tags(args.tags or plain.tags),
        mode=mode,
        schedule=schedule,
        watch_schedule=watch_schedule,
        environment=questions.ask(
            args.environment, "The environment whose reviewers approve a rollback", plain.environment, wanted.environment
        ),
        working_directory=directory[0],
        config=directory[1],
        state=state,
        provider=provider,
        service_account=service_account,
        store_secret=wanted.secret(args.store_secret or plain.store_secret),
        lines_secret=wanted.secret(args.lines_secret or plain.lines_secret),
    )


def _must_go_together(args: Namespace, extensions: tuple[Extension, ...]) -> None:
    begins_with_tag = args.on == "tag" or args.tags
    for is_wrong, words in (
        (args.no_publish and (args.artifact or args.package), "--artifact and --package name what is published: not with --no-publish"),
        (args.no_publish and begins_with_tag, "a tag publishes nothing with --no-publish: start the gate after your own publish"),
        (args.on == "dispatch" and args.tags, "--tags goes with --on tag"),
        (begins_with_tag and len(extensions) > 1, "a tag does not say which of several extensions is released: name one with --item"),
        (bool(args.service_account) and not args.provider, "--service-account goes with --provider"),
        (args.provider and args.store_secret, "--provider is instead of a key, and --store-secret names one"),
    ):
        if is_wrong:
            raise UsageError(words)


def _uses(text: str) -> tuple[str, str]:
    if not text:
        raise UsageError("say with --uses where release-guard's own repository is: OWNER/REPO@COMMIT").advise(
            "whoever gave you release-guard knows; the commit's full hash keeps what is called from becoming something else"
        )
    return wanted.uses(text)


def _publishes(args: Namespace, questions: Questions) -> bool:
    given = "yes" if args.artifact or args.package or args.tags or args.on == "tag" else None
    return questions.ask(given, "Is the extension to be published by the workflow: yes or no", "yes", one_of("yes", "no")) == "yes"


def _begins_with_tag(args: Namespace, questions: Questions, state: str) -> bool:
    given = args.on or ("tag" if args.tags else None)
    # What a tag's run keeps in the actions cache is seen by no other run.
    return (
        questions.ask(
            given,
            "A release begins by hand, with a dispatch, or with a tag",
            "tag" if state == "none" else "dispatch",
            one_of("dispatch", "tag"),
        )
        == "tag"
    )


def _identity(args: Namespace, questions: Questions) -> tuple[str, str]:
    given = "" if args.store_secret else args.provider
    provider = questions.ask(given, "Google's workload identity provider, or nothing for a key in a secret", "", _or_none)
    if not provider:
        return "", ""
    account = questions.ask(args.service_account, "The service account that it lends", "", wanted.service_account)
    return provider, account


def _or_none(text: str) -> str:
    return wanted.provider(text) if text else ""


def _schedules(args: Namespace, questions: Questions, config: Config | None) -> tuple[str, str]:
    """When canary and watch begin; by default as Sentry is told they do."""
    told = (config.canary.schedule, config.canary.watch_schedule) if config else (None, None)
    return (
        questions.ask(args.schedule, "When what users have is checked, as cron has it, in UTC", told[0] or SCHEDULE, cron.schedule),
        questions.ask(
            args.watch_schedule,
            "When releases are judged that no gate has waited for, or none for never",
            told[1] or WATCH_SCHEDULE,
            wanted.watch_schedule,
        ),
    )


def _mode(text: str) -> str:
    return "" if text == "as configured" else one_of("observe", "propose", "act")(text)


def _state(config: Config | None) -> str:
    return "none" if config and config.database else "cache"
