"""Understands a request: who asks, the parameters and the body as the operation knows them, and nothing else."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from guard.dashboard.hardening import MOST_BYTES
from guard.dashboard.operations import Operation
from guard.dashboard.refusals import Malformed, NotJson, TooLarge, Unprocessable
from guard.dashboard.sessions import COOKIE, Asking

_MOST_PROBLEMS = 5


def asking_of(request: Request) -> Asking:
    """What a request says of who asks."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asking(request.client.host if request.client else "", headers, request.cookies.get(COOKIE))


def query_of(operation: Operation, request: Request) -> Any:
    """The parameters as the operation knows them.

    Raises:
        Unprocessable: one makes no sense, is not known, or stands there twice.
    """
    given = request.query_params.multi_items()
    if len(dict(given)) != len(given):
        raise Unprocessable("a parameter stands there twice")
    try:
        return operation.query.model_validate({name: plain_text(value) for name, value in given})
    except ValidationError as error:
        raise Unprocessable(_problems(error)) from None


async def body_of(operation: Operation, request: Request) -> Any:
    """The body as the operation knows it; none where it has none.

    Raises:
        NotJson: it is said to be something else.
        TooLarge: it does not end.
        Unprocessable: it is no JSON, or makes no sense.
    """
    if operation.body is None:
        return None
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise NotJson("the body is not said to be JSON")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise TooLarge(f"the body is longer than {MOST_BYTES // 1024} KB")
    try:
        return operation.body.model_validate_json(bytes(content))
    except ValidationError as error:
        raise Unprocessable(_problems(error)) from None


def plain_text(value: str) -> str:
    """A text from an address, which no database could take with a NUL in it.

    Raises:
        Malformed: it has one.
    """
    if "\0" in value:
        raise Malformed("the address holds a NUL")
    return value


def _problems(error: ValidationError) -> str:
    """What is wrong, without what was sent: it could be a secret."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_PROBLEMS]
    return "; ".join(f"{'.'.join(str(part)[:60] for part in one['loc']) or 'the body'}: {one['msg']}" for one in found)
