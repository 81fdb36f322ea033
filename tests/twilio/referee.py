"""Twilio's own library judges the simulated phone network: its client, its request validator, its TwiML builder.

The caller gives LEADBRIDGE_PHONES_URL, LEADBRIDGE_ACCOUNT and LEADBRIDGE_TOKEN; one phone there accepts with key 1, the
other talks for a second. Any difference ends the script with an AssertionError.
"""

import json
import os
import threading
import time
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

PHONES = os.environ["LEADBRIDGE_PHONES_URL"]
ACCOUNT = os.environ["LEADBRIDGE_ACCOUNT"]
TOKEN = os.environ["LEADBRIDGE_TOKEN"]
REP, CUSTOMER, NOBODY, SHOWN = "+32470000001", "+32470123456", "+32470000404", "+3292000000"
EVENTS = ["initiated", "ringing", "answered", "completed"]
PATIENCE_S = 20


class LocalHttpClient(TwilioHttpClient):
    """Sends what is meant for Twilio to the simulated network."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", PHONES), *args, **kwargs)


class Callbacks(BaseHTTPRequestHandler):
    """The caller's server: every request is validated, every script comes from Twilio's builder."""

    protocol_version = "HTTP/1.1"
    received = []
    faults = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        params = dict(pairs)
        validator = RequestValidator(TOKEN)
        if not validator.validate(here() + self.path, params, self.headers["X-Twilio-Signature"]):
            self.faults.append(f"not signed by the carrier: {self.path}")
        if not self.headers["I-Twilio-Idempotency-Token"]:
            self.faults.append(f"no idempotency token: {self.path}")
        self.received.append((self.path.split("?")[0], params))
        self.answer(script_at(self.path.split("?")[0], params))

    def answer(self, script):
        body = str(script).encode() if script is not None else b""
        self.send_response(200 if body else 204)
        if body:
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def script_at(path, params):
    response = VoiceResponse()
    if path.endswith("/answer"):
        gather = Gather(num_digits=1, timeout=5, action="digits?round=1&name=An%20Peeters")
        gather.say("Lead Gent, VW Golf <zakelijk> & snel. Druk 1.", language="nl-BE")
        gather.pause(length=1)
        response.append(gather)
        response.hangup()
    elif path.endswith("/digits"):
        assert params["Digits"] == "1"
        response.say("François Peeters", language="nl-BE")
        dial = Dial(timeout=10, caller_id=SHOWN, action="dial", answer_on_bridge=True, time_limit=60)
        dial.number(
            CUSTOMER,
            status_callback="/carriers/main/ref-c1/status",
            status_callback_event=" ".join(EVENTS),
        )
        response.append(dial)
    elif path.endswith("/inbound") and params.get("CallStatus") == "ringing":
        dial = Dial(action="/carriers/main/ref-i1/1/left", time_limit=60)
        dial.conference("ref-i1", beep=False, start_conference_on_enter=False, end_conference_on_exit=True, wait_url="tone.wav")
        response.append(dial)
    elif path.endswith("/left"):
        response.hangup()
    elif path.endswith("/dial"):
        response.redirect("menu")
    elif path.endswith("/inbound"):
        return MessagingResponse()
    elif path.endswith("/menu"):
        response.say("Klaar")
    else:
        return None
    return response


server = ThreadingHTTPServer(("127.0.0.1", 0), Callbacks)
threading.Thread(target=server.serve_forever, daemon=True).start()


def here():
    return f"http://127.0.0.1:{server.server_address[1]}"


def client(token=TOKEN):
    return Client(ACCOUNT, token, http_client=LocalHttpClient())


def ring(leg, to, **more):
    return client().calls.create(
        to=to,
        from_=SHOWN,
        url=f"{here()}/carriers/main/{leg}/0/answer#ct=2000&rt=4000&tt=15000&rc=3&rp=ct,rt,5xx",
        status_callback=f"{here()}/carriers/main/{leg}/status#ct=2000&rt=4000&tt=15000&rc=3&rp=ct,rt,5xx",
        status_callback_event=EVENTS,
        **more,
    )


def reported(leg):
    path = f"/carriers/main/{leg}/status"
    return [params for at, params in Callbacks.received if at == path]


def wait_for(leg, count):
    deadline = time.monotonic() + PATIENCE_S
    while len(reported(leg)) < count:
        assert time.monotonic() < deadline, f"{leg}: only {reported(leg)}; {Callbacks.faults}"
        time.sleep(0.01)
    return [params["CallStatus"] for params in reported(leg)]


def refused(code, status, act):
    try:
        act()
    except TwilioRestException as error:
        assert (error.code, error.status) == (code, status), error
    else:
        raise AssertionError(f"not refused with {code}")


def a_whole_call_is_acted_out():
    call = ring("ref-r1", REP, timeout=32)
    assert (call.status, call.direction, call.to, call._from) == ("queued", "outbound-api", REP, SHOWN)
    assert call.duration is None and call.start_time is None and call.queue_time == "0"
    assert abs((datetime.now(timezone.utc) - call.date_created).total_seconds()) < 5
    assert wait_for("ref-r1", 4) == ["initiated", "ringing", "in-progress", "completed"]
    assert wait_for("ref-c1", 4) == ["initiated", "ringing", "in-progress", "completed"]
    ended = client().calls(call.sid).fetch()
    assert ended.status == "completed" and int(ended.duration) >= 1 and ended.end_time >= ended.start_time
    (child,) = client().calls.list(parent_call_sid=call.sid)
    assert (child.to, child.direction, child.parent_call_sid) == (CUSTOMER, "outbound-dial", call.sid)
    last = reported("ref-c1")[-1]
    assert last["ParentCallSid"] == call.sid and last["CallDuration"] == child.duration
    (dialled,) = [params for at, params in Callbacks.received if at.endswith("/dial")]
    assert (dialled["DialCallStatus"], dialled["DialBridged"]) == ("completed", "true")
    assert dialled["DialCallSid"] == child.sid and dialled["DialCallDuration"] == child.duration
    assert [at for at, _ in Callbacks.received].count("/carriers/main/ref-r1/0/menu") == 1


def a_ringing_call_is_canceled():
    call = ring("ref-r2", NOBODY)
    wait_for("ref-r2", 2)
    assert client().calls(call.sid).fetch().status == "ringing"
    assert call.update(status="canceled").status == "canceled"
    assert wait_for("ref-r2", 3)[-1] == "canceled"
    refused(21220, 400, lambda: client().calls(call.sid).update(status="completed"))
    refused(21220, 400, lambda: client().calls(call.sid).update(url=f"{here()}/other"))


def calls_are_listed_by_filters():
    assert [call.to for call in client().calls.list(status="canceled")] == [NOBODY]
    assert len(client().calls.list(to=REP, from_=SHOWN, start_time=datetime.now(timezone.utc).date())) == 1
    everything = client().calls.list(page_size=1)
    assert [call.to for call in everything] == [NOBODY, CUSTOMER, REP]
    assert len(client().calls.list(limit=2)) == 2
    assert client().calls.list(start_time_after=datetime(2099, 1, 1, tzinfo=timezone.utc)) == []


def texted(message):
    path = f"/carriers/main/message/{message}"
    return [params for at, params in Callbacks.received if at == path]


def a_text_is_sent_reported_and_answered():
    told_at = f"{here()}/carriers/main/message/7#ct=2000&rt=4000&tt=15000&rc=3&rp=ct,rt,5xx"
    text = client().messages.create(to=CUSTOMER, from_=SHOWN, body="Één & twee", status_callback=told_at)
    assert (text.status, text.direction, text.num_segments) == ("queued", "outbound-api", "1")
    deadline = time.monotonic() + PATIENCE_S
    while len(texted("7")) < 2:
        assert time.monotonic() < deadline, Callbacks.faults
        time.sleep(0.01)
    assert [params["MessageStatus"] for params in texted("7")] == ["sent", "delivered"]
    assert all(params["MessageSid"] == text.sid for params in texted("7"))
    assert client().messages(text.sid).fetch().status == "delivered"
    assert [text.body for text in client().messages.list(to=CUSTOMER)] == ["Één & twee"]
    write("STOP")
    (came,) = [params for at, params in Callbacks.received if at.endswith("/inbound")]
    assert (came["From"], came["To"], came["Body"]) == (CUSTOMER, SHOWN, "STOP") and came["OptOutType"] == "STOP"
    refused(21610, 400, lambda: client().messages.create(to=CUSTOMER, from_=SHOWN, body="again"))
    write("START")
    assert client().messages.create(to=CUSTOMER, from_=SHOWN, body="again").error_code is None
    refused(21602, 400, lambda: client().messages.create(to=CUSTOMER, from_=SHOWN))
    refused(21211, 400, lambda: client().messages.create(to="0470", from_=SHOWN, body="x"))


def control(path, body):
    """Somebody does something with a phone, or the console is set."""
    request = urllib.request.Request(f"{PHONES}/_phones/{path}", data=body.encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204, answer.status


def write(body):
    """The customer writes a text on the phone."""
    control("texts/inbound", f"{here()}/carriers/main/inbound")
    control(f"{CUSTOMER}/texts", json.dumps({"to": SHOWN, "body": body}))


def mistakes_are_refused():
    refused(20003, 401, lambda: client("wrong").api.accounts(ACCOUNT).fetch())
    refused(20404, 404, lambda: client().calls("CA" + "0" * 32).fetch())
    refused(21211, 400, lambda: ring("ref-r3", "0470"))
    refused(21205, 400, lambda: client().calls.create(to=REP, from_=SHOWN))
    assert client().api.accounts(ACCOUNT).fetch().status == "active"


def told_of_the_line():
    return [params for at, params in Callbacks.received if at.endswith("/inbound") and "CallSid" in params]


def a_phone_rings_a_line():
    control(f"{SHOWN}/line", f"{here()}/carriers/main/inbound")
    control(f"{CUSTOMER}/call", SHOWN)
    deadline = time.monotonic() + PATIENCE_S
    calls = []
    while not calls:
        assert time.monotonic() < deadline, "nobody is in the room"
        calls = client().calls.list(from_=CUSTOMER, status="in-progress")
    (call,) = calls
    assert (call.direction, call.to) == ("inbound", SHOWN)
    call.update(status="completed")
    while len(told_of_the_line()) < 2:
        assert time.monotonic() < deadline, told_of_the_line()
        time.sleep(0.01)
    asked, ended = told_of_the_line()
    assert (asked["Direction"], asked["CallStatus"], ended["CallStatus"]) == ("inbound", "ringing", "completed")
    assert asked["CallSid"] == ended["CallSid"] == call.sid


a_whole_call_is_acted_out()
a_ringing_call_is_canceled()
calls_are_listed_by_filters()
a_text_is_sent_reported_and_answered()
mistakes_are_refused()
a_phone_rings_a_line()
assert not Callbacks.faults, Callbacks.faults
