"""A bot that greets the players who join a server. Its addresses and credentials are in environment variables."""

import asyncio
import json
import os
import urllib.parse
import urllib.request

import websockets


class Bot:
    def __init__(self, token_url, rest_url, client_id, client_secret, server, pause):
        self.token_url = token_url
        self.rest_url = rest_url
        self.client_id = client_id
        self.client_secret = client_secret
        self.server = server
        self.pause = pause

    async def run(self):
        """Greets players, and connects again after each failure."""
        while True:
            try:
                url, token = await asyncio.to_thread(self.access)
                async with websockets.connect(url) as console:
                    await console.send(token)
                    await self.greet(console)
            except (OSError, RuntimeError, websockets.WebSocketException) as error:
                print(f"trying again: {error}", flush=True)
            await asyncio.sleep(self.pause)

    def access(self):
        """Logs in, and gets the address and the token of the console."""
        form = {
            "grant_type": "client_credentials",
            "scope": "server.view server.console",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        login = post(self.token_url, urllib.parse.urlencode(form).encode(), {})
        headers = {"Authorization": f"Bearer {login['access_token']}", "Content-Type": "application/json"}
        body = json.dumps({"should_launch": False, "ignore_offline": False}).encode()
        access = post(f"{self.rest_url}/servers/{self.server}/console", body, headers)
        if not access["allowed"]:
            raise RuntimeError(f"no console: {access['fail_reason']}")
        connection = access["connection"]
        return f"ws://{connection['address']}:{connection['websocket_port']}", access["token"]

    async def greet(self, console):
        welcome = json.loads(await asyncio.wait_for(console.recv(), 10))
        if not str(welcome["data"]).startswith("Connection Succeeded"):
            raise RuntimeError(f"the console refuses the token: {welcome['data']}")
        await console.send(json.dumps({"id": 1, "content": "websocket subscribe PlayerJoined"}))
        next_id = 2
        async for text in console:
            frame = json.loads(text)
            if frame.get("eventType") == "PlayerJoined":
                player = frame["data"]["user"]
                line = f'player message {player["id"]} "Welcome, {player["username"]}" 5'
                await console.send(json.dumps({"id": next_id, "content": line}))
                next_id += 1


def post(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


if __name__ == "__main__":
    bot = Bot(
        os.environ["TOKEN_URL"],
        os.environ["REST_URL"],
        os.environ["CLIENT_ID"],
        os.environ["CLIENT_SECRET"],
        os.environ["SERVER"],
        float(os.environ.get("PAUSE", "10")),
    )
    asyncio.run(bot.run())
