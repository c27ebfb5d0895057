"""A bot for a private cloud, written from the description of the protocol. It uses only Python's standard library.

Arguments: token endpoint, REST address, main websocket, client id, client secret, and for TLS a file of certificates. It logs in, subscribes to the status of the servers
of its groups, and runs `player list` on the console of each. Then it waits for the end and the return of the first console. Each result
is a line of JSON; every text that it received is in a line of its own.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.parse
import urllib.request

SCOPES = "ws.group ws.group_servers group.info group.view server.view server.console"
BOUND = 60
TLS = None
if len(sys.argv) > 6:
    TLS = ssl.create_default_context(cafile=sys.argv[6])
    # A certificate without a certification authority.
    TLS.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)


def say(did, **values):
    print(json.dumps({"did": did, **values}), flush=True)


def received(text):
    print(json.dumps({"received": text}), flush=True)


def http(method, url, body=None, token=None, form=None):
    headers = {}
    data = None
    if token:
        headers["Authorization"] = "Bearer " + token
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=BOUND, context=TLS) as reply:
        text = reply.read().decode()
    received(text)
    return json.loads(text)


class Websocket:
    """RFC 6455, as far as a client needs it."""

    def __init__(self, host, port, headers=()):
        self.socket = socket.create_connection((host, port), timeout=BOUND)
        if TLS:
            self.socket = TLS.wrap_socket(self.socket, server_hostname=host)
        self.bytes = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET / HTTP/1.1",
            "Host: %s:%d" % (host, port),
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: " + key,
            "Sec-WebSocket-Version: 13",
            *headers,
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.bytes:
            self.more()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        magic = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(magic.encode()).digest())
        if b" 101 " not in head or accept not in head:
            raise ConnectionError(head.decode())

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self.bytes += data

    def take(self, count):
        while len(self.bytes) < count:
            self.more()
        data, self.bytes = self.bytes[:count], self.bytes[count:]
        return data

    def send(self, text, opcode=1):
        data = text if isinstance(text, bytes) else text.encode()
        mask = os.urandom(4)
        length = len(data)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """The next text."""
        text = b""
        while True:
            first, second = self.take(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self.take(8))
            data = self.take(length)
            opcode = first & 0x0F
            if opcode == 8:
                raise ConnectionError("closed")
            if opcode == 9:
                self.send(data, 10)
            elif opcode in (0, 1):
                text += data
                if first & 0x80:
                    received(text.decode())
                    return json.loads(text)


def open_console(rest, token, server):
    """Waits until the server is up, as a status or a later request shows."""
    ends = time.monotonic() + BOUND
    while True:
        body = {"should_launch": False, "ignore_offline": False}
        access = http("POST", "%s/servers/%d/console" % (rest, server), body, token)
        connection = access.get("connection")
        if connection and access.get("token"):
            try:
                console = Websocket(connection["address"], connection["websocket_port"])
                console.send(access["token"])
                reply = console.receive()
                if "Connection Succeeded" in str(reply.get("data")):
                    return console
            except ConnectionError:
                pass
        if time.monotonic() > ends:
            raise TimeoutError("the server %d is not up" % server)
        time.sleep(0.2)


def command(console, number, line):
    console.send(json.dumps({"id": number, "content": line}))
    while True:
        frame = console.receive()
        if frame.get("commandId") == number:
            return frame["data"]


def main():
    token_url, rest, main_socket, client_id, client_secret = sys.argv[1:6]
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": SCOPES,
    }
    token = http("POST", token_url, form=form)["access_token"]
    joined = http("GET", rest + "/groups/joined?limit=100", token=token)
    groups = [row["group"] for row in joined]
    address = urllib.parse.urlparse(main_socket)
    headers = ["Authorization: Bearer " + token, "x-api-key: any"]
    events = Websocket(address.hostname, address.port, headers)
    for number, group in enumerate(groups, 1):
        path = "subscription/group-server-status/%d" % group["id"]
        request = {"id": number, "method": "POST", "path": path, "authorization": "Bearer " + token}
        events.send(json.dumps(request))
        while events.receive().get("id") != number:
            pass
    say("subscribed", groups=[group["id"] for group in groups])
    servers = [server["id"] for group in groups for server in group["servers"]]
    consoles = {}
    for server in servers:
        consoles[server] = open_console(rest, token, server)
        result = command(consoles[server], 7, "player list")
        say("listed", server=server, result=result)
    first = servers[0]
    try:
        while True:
            consoles[first].receive()
    except ConnectionError:
        say("lost", server=first)
    while True:
        frame = events.receive()
        if frame.get("event") == "group-server-status":
            content = json.loads(frame["content"])
            if content["id"] == first and not content["is_online"]:
                break
    say("offline", server=first)
    console = open_console(rest, token, first)
    say("back", server=first, result=command(console, 8, "player list"))


main()
