"""Who is told of a rollback that is done, as configured: a team's own endpoint, and a GitHub workflow."""

from collections.abc import Callable

from guard.environment import secret
from guard.rollback.dispatch import Dispatch, Workflow
from guard.rollback.plan import RollbackPlan
from guard.rollback.webhook import Webhook
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from guard.tables import RollbackTable

Tell = Callable[[RollbackPlan], str]
"""Tells the world outside; what came of it. What fails there fails nothing here."""


def teller(table: RollbackTable, journal: Journal, incidents: IncidentRecords) -> Tell | None:
    """Tells everybody who is configured, one after the other; none where nobody is."""

    def incident_of(plan: RollbackPlan) -> str | None:
        incident = incidents.open_for(plan.item, plan.from_version)
        return incident.id if incident else None

    told: list[Tell] = []
    if variable := table.webhook_env:
        told.append(Webhook(lambda: secret(variable), journal, incident_of, timeout_seconds=table.webhook_timeout_seconds).tell)
    if table.dispatch_repository and table.dispatch_workflow:
        workflow = Workflow(table.dispatch_repository, table.dispatch_workflow, table.dispatch_ref, table.dispatch_base_url)
        seconds = table.dispatch_timeout_seconds
        told.append(Dispatch(workflow, lambda: secret(table.dispatch_token_env), journal, incident_of, timeout_seconds=seconds).tell)
    return (lambda plan: "; ".join(tell(plan) for tell in told)) if told else None
