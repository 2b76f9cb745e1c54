"""The one limit that holds for a whole exchange over HTTP, whatever it hangs on.

The limits of `requests` begin anew with each byte that comes. A server that sends its header letter by letter, a name that is looked up for
minutes, a redirect whose body never ends: none of them is over before it pleases the other side. So an exchange is made in a thread, and
that is left alone when its time is over.
"""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import requests

_Came = TypeVar("_Came")


def _keep(_came: object) -> None:
    """There is nothing to close."""


def within(seconds: float, exchange: Callable[[], _Came], close: Callable[[_Came], None] = _keep) -> _Came:
    """What an exchange comes to, or raises, when it ends within so many seconds.

    Whether one that did not was carried out by the other side, or still will be, is not known. ``close``: for what comes too late.

    Raises:
        requests.exceptions.Timeout: it did not.
    """
    came: Future[_Came] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            came.set_result(context.run(exchange))
        except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for, whatever it is
            came.set_exception(error)

    threading.Thread(target=run, name="exchange", daemon=True).start()
    try:
        return came.result(seconds)
    except TimeoutError as error:
        if came.done():  # an exchange may end in an error of this kind by itself
            raise
        came.add_done_callback(lambda late: None if late.exception() else close(late.result()))
        raise requests.exceptions.Timeout(f"not over after {seconds:g} s") from error
