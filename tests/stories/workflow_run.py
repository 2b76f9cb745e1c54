"""A team that uses the reusable workflows: its repository, its store, its GitHub; and a run of a workflow, job after job, as GitHub would.

Real: the order of jobs, their conditions and those of their steps, what one job hands to the next, the action itself (`stories.action_runner`),
and GitHub's REST for tickets and for a workflow that a rollback starts.

What it does not imitate: several jobs at once, environments that wait for people (whoever must approve has approved), concurrency groups,
permissions, secrets that are masked, time limits, and Google's identity.
"""

import contextlib
import json
import shutil
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from contract.github_issues import REPOSITORY, TOKEN, GitHub, github_issues
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from factories import KEY, a_package
from stories.action_runner import GITHUB, Ran, Runner
from stories.stubbed import BAD
from stories.workflow_expressions import Context, Value
from webstore.package import Package
from webstore.simulator.loopback import serve
from webstore.simulator.running import RunningStore
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

OURS = "$/.github/actions/release-guard"
_BAD_FILE = {BAD.replace(".", "__"): "broken"}


class Dispatches:
    """The part of GitHub's REST that starts a workflow: it keeps what it is asked, and starts nothing."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.base_url = ""

    async def take(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        self.asked.append({"workflow": request.path_params["file"], **json.loads(await request.body())})
        return Response(status_code=204)


class Team:
    """The extension's repository and all that its workflows reach."""

    def __init__(self, folder: Path, store: RunningStore, github: GitHub, dispatches: Dispatches, *, stubbed: bool = True) -> None:
        self.folder, self.store, self.github, self.dispatches, self.stubbed = folder, store, github, dispatches, stubbed
        self.item = store.add_item(a_package("1.2.0"), "publisher", key=KEY)
        self.repository, self.caches = folder / "repository", folder / "caches"
        self.repository.mkdir()
        self.caches.mkdir()
        self.artifact = a_package("1.3.0")
        self.jobs = self.runs = 0
        self.artifacts: set[str] = set()
        """Of the run that is under way."""
        self.secrets = {"environment": f"RELEASE_GUARD_GITHUB_TOKEN={TOKEN}\n# a comment\n", "store-credentials": ""}
        self.configure()

    def configure(self, mode: str = "propose", more: str = "") -> None:
        (self.repository / "release-guard.toml").write_text(
            f'mode = "{mode}"\n[store]\nbase_url = "{self.store.base_url}"\nupdate_url = "{self.store.update_url}"\ncredentials = "none"\n'
            f"[watch]\npoll_seconds = 0.2\n"
            f'[tickets]\nrepository = "{REPOSITORY}"\ntoken_env = "RELEASE_GUARD_GITHUB_TOKEN"\nbase_url = "{self.github.base_url}"\n'
            f'[rollback]\ndispatch_repository = "{REPOSITORY}"\ndispatch_workflow = "after-rollback.yml"\n'
            f'dispatch_base_url = "{self.dispatches.base_url}"\n{more}\n'
            f'[[extension]]\nid = "{self.item.id}"\npublisher = "publisher"\nname = "shelf"\npath = "extension"\n'
        )

    def build(self, *, bad: bool = False, **files: str) -> Package:
        """The next version, built by an earlier job: its artifact waits to be published."""
        self.artifact = a_package("1.3.0", **(_BAD_FILE if bad else {}), **files)
        self.artifact.unpack(self.repository / "extension")
        return self.artifact

    def runner(self) -> Runner:
        """The machine of a new job, with the repository checked out."""
        self.jobs += 1
        place = self.folder / f"job-{self.jobs}"
        workspace = place / "workspace"
        shutil.copytree(self.repository, workspace)
        return Runner(place, workspace, self.caches, self.artifacts, stubbed=self.stubbed)

    def step(self, command: str, **given: str) -> Ran:
        """The action by itself, in a job of its own."""
        inputs = {name.replace("_", "-"): value for name, value in given.items()}
        environment = {"RELEASE_GUARD_ENVIRONMENT": self.secrets["environment"]}
        github = self.begin()
        return self.runner().action({"command": command, **inputs}, environment, {**github, "github.job": "own"})

    def run(self, workflow: str, **given: str) -> "Run":
        """A run of a reusable workflow with these inputs."""
        return Run(self, workflow, {name.replace("_", "-"): value for name, value in given.items()})

    def history(self) -> list[str]:
        """The versions that users had, one after the other."""
        return [str(revision.version) for revision in self.store.state.history(self.item)]

    def begin(self) -> dict[str, Value]:
        """What GitHub says of a new run."""
        self.runs += 1
        self.artifacts = set()
        known = {"run_id": str(1000 + self.runs), "run_attempt": "1", "actor": "octo-cat", "repository": REPOSITORY}
        return {f"github.{name}": value for name, value in known.items()}


