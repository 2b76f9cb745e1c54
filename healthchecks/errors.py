"""What keeps a health check from being run: never the same as a check that failed."""

from webstore.errors import ReleaseGuardError


class HealthCheckError(ReleaseGuardError):
    """The checks could not be run."""


class ChromiumNotFound(HealthCheckError):
    """There is no Chromium to run the checks in."""

    hint = "run `release-guard browser install`, or name one in RELEASE_GUARD_CHROMIUM"


class BrowserFailed(HealthCheckError):
    """Chromium did not start, or did not do what it was told."""

    hint = "try `release-guard browser path`, start that program by hand, and see what it says"


class LoadRefused(HealthCheckError):
    """Chromium does not load the extension; its own words say why."""

    hint = "correct what Chromium names, and load the folder by hand at chrome://extensions"


class CheckSettingsError(HealthCheckError):
    """The settings of the checks cannot be used."""

    hint = "correct the extension's `checks` in release-guard.toml"
    users_mistake = True


class StepFailed(HealthCheckError):
    """A step of a scenario could not be done, or what it waits for did not come."""

    hint = "do the step by hand, with the extension loaded, and look at the screenshot"


class RecordingFailed(HealthCheckError):
    """A page could not be recorded."""

    hint = "open the address by hand, and see whether it can be reached from here"
    users_mistake = True
