"""Services that tell people, as they answer over the network: Slack, Twilio, an endpoint of a team, and a mail server."""

import contextlib
import dataclasses
import email
import email.policy
import re
from typing import Any
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from guard.config import Config
from guard.engine import Engine
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.notify.delivery import deliver_due
from guard.severity import Severity
from webstore.models import Item
from webstore.simulator.loopback import serve
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)
TOKEN = "xoxb-a-token"
TWILIO = "AC" + "0123456789abcdef" * 2
REPEAT = re.compile("Perhaps you have this already|您可能已收到這則訊息")


@dataclasses.dataclass
class Service:
    """What one service was given, and what it answers next in place of taking a message."""

    taken: list[Any] = dataclasses.field(default_factory=list)
    faults: list[Any] = dataclasses.field(default_factory=list)
    """Each a status with headers and body; with "after" the message is taken all the same."""

    def fault(self, status, body=None, *, after=False, **headers):
        self.faults.append((status, body, after, headers))

    def answer(self, message, good):
        if not self.faults:
            self.taken.append(message)
            return good
        status, body, after, headers = self.faults.pop(0)
        if after:
            self.taken.append(message)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return JSONResponse(body, status, named) if isinstance(body, dict) else PlainTextResponse(body or "", status, named)


class Services:
    """All that speak HTTP, on one port, which can be left and taken again."""

    def __init__(self):
        self.slack, self.webhook, self.twilio, self.hook = Service(), Service(), Service(), Service()
        self.keys = []
        self._stack, self._port = contextlib.ExitStack(), 0
        self.start()

    def start(self):
        routes = [
            Route("/api/chat.postMessage", self._post_message, methods=["POST"]),
            Route("/services/T0/B0/secret", self._webhook, methods=["POST"]),
            Route("/2010-04-01/Accounts/{sid}/Messages.json", self._twilio, methods=["POST"]),
            Route("/hook", self._hook, methods=["POST"]),
        ]
        self.address = self._stack.enter_context(serve(Starlette(routes=routes), self._port))
        self._port = int(self.address.rsplit(":", 1)[1])

    def stop(self):
        self._stack.close()

    async def _post_message(self, request):
        body = await request.json()
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        ts = f"1503435956.{len(self.slack.taken):06}"
        good = JSONResponse({"ok": True, "channel": body["channel"], "ts": ts, "message": {"text": body["text"], "ts": ts}})
        return self.slack.answer(body, good)

    async def _webhook(self, request):
        return self.webhook.answer(await request.json(), PlainTextResponse("ok"))

    async def _twilio(self, request):
        form = dict(parse_qsl((await request.body()).decode()))
        return self.twilio.answer(form, JSONResponse({"sid": "SM1", "status": "queued"}, 201))

    async def _hook(self, request):
        self.keys.append(request.headers["Idempotency-Key"])
        return self.hook.answer(await request.json(), JSONResponse({}))


class _Controller(Controller):
    def _trigger_server(self):
        sockets: Any = self.server
        self.port = sockets.sockets[0].getsockname()[1]
        super()._trigger_server()


class Mail:
    """A real mail server that keeps what it takes."""

    def __init__(self):
        self.taken, self.answers, self.port = [], [], 0
        self.start()

    def start(self):
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        self.port = self._controller.port

    def stop(self):
        self._controller.stop()

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - its name in aiosmtpd
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


TARGETS: tuple[dict[str, Any], ...] = (
    {
        "name": "slack",
        "kind": "slack-bot",
        "channels": ["slack-critical", "slack-alerts"],
        "url_env": "T_SLACK",
        "to": "C0123",
        "mentions": {"ann": "U0ANN"},
    },
    {"name": "general", "kind": "slack-webhook", "channels": ["slack-general"], "url_env": "T_WEBHOOK"},
    {"name": "mail", "kind": "email", "channels": ["email-management", "email-team"], "url_env": "T_MAIL"},
    {"name": "phone", "kind": "sms", "channels": ["sms"], "url_env": "T_SMS"},
    {"name": "hook", "kind": "apprise", "channels": ["ticket-system", "team"], "url_env": "T_HOOK"},
)


