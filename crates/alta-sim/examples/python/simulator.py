"""Starts alta-sim, and drives it by its control port."""

import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class Simulator:
    """A simulator in its own process. The environment variable ALTA_SIM is the path of the program."""

    def __init__(self):
        program = os.environ.get("ALTA_SIM", "alta-sim")
        arguments = ["--port", "0", "--scenario", "empty", "--control", "0", "--json"]
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        # The program prints its addresses as one line of JSON when it is ready.
        self.url = json.loads(self.process.stdout.readline())["control_url"]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def state(self):
        """The addresses, credentials, groups, servers and players."""
        return self.request("GET", "/state")

    def reset(self):
        """The world is as at the start again."""
        self.request("POST", "/reset", {})

    def do(self, action, /, **fields):
        """Changes the world: do("join", player="Ashwick")."""
        return self.request("POST", "/actions", {"do": action, **fields})

    def seen(self, what, **filters):
        """What clients did: seen("commands", matching="player kick")."""
        query = urllib.parse.urlencode(filters)
        return self.request("GET", f"/seen/{what}?{query}")["seen"]

    def wait(self, what, matching=None, **more):
        """Waits until clients have done something. An error says what they did instead."""
        body = {"what": what, "matching": matching, "timeout": 30, **more}
        return self.request("POST", "/wait", body)["seen"]

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["error"]) from None
