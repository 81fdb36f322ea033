"""A real mail server (aiosmtpd) on loopback: each mail it takes is one line of JSON on stdout.

python server.py PORT; it ends when its stdin does. Mail for nobody@ is refused for good, mail for later@ once for now.
"""

import json
import sys
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Keep:
    """Keeps nothing, says everything."""

    put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@") and address not in self.put_off:
            self.put_off.add(address)
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        told = {name.lower(): str(value) for name, value in mail.items()}
        body = mail.get_content()
        print(json.dumps({**told, "rcpt": envelope.rcpt_tos, "mail_from": envelope.mail_from, "body": body}), flush=True)
        return "250 2.0.0 kept"


server = Controller(Keep(), hostname="127.0.0.1", port=int(sys.argv[1]))
server.start()
sys.stdin.read()
server.stop()
