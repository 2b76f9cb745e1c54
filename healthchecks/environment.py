"""The environment of what a check starts: a browser with code that may be bad in it, and a team's own tests.

One rule for both. It goes by a variable's name, for its value says nothing: what a browser or a test needs (HOME, PATH, DISPLAY, LANG, the
folders of XDG, proxies) has none of these names.
"""

import re
from collections.abc import Mapping

_BEGINNINGS = ("RELEASE_GUARD_", "GOOGLE_", "ACTIONS_", "AWS_", "AZURE_", "SENTRY_", "PGPASS")
_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE", "WEBHOOK", "DATABASE_URL", "API_?KEY", "ACCESS_?KEY")
_SECRET = re.compile(rf"^({'|'.join(_BEGINNINGS)})|{'|'.join(_WORDS)}|(^|_)(DSN|KEY)(_FILE)?$", re.IGNORECASE)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """All of it but the guard's own variables, and those whose name says that they hold a secret, or the file of one."""
    return {name: value for name, value in environment.items() if not _SECRET.search(name)}
