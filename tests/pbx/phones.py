"""Real SIP phones on loopback (pjsua2), one process each: told what to do on stdin, they say on stdout what happens.

python phones.py PORT REGISTRAR FOLDER: PORT is where the PBX's trunk ends; from there each call goes to the phone with the
number that is rung, and nobody there is a 404. What a phone hears in a call is recorded in FOLDER while it hears it. One
JSON object a line each way; all end with their stdin.

Told: {"do": "have", "phone": N, ...}   from now on this phone exists and does this in each call (see BEHAVIOUR)
      {"do": "register" | "unregister", "phone": N}   a phone of the house; others are reached by the trunk
      {"do": "call", "phone": N, "to": M}
      {"do": "press", "phone": N, "keys": "1"}   in its newest call
      {"do": "hang_up", "phone": N}   its newest call; what still rings is declined
Said: {"at": seconds since 1970, "phone": N, "call": SIP Call-ID, "event": ...} with the events ready, registered, unregistered,
      incoming (shown, name), ringing (of a call it made), answered, recording (file), heard (key), ended (code, why), failed (what)
"""

import json
import math
import os
import re
import select
import socket
import struct
import sys
import time
import uuid
import wave

import pjsua2 as pj

BEHAVIOUR = {
    "code": 200,  # how a call that comes in is answered: 486, 603, 404 refuse it, 0 lets it ring for ever
    "after": 0.3,  # this many seconds after it began to ring
    "keys": [],  # [[seconds after the answer, "1"], ...] pressed as RFC 4733
    "hang_up_after": None,  # seconds after the answer
    "tone": 0,  # Hz of what it says all the time; 0 is silence
}
RATE = 8000
LOOK_EVERY_MS = 20

trunk, registrar, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
own = {"phone": "", "port": 0, "behaviour": BEHAVIOUR}  # this process's phone
calls = []  # every call there was: freeing one inside its own callback ends the process
later = []  # (when, what)


# The library writes on the standard output itself while it starts.
said = os.dup(1)
os.dup2(2, 1)


def say(event, call="", **more):
    line = {"at": time.time(), "event": event, "phone": own["phone"], "call": call, **more}
    os.write(said, (json.dumps(line) + "\n").encode())  # one write: lines of several processes do not mix