def targets(address, **changed):
    """Every kind of target; ``changed``: keys of the one of that name."""
    made = [{**one, **changed.get(one["name"], {})} for one in TARGETS]
    made[0]["base_url"] = f"{address}/api"
    return made


def environment(services, mail):
    """The secrets of all targets."""
    return {
        "T_SLACK": TOKEN,
        "T_WEBHOOK": f"{services.address}/services/T0/B0/secret",
        "T_MAIL": f"mailto://127.0.0.1:{mail.port}?from=guard@example.org&to=ann@example.org",
        "T_SMS": f"twilio://{TWILIO}:{'0123456789abcdef' * 2}@15551230000/15551231111",
        "T_HOOK": f"{services.address.replace('http', 'json')}/hook",
    }


def twilio_is_at(address):
    """apprise knows one address of Twilio; the tests' own is put in its place. What was there before."""
    from guard.notify.by_apprise import instantiated

    kind = type(instantiated(f"twilio://{TWILIO}:{'0123456789abcdef' * 2}@15551230000/15551231111"))
    before, kind.notify_sms_url = kind.notify_sms_url, f"{address}/2010-04-01/Accounts/{{sid}}/Messages.json"
    return lambda: setattr(kind, "notify_sms_url", before)


def open_incident(engine, mark="mark", severity=Severity.P0, title="1.3.0: error rate over its limit", evidence="31 of 100 fail"):
    """As the guard opens one on a breach."""
    version = Version.parse("1.3.0")
    draft = Incident("", mark, title, severity, IncidentState.INVESTIGATING, ITEM, version, engine.now(), 12_345)
    return engine.incidents.open(draft, engine.incidents.entry(said(Kind.BREACH_SEEN, version="1.3.0"), evidence))[0]


class Telling:
    """A guard with targets of every kind, and incidents to tell of."""

    def __init__(self, database, clock, services, mail, **config):
        self.services, self.mail, self.clock, self._opened = services, mail, clock, 0
        given = {"extension": [{"id": ITEM.id, "publisher": ITEM.publisher, "name": "shelf"}], **config}
        given["notify"] = {"target": targets(services.address), **config.get("notify", {})}
        self.config = Config.model_validate(given)
        self.engine = Engine(self.config, database, now=clock)

    def open(self, severity=Severity.P0, title="1.3.0: error rate over its limit", evidence="31 of 100 fail"):
        self._opened += 1
        return open_incident(self.engine, f"mark {self._opened}", severity, title, evidence)

    def say(self, incident, kind, **facts):
        self.engine.incidents.note(incident.id, said(kind, **facts))

    def resolve(self, incident):
        return self.engine.incidents.move(incident, IncidentState.RESOLVED, said(Kind.RECOVERED), resolution="well")

    def deliver(self, seconds=0.0):
        self.clock.forward(seconds=seconds)
        return deliver_due(self.engine)

    def log(self, target=None):
        return [(one.event, one.outcome.value) for one in self.engine.messages.log() if target in {None, one.target}]

    def states(self):
        return {(message.event, message.target): state.value for message, state in self.engine.messages.all()}


def listen():
    """Every service, for as long as a fixture lasts."""
    services, mail = Services(), Mail()
    put_back = twilio_is_at(services.address)
    yield services, mail
    put_back()
    services.stop()
    mail.stop()


def guards(database, clock, listening, monkeypatch):
    """Makes guards that tell fresh services; what each is given are its tables."""
    services, mail = listening
    for name, value in environment(services, mail).items():
        monkeypatch.setenv(name, value)
    for service in (services.slack, services.webhook, services.twilio, services.hook):
        service.taken.clear()
        service.faults.clear()
    services.keys.clear()
    mail.taken.clear()
    mail.answers.clear()
    return lambda **config: Telling(database, clock, services, mail, **config)


def told(world):
    """How many messages each service took."""
    services = world.services
    return {
        name: len(found)
        for name, found in (
            ("slack", services.slack.taken),
            ("general", services.webhook.taken),
            ("mail", world.mail.taken),
            ("phone", services.twilio.taken),
            ("hook", services.hook.taken),
        )
        if found
    }
