"""What browsers ask: the update check, and the signed packages."""

import hashlib
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webstore.simulator.faults import Faults
from webstore.simulator.listing import EVERYBODY
from webstore.simulator.state import LocalStore
from webstore.versions import Version, VersionError


class UpdateEndpoints:
    """The update service of the local store."""

    def __init__(self, store: LocalStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def check(self, request: Request) -> Response:
        """What a browser is offered of each extension that it asks for."""
        return await self._faults.around("updateCheck", request, lambda: self._check(request))

    async def _check(self, request: Request) -> Response:
        wanted = [parse_qs(asked).get("id", [""])[0] for asked in request.query_params.getlist("x")]
        bucket = request.query_params.get("bucket", "")
        place = int(bucket) if bucket.isdecimal() and int(bucket) < EVERYBODY else EVERYBODY - 1
        if request.query_params.get("response") == "redirect":
            offered = self._store.offered(wanted[0], place) if wanted else None
            if offered is None:
                return Response(status_code=204)
            return RedirectResponse(f"{_origin(request)}/packages/{_identifier(wanted[0])}/{offered.version}.crx")
        apps = [await run_in_threadpool(self._app, _origin(request), extension, place) for extension in wanted]
        return Response(
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0" server="local">'
            f"{''.join(apps)}</gupdate>",
            media_type="text/xml",
        )

    def _app(self, origin: str, extension: str, place: int) -> str:
        identifier = _identifier(extension)
        offered = self._store.offered(extension, place)
        crx = self._store.crx(extension, offered.version) if offered else None
        if offered is None or crx is None:
            check = '<updatecheck status="noupdate"/>'
        else:
            digest = hashlib.sha256(crx).hexdigest()
            check = (
                f'<updatecheck status="ok" codebase="{origin}/packages/{identifier}/{offered.version}.crx" version="{offered.version}" '
                f'hash_sha256="{digest}" size="{len(crx)}" fp="1.{digest}"/>'
            )
        return f'<app appid="{identifier}" cohort="" cohortname="" status="ok">{check}</app>'

    async def package(self, request: Request) -> Response:
        """A signed package."""
        return await self._faults.around("package", request, lambda: self._package(request))

    async def _package(self, request: Request) -> Response:
        try:
            version = Version.parse(str(request.path_params["version"]))
        except VersionError:
            return Response(status_code=404)
        crx = await run_in_threadpool(self._store.crx, str(request.path_params["extension"]), version)
        return Response(crx, media_type="application/x-chrome-extension") if crx else Response(status_code=404)


def _identifier(text: str) -> str:
    """Only what an id can hold, so that nothing of the question is repeated in the answer unseen."""
    return "".join(letter for letter in text if "a" <= letter <= "p")[:32]


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")
