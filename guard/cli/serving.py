"""serve: the dashboard, until it is told to stop."""

import contextlib
import gc
import os
import signal
import sys
import threading
from argparse import Namespace
from types import FrameType

from guard.cli import opening
from guard.cli.console import Console
from guard.dashboard.listening import Server, address_of, bound, is_loopback, must_be_guarded
from guard.dashboard.server import Dashboard, Settings
from guard.dashboard.sessions import How
from guard.engine import Engine
from guard.environment import secret
from guard.errors import ExitCode
from guard.rollback.warming import warm_up
from guard.ticking import ticking

_LAST_SECONDS = 3.0
"""So long what is told beside the server may still take at the end; a message that is not told by then is told by the next process."""


def serve(args: Namespace) -> int:
    """Serve the dashboard."""
    config = opening.configuration(args)
    table = config.dashboard
    host, port = args.host or table.host, table.port if args.port is None else args.port
    with opening.engine(args, config) as (engine, console):
        settings = Settings(secret(table.token_env), actions=not args.no_actions, host=host)
        dashboard = Dashboard(engine, settings)
        must_be_guarded(table, host, dashboard.sessions.how, has_token=settings.token is not None)
        with bound(host, port) as listener, contextlib.ExitStack() as beside:
            address = address_of(host, listener)

            def started() -> None:
                _say(console, dashboard, address, table.token_env)

            server = Server(dashboard.app, dashboard.hub.close, started)
            if dashboard.sessions.how is not How.READ_ONLY:
                warm_up(engine.database)
                beside.enter_context(ticking(engine))
            _stop_on_signals(server)
            gc.freeze()  # what is loaded by now stays: going through all of it again and again costs an answer half its time
            server.run([listener])
            return _end(engine, console, dashboard)


def _say(console: Console, dashboard: Dashboard, address: str, variable: str) -> None:
    how = dashboard.sessions.how
    console.print(f"the dashboard is at {address}")
    match how:
        case How.READ_ONLY:
            console.print(f"read-only: nobody can act here; a token in {variable} lets people log in")
        case How.TOKEN:
            console.print(f"people act after logging in with the token in {variable}")
        case How.PROXY:
            console.print("people act by the reverse proxy's word on who they are")
    if not is_loopback(address.removeprefix("http://").rpartition(":")[0]):
        console.warn("other machines reach it, and whoever does can read; what is sent is not encrypted unless a proxy does so")
    console.document({"address": address, "actions": how.value})
    sys.stdout.flush()


def _stop_on_signals(server: Server) -> None:
    """SIGTERM and SIGINT end it; a second one ends at once."""

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)


def _end(engine: Engine, console: Console, dashboard: Dashboard) -> int:
    """Leave what takes too long to the next process: a rollback and a message survive harder ends than this one."""
    if under_way := dashboard.carrying.under_way:
        console.warn(f"waiting for the rollback of {', '.join(sorted(under_way))}; another signal ends at once")
    left = dashboard.close(engine.config.watch.stop_seconds)
    if left:
        console.warn(f"the rollback of {', '.join(sorted(left))} is left where it stands; the next process that acts goes on with it")
        _leave()
    last = threading.Timer(_LAST_SECONDS, _leave)
    last.daemon = True
    last.start()
    return ExitCode.DONE


def _leave() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ExitCode.DONE)  # threads that still wait for somebody cannot be ended otherwise
