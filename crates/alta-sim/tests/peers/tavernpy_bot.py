"""A bot that uses tavernpy and takes requests.

Each line on standard input is a request: a JSON object whose "do" names a method. Each line on standard output is a report: a
JSON object with "did" for a request, or with "saw" for an event of the console. Only public names of tavernpy are used.
"""

import asyncio
import json
import logging
import sys

import tavernpy


def report(**fields):
    print(json.dumps(fields), flush=True)


def report_event(event):
    report(saw="event", name=event.type, data=event.data, timestamp=event.timestamp, source=event.source)


def fields(reply):
    return {
        "command": reply.command,
        "ok": reply.ok,
        "result": reply.result,
        "text": reply.result_string,
        "error": reply.error,
        "frame_type": reply.raw.get("type"),
        "id": reply.raw.get("commandId"),
    }


class Bot:
    def __init__(self):
        self.console = None

    def make(self, port, options):
        self.console = tavernpy.Console("127.0.0.1", port, **options)
        self.console.on("ready", lambda console: report(saw="ready"))
        self.console.on("close", lambda console: report(saw="close", closed=console.closed))
        self.console.on("rejected", lambda console: report(saw="rejected", connected=console.connected))
        self.console.on("event", report_event)

    async def connect(self, port, **options):
        """Connects and waits until the server has accepted the token."""
        self.make(port, options)
        await self.console.connect(timeout=10)
        return {"connected": self.console.connected}

    async def start(self, port, **options):
        """Connects in the background."""
        self.make(port, options)
        self.console.start()
        return {"connected": self.console.connected}

    async def command(self, text, timeout=None):
        return fields(await self.console.command(text, timeout))

    async def players(self):
        return {"players": [[player.username, player.id] for player in await self.console.players()]}

    async def message(self, player, text):
        return fields(await self.console.message(player, text))

    async def subscribe(self, name):
        return {"result": await self.console.subscribe(name)}

    async def unsubscribe(self, name):
        return {"result": await self.console.unsubscribe(name)}

    async def subscriptions(self):
        return {"names": self.console.subscriptions}

    async def close(self):
        await self.console.aclose()
        return {"connected": self.console.connected}


async def main():
    # The reports contain everything that the log would.
    logging.disable(logging.CRITICAL)
    bot = Bot()
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        action = request.pop("do")
        try:
            report(did=action, **await getattr(bot, action)(**request))
        except tavernpy.Error as error:
            report(did=action, raised=type(error).__name__, why=str(error))
    if bot.console is not None:
        await bot.console.aclose()


asyncio.run(main())
