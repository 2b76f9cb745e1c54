"""What is loaded before there are several threads: a module that one thread is in the middle of loading makes the questions of others fail."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(
            "import sqlalchemy, threading; threading.Thread.start = lambda self: None\n"
            "from guard.rollback.warming import warm_up; warm_up(sqlalchemy.create_engine('sqlite://'))",
            id="before a watcher warms up beside its looks",
        ),
        pytest.param(
            "import sqlalchemy; from guard.config import Config; from guard.dashboard.carrying import Carrying; from guard.engine import Engine\n"
            "extension = {'id': 'a' * 32, 'publisher': 'a-publisher', 'name': 'shelf'}\n"
            "engine = Engine(Config.model_validate({'extension': [extension]}), sqlalchemy.create_engine('sqlite://'))\n"
            "assert 'sqlalchemy.orm' not in __import__('sys').modules\n"
            "Carrying(engine)",
            id="before the dashboard carries out a rollback beside its answers",
        ),
    ],
)
def test_what_a_rollback_loads_of_sqlalchemy_is_loaded_before_its_thread(begun):
    told = subprocess.run(
        [sys.executable, "-c", f"{begun}\nimport sys; print('sqlalchemy.orm' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True"]
