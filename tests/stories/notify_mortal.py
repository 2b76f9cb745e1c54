"""A process that delivers messages and is killed at its n-th sending: `python -c "…; notify_mortal.main()" N before|after URL ADDRESS`."""

import os
import signal
import sys
import threading
from pathlib import Path

from contract.notify_world import twilio_is_at

from guard.config import load
from guard.engine import Engine
from guard.notify.delivery import deliver_due
from guard.notify.sending import send


def main():
    at, when, url, address = sys.argv[1:]
    twilio_is_at(address)
    engine = Engine.open(load(Path("release-guard.toml")), url)
    lock, count = threading.Lock(), 0

    def sending(target, parcel):
        nonlocal count
        with lock:  # one at a time, so that the n-th is the n-th
            count += 1
            if count == int(at) and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            attempt = send(target, parcel)
            if count == int(at):
                os.kill(os.getpid(), signal.SIGKILL)
            return attempt

    deliver_due(engine, sending)