class Run:
    """A run of a workflow: how each job ended, what it handed on, and what the workflow handed out."""

    def __init__(self, team: Team, workflow: str, given: Mapping[str, str]) -> None:
        self._team = team
        told: Any = yaml.safe_load((GITHUB / "workflows" / workflow).read_text(encoding="utf-8"))
        called: Any = told[True]["workflow_call"]  # YAML reads the key `on` as true
        assert set(given) <= set(called["inputs"])
        inputs = {name: _plain(given.get(name, one.get("default", ""))) for name, one in called["inputs"].items()}
        self.values: dict[str, Value] = {f"inputs.{name}": value for name, value in inputs.items()}
        self.values |= {f"secrets.{name}": value for name, value in team.secrets.items()} | team.begin()
        self.results: dict[str, str] = {}
        self.ran: dict[str, Ran] = {}
        """By job and step's id, such as "gate guard"."""
        for name, job in told["jobs"].items():
            self._job(name, job)
        context = Context(self.values)
        self.outputs = {name: context.fill(one["value"]) for name, one in called["outputs"].items()}

    @property
    def failed(self) -> bool:
        """Whether GitHub shows the run in red."""
        return "failure" in self.results.values()

    def _job(self, name: str, job: Any) -> None:
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        is_held = any(self.results[need] != "success" for need in needs)
        if not Context(self.values, failed=is_held).is_met(job.get("if")):
            self.results[name] = self.values[f"needs.{name}.result"] = "skipped"
            return
        runner, steps, failed = self._team.runner(), dict[str, Value](), False
        github = {key: value for key, value in self.values.items() if key.startswith("github.")}
        for step in job["steps"]:
            context = Context({**self.values, **steps}, failed=failed)
            if not context.is_met(step.get("if")):
                continue
            told = {key: context.fill(_text(value)) for key, value in step.get("with", {}).items()}
            if step["uses"] == OURS:
                secrets = {key: context.fill(value) for key, value in step["env"].items()}
                ran = runner.action(told, secrets, {**github, "github.job": name})
                self.ran[f"{name} {step['id']}"] = ran
                steps |= {f"steps.{step['id']}.outputs.{key}": value for key, value in ran.outputs.items()}
                failed = failed or ran.failed
            elif step["uses"].startswith("actions/download-artifact@"):
                target = runner.workspace / told["path"] / "extension.zip"
                target.parent.mkdir(parents=True)
                target.write_bytes(self._team.artifact.to_zip())
            else:
                assert step["uses"].startswith("actions/checkout@"), step
        self.results[name] = self.values[f"needs.{name}.result"] = "failure" if failed else "success"
        context = Context(steps)
        for key, value in job.get("outputs", {}).items():
            self.values[f"needs.{name}.outputs.{key}"] = self.values[f"jobs.{name}.outputs.{key}"] = context.fill(value)


def _plain(value: Any) -> Value:
    return value if isinstance(value, bool) else str(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextlib.contextmanager
def a_team(folder: Path) -> Generator[Team]:
    """A team with its store and its GitHub, each on 127.0.0.1."""
    state, dispatches = LocalStore(lambda: datetime.now(UTC)), Dispatches()
    route = Route("/repos/owner/name/actions/workflows/{file}/dispatches", dispatches.take, methods=["POST"])
    with local_store(state) as address, github_issues(lambda: datetime.now(UTC)) as github, serve(Starlette(routes=[route])) as where:
        dispatches.base_url = where
        running = RunningStore(state, address)
        yield Team(folder, running, github, dispatches)
        running.session.close()
