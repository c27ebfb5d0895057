// Tests of bot.mjs with a simulated cloud.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Simulator } from "./simulator.mjs";

const BOT = fileURLToPath(new URL("bot.mjs", import.meta.url));

let town;
let bot;

/** Starts the bot in a process of its own: it can be a program in any language. */
async function startBot() {
  const state = await town.state();
  const [account] = state.bots;
  const env = {
    ...process.env,
    TOKEN_URL: state.token_url,
    REST_URL: state.rest_url,
    CLIENT_ID: account.client_id,
    CLIENT_SECRET: account.client_secret,
    SERVER: String(state.servers[0].id),
    PAUSE: "0.1",
  };
  // Node.js has WebSocket since version 22, and since version 20 with this option.
  const args = ["--experimental-websocket", "--no-warnings", BOT];
  bot = spawn(process.execPath, args, { env, stdio: "ignore" });
}

before(async () => {
  town = await Simulator.start();
});
after(() => town.close());
beforeEach(() => town.reset());
afterEach(async () => {
  bot.kill();
  await once(bot, "exit");
});

test("a player who joins is greeted", async () => {
  await startBot();
  await town.wait("subscriptions", "PlayerJoined");
  const { player } = await town.do("join", { player: "Ashwick" });
  const [message] = await town.wait("messages", { player });
  assert.equal(message.text, "Welcome, Ashwick");
});

test("the bot greets players after a restart of the server", async () => {
  await startBot();
  await town.wait("subscriptions", "PlayerJoined");
  await town.do("restart");
  await town.wait("commands", "websocket subscribe", { count: 2 });
  await town.do("join", { player: "Ashwick" });
  await town.wait("messages", "Welcome, Ashwick");
});

test("the bot logs in again when the first login fails", async () => {
  await town.do("fault", { hook: "http", action: { refuse: 500 }, containing: "/connect/token" });
  await startBot();
  await town.wait("requests", { path: "/connect/token" }, { count: 2 });
  await town.wait("subscriptions", "PlayerJoined");
});

test("a wait that times out says what the bot did instead", async () => {
  await startBot();
  await town.wait("subscriptions", "PlayerJoined");
  const wait = town.wait("commands", "player kick", { timeout: 0.1 });
  await assert.rejects(wait, /there were 1: "websocket subscribe PlayerJoined"/);
});