def tone(hz):
    """A loop of a whole number of periods."""
    path = os.path.join(folder, f"tone-{hz}.wav")
    if not os.path.exists(path):
        own_path = f"{path}-{os.getpid()}"  # phones begin to speak at the same time
        with wave.open(own_path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            samples = (int(8000 * math.sin(2 * math.pi * hz * i / RATE)) for i in range(RATE))
            file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
        os.rename(own_path, path)
    return path


def header(name, message):
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$", message, re.I | re.M)
    return found.group(1) if found else None


class Call(pj.Call):
    """A call of this phone; it keeps the behaviour that it began with."""

    def __init__(self, account, id=pj.PJSUA_INVALID_ID):
        super().__init__(account, id)
        if not calls:
            # It ticks fifty times a second: a phone that nobody calls needs none.
            pj.Endpoint.instance().audDevManager().setNullDev()
        self.behaviour = own["behaviour"]
        self.sip, self.why = "", None
        self.player = self.recorder = None
        self.over = False
        calls.append(self)

    def said(self, event, **more):
        say(event, self.sip, **more)

    def answer_with(self, code):
        if not self.over:
            prm = pj.CallOpParam()
            prm.statusCode = code
            self.answer(prm)

    def press(self, keys):
        if not self.over:
            self.dialDtmf(keys)

    def end(self):
        if not self.over:
            prm = pj.CallOpParam()
            prm.statusCode = 603
            self.hangup(prm)

    def onCallState(self, prm):
        info = self.getInfo()
        self.sip = info.callIdString
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.said("ringing", code=info.lastStatusCode)
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.said("answered")
            self.does()
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.over = True
            self.player = self.recorder = None
            self.said("ended", code=info.lastStatusCode, why=self.why)

    def does(self):
        now = time.time()
        for after, keys in self.behaviour["keys"]:
            later.append((now + after, lambda keys=keys: self.press(keys)))
        if self.behaviour["hang_up_after"] is not None:
            later.append((now + self.behaviour["hang_up_after"], self.end))

    def onCallTsxState(self, prm):
        # What the other side gives as its reason stands in its CANCEL or BYE.
        event = prm.e.body.tsxState
        if event.type == pj.PJSIP_EVENT_RX_MSG:
            self.why = header("Reason", event.src.rdata.wholeMsg) or self.why

    def onDtmfDigit(self, prm):
        self.said("heard", key=prm.digit)

    def onCallMediaState(self, prm):
        try:
            self.connect()
        except Exception as error:  # the library swallows it
            self.said("failed", what=repr(error))

    def connect(self):
        info = self.getInfo()  # kept: its media list dies with it
        for at, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO or media.status != pj.PJSUA_CALL_MEDIA_ACTIVE:
                continue
            audio = self.getAudioMedia(at)
            if self.behaviour["tone"] and not self.player:
                self.player = pj.AudioMediaPlayer()
                self.player.createPlayer(tone(self.behaviour["tone"]))
                self.player.startTransmit(audio)
            if not self.recorder:
                path = os.path.join(folder, f"{own['phone']}-{len(calls)}-{os.getpid()}.wav")
                self.recorder = pj.AudioMediaRecorder()
                self.recorder.createRecorder(path)
                audio.startTransmit(self.recorder)
                self.said("recording", file=path)


class Account(pj.Account):
    """The phone itself."""

    def onIncomingCall(self, prm):
        message = prm.rdata.wholeMsg
        call = Call(self, prm.callId)
        call.sip = header("Call-ID", message)
        shown = header("From", message)
        number = plain(re.search(r"sip:([^@;>]*)", shown).group(1))
        name = re.match(r'"?([^"<]*?)"?\s*<', shown)
        call.said("incoming", shown=number, name=name.group(1) if name else "")
        call.answer_with(180)
        code = call.behaviour["code"]
        if code:
            later.append((time.time() + call.behaviour["after"], lambda: call.answer_with(code)))

    def dial(self, to):
        call = Call(self)
        call.makeCall(f"sip:{to}@{registrar}", pj.CallOpParam(True))
        call.sip = call.getInfo().callIdString

    def newest(self):
        found = next((call for call in reversed(calls) if not call.over), None)
        if not found:
            say("failed", what="it is in no call")
        return found

    def obey(self, told):
        do = told.pop("do")
        told.pop("phone")
        if do == "have":
            own["behaviour"] = {**BEHAVIOUR, **told}
            say("ready")
        elif do == "register":
            register(3600)
        elif do == "unregister":
            register(0)
        elif do == "call":
            self.dial(told["to"])
        elif call := self.newest():
            call.press(told["keys"]) if do == "press" else call.end()


def register(expires):
    """By hand, so that it is done when it is told and not some time later."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(1)
        host, _, port = registrar.partition(":")
        lines = [
            f"REGISTER sip:{registrar} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{wire.getsockname()[1]};rport;branch=z9hG4bK{uuid.uuid4().hex}",
            f"From: <sip:{own['phone']}@{host}>;tag={uuid.uuid4().hex[:8]}",
            f"To: <sip:{own['phone']}@{host}>",
            f"Call-ID: {uuid.uuid4().hex}",
            "CSeq: 1 REGISTER",
            f"Contact: <sip:{own['phone']}@127.0.0.1:{own['port']}>",
            "Max-Forwards: 70",
            f"Expires: {expires}",
            "Content-Length: 0",
        ]
        for _ in range(10):
            wire.sendto("\r\n".join([*lines, "", ""]).encode(), (host, int(port)))
            try:
                answer = wire.recv(4096).decode()
            except (TimeoutError, ConnectionRefusedError):
                continue
            if answer.startswith("SIP/2.0 200"):
                return say("registered" if expires else "unregistered")
            return say("failed", what=answer.splitlines()[0])
    say("failed", what="the registrar does not answer")


def carefully(what, *more):
    try:
        what(*more)
    except pj.Error as error:
        say("failed", what=error.info())


def started():
    """The library with this phone on its own port."""
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.noVad = True
    config.medConfig.clockRate = RATE
    config.medConfig.ecTailLen = 0
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.port = own["port"]
    transport.boundAddress = transport.publicAddress = "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    config = pj.AccountConfig()
    config.idUri = f"sip:{own['phone']}@127.0.0.1"
    media = config.mediaConfig.transportConfig
    media.boundAddress = media.publicAddress = "127.0.0.1"
    media.port = 0
    account = Account()
    account.create(config)
    return endpoint, account


def live(phone, port, orders):
    """One phone, for as long as somebody may tell it something."""
    own.update(phone=phone, port=port)
    endpoint, account = started()
    unread = b""
    while True:
        endpoint.libHandleEvents(LOOK_EVERY_MS)
        if select.select([orders], [], [], 0)[0]:
            got = os.read(orders, 65536)
            if not got:
                break
            *lines, unread = (unread + got).split(b"\n")
            for line in lines:
                carefully(account.obey, json.loads(line))
        now = time.time()
        for due in [due for due in later if due[0] <= now]:
            later.remove(due)
            carefully(due[1])


class Exchange:
    """The end of the trunk: it hands each call to its phone, and has a process made for each phone."""

    def __init__(self):
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", trunk))
        host, _, port = registrar.partition(":")
        self.pbx = (host, int(port))
        self.phones = {}  # number -> (port, orders)

    def run(self):
        unread = b""
        while True:
            ready, _, _ = select.select([0, self.wire], [], [])
            if self.wire in ready:
                self.forward(*self.wire.recvfrom(65536))
            if 0 in ready:
                got = os.read(0, 65536)
                if not got:
                    return self.close()
                *lines, unread = (unread + got).split(b"\n")
                for line in lines:
                    self.tell(line)

    def tell(self, line):
        number = json.loads(line)["phone"]
        if number not in self.phones:
            self.phones[number] = self.make(number)
        os.write(self.phones[number][1], line + b"\n")

    def make(self, number):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        orders, write = os.pipe()
        if os.fork():
            os.close(orders)
            return port, write
        # The others' pipes end with the exchange only when no phone holds them too.
        for end in [write, 0, self.wire.fileno(), *(other for _, other in self.phones.values())]:
            os.close(end)
        live(number, port, orders)
        os._exit(0)

    def close(self):
        """Whoever waits for this process finds no phone left."""
        for _, orders in self.phones.values():
            os.close(orders)
        for _ in self.phones:
            os.wait()

    def forward(self, message, sender):
        """Answers come back here too, since the PBX asks for them where its question went."""
        if sender != self.pbx:
            return self.wire.sendto(message, self.pbx)
        text = message.decode()
        request = re.match(r"[A-Z]+ sip:([^@;> ]*)", text)
        phone = request and self.phones.get(plain(request.group(1)))
        if phone:
            self.wire.sendto(message, ("127.0.0.1", phone[0]))
        elif request and not text.startswith("ACK"):
            self.wire.sendto(nobody(text).encode(), self.pbx)


def plain(user):
    return user.replace("%2B", "+")


def nobody(request):
    kept = [f"{name}: {header(name, request)}" for name in ("Via", "From", "Call-ID", "CSeq")]
    to = f"To: {header('To', request)};tag=nobody"
    return "\r\n".join(["SIP/2.0 404 Not Found", *kept, to, "Content-Length: 0", "", ""])


say("ready")
Exchange().run()
