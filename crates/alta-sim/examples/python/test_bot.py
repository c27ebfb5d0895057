"""Tests of bot.py with a simulated cloud."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import Simulator

BOT = Path(__file__).with_name("bot.py")


@pytest.fixture(scope="session")
def simulator():
    simulator = Simulator()
    yield simulator
    simulator.close()


@pytest.fixture
def town(simulator):
    """The simulator, as at the start."""
    simulator.reset()
    return simulator


@pytest.fixture
def bot(town):
    """The bot, in a process of its own: it can be a program in any language."""
    state = town.state()
    account = state["bots"][0]
    addresses = {
        "TOKEN_URL": state["token_url"],
        "REST_URL": state["rest_url"],
        "CLIENT_ID": account["client_id"],
        "CLIENT_SECRET": account["client_secret"],
        "SERVER": str(state["servers"][0]["id"]),
        "PAUSE": "0.1",
    }
    process = subprocess.Popen([sys.executable, BOT], env={**os.environ, **addresses})
    yield process
    process.kill()
    process.wait()


def test_a_player_who_joins_is_greeted(town, bot):
    town.wait("subscriptions", "PlayerJoined")
    ashwick = town.do("join", player="Ashwick")["player"]
    [message] = town.wait("messages", {"player": ashwick})
    assert message["text"] == "Welcome, Ashwick"


def test_the_bot_greets_players_after_a_restart_of_the_server(town, bot):
    town.wait("subscriptions", "PlayerJoined")
    town.do("restart")
    town.wait("commands", "websocket subscribe", count=2)
    town.do("join", player="Ashwick")
    town.wait("messages", "Welcome, Ashwick")


def test_the_bot_logs_in_again_when_the_first_login_fails(town, request):
    town.do("fault", hook="http", action={"refuse": 500}, containing="/connect/token")
    request.getfixturevalue("bot")
    town.wait("requests", {"path": "/connect/token"}, count=2)
    town.wait("subscriptions", "PlayerJoined")


def test_the_bot_connects_again_with_a_new_token_after_its_token_expired(town, bot):
    town.wait("subscriptions", "PlayerJoined")
    town.do("expire-tokens")
    town.do("cut", which="consoles")
    town.wait("requests", {"path": "/connect/token"}, count=2)
    town.wait("subscriptions", "PlayerJoined")


def test_the_bot_sends_no_command_that_it_has_no_reason_for(town, bot):
    town.wait("subscriptions", "PlayerJoined")
    ashwick = town.do("join", player="Ashwick")["player"]
    town.do("die", player=ashwick)
    town.do("leave", player=ashwick)
    town.do("join", player="Bracken")
    town.wait("messages", "Bracken")
    assert len(town.seen("commands")) == 3


def test_a_wait_that_times_out_says_what_the_bot_did_instead(town, bot):
    town.wait("subscriptions", "PlayerJoined")
    with pytest.raises(AssertionError, match='there were 1: "websocket subscribe PlayerJoined"'):
        town.wait("commands", "player kick", timeout=0.1)
