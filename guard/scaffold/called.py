"""The guard's reusable workflows as their callers see them; a test holds this to the workflows themselves."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

PERMISSIONS: Mapping[str, str] = {"contents": "read", "id-token": "write"}
"""What each of them asks for. A caller that grants less is refused by GitHub before anything runs."""
SECRETS = ("store-credentials", "environment")
GROUP = "release-guard-"
"""How the name of their concurrency group begins. A caller in the same group would wait for itself for ever."""
VARIABLES = "RELEASE_GUARD_"
"""How the name of each variable begins that the secret `environment` may set."""
STATE_FOLDER = ".release-guard"
"""The folder that `state: cache` keeps, below the working directory."""

_Kind = Literal["string", "boolean"]
_EVERYWHERE: Mapping[str, _Kind] = {
    "config": "string",
    "working-directory": "string",
    "item": "string",
    "state": "string",
    "workload-identity-provider": "string",
    "service-account": "string",
}


@dataclasses.dataclass(frozen=True)
class Called:
    """A reusable workflow."""

    file: str
    """Its name in our repository."""
    ours: str
    """The name that `init --github` gives to the workflow that calls it."""
    does: str
    """For a sentence."""
    inputs: Mapping[str, _Kind]
    needs: tuple[str, ...] = ()
    """Inputs that must be given."""


GATE = Called(
    "post-release-gate.yml",
    "release-gate.yml",
    "guards a release after it is published",
    {
        **_EVERYWHERE,
        **dict.fromkeys(("artifact", "package", "version", "percent", "review-seconds", "mode", "approval-environment"), "string"),
    },
)
CANARY = Called("canary.yml", "release-canary.yml", "checks what users have, by schedule", {**_EVERYWHERE, "command": "string"})
ROLLBACK = Called(
    "rollback.yml",
    "release-rollback.yml",
    "rolls back by hand",
    {
        **_EVERYWHERE,
        **dict.fromkeys(("version", "reason", "approval-environment"), "string"),
        "dry-run": "boolean",
        "force": "boolean",
    },
    needs=("reason",),
)
ALL = (GATE, CANARY, ROLLBACK)
APPROVAL_ENVIRONMENT = "release-guard-rollback"
"""The environment whose reviewers approve a rollback, when none is named."""
