// A bot for a private cloud with alta-jsapi, Alta's own client of its REST API, and the websockets of the package ws.
//
// Arguments: the folder of the packages, token endpoint, REST address, main websocket, client id, client secret, user name, password.
// It logs in as the user, lists the servers, subscribes to their status with the bot's token, and runs `player list` on the console
// of each. Then it waits for the end and the return of the first console. Each result is a line of JSON; all bytes that the process
// received are in lines of their own.
"use strict";

const BOUND = 60000;
const [, , home, tokenUrl, restUrl, socketUrl, clientId, clientSecret, username, password] = process.argv;

function say(did, values) {
  process.stdout.write(JSON.stringify({ did, ...values }) + "\n");
}

// Every byte of every connection, below HTTP and the websockets.
const net = require("net");
const push = net.Socket.prototype.push;
net.Socket.prototype.push = function (data, ...rest) {
  if (data) {
    process.stdout.write(JSON.stringify({ received: data.toString("latin1") }) + "\n");
  }
  return push.call(this, data, ...rest);
};

// The package has a fixed address, and the service any port. Requests to other addresses are errors.
const http = require("http");
const send = http.request;
const rest = new URL(restUrl);
http.request = (options, ...more) => {
  if (options.host !== "localhost" || String(options.port) !== "13490") {
    throw new Error(`a request to ${options.host}:${options.port}`);
  }
  const { hostname, port } = rest;
  return send({ ...options, host: hostname, hostname, port }, ...more);
};

// The package logs a lot.
for (const level of ["log", "info", "warn", "error"]) {
  console[level] = () => {};
}

const { Groups, Servers, Sessions, setEndpoint } = require(home + "/node_modules/alta-jsapi");
setEndpoint("local");

function botToken() {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: "ws.group ws.group_servers",
  });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, reject) => {
    const request = send(tokenUrl, { method: "POST", headers }, (reply) => {
      let text = "";
      reply.on("data", (data) => (text += data));
      reply.on("end", () => resolve(JSON.parse(text).access_token));
    });
    request.on("error", reject);
    request.end(form.toString());
  });
}

// A websocket whose texts are read one after the other. A read of a closed one returns undefined.
class Socket {
  constructor(url, headers) {
    const WebSocket = require(home + "/node_modules/ws");
    // The package uses the function that is in `http` at the time of the connection.
    const redirected = http.request;
    http.request = send;
    this.socket = new WebSocket(url, { headers, handshakeTimeout: BOUND });
    http.request = redirected;
    this.texts = [];
    this.wake = () => {};
    this.isClosed = false;
    this.opened = new Promise((resolve, reject) => {
      this.socket.on("open", resolve);
      this.socket.on("error", reject);
    });
    this.socket.on("message", (data) => this.add(data.toString()));
    this.socket.on("close", () => {
      this.isClosed = true;
      this.wake();
    });
  }

  add(text) {
    this.texts.push(JSON.parse(text));
    this.wake();
  }

  send(message) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  async next() {
    while (this.texts.length === 0 && !this.isClosed) {
      await new Promise((resolve) => (this.wake = resolve));
    }
    return this.texts.shift();
  }

  async find(isWanted) {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) {
        throw new Error("the connection is closed");
      }
      if (isWanted(frame)) {
        return frame;
      }
    }
  }
}

async function openConsole(server) {
  const ends = Date.now() + BOUND;
  while (Date.now() < ends) {
    const access = await Servers.joinConsole(server);
    if (access.token) {
      try {
        const { address, websocket_port: port } = access.connection;
        const socket = new Socket(`ws://${address}:${port}`);
        await socket.opened;
        socket.send(access.token);
        await socket.find((frame) => String(frame.data).includes("Connection Succeeded"));
        return socket;
      } catch {
        // The server has ended meanwhile.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the server ${server} is not up`);
}

async function command(socket, id, content) {
  socket.send({ id, content });
  return (await socket.find((frame) => frame.commandId === id)).data;
}

async function main() {
  await Sessions.loginWithUsername(username, Sessions.hashPassword(password));
  const joined = [];
  for await (const page of Groups.getJoined()) {
    joined.push(...page);
  }
  const authorization = "Bearer " + (await botToken());
  const events = new Socket(socketUrl, { Authorization: authorization });
  await events.opened;
  for (const [at, { group }] of joined.entries()) {
    const id = at + 1;
    const path = `subscription/group-server-status/${group.id}`;
    events.send({ id, method: "POST", path, authorization });
    const reply = await events.find((frame) => frame.id === id);
    if (reply.responseCode !== 200) {
      throw new Error(JSON.stringify(reply));
    }
  }
  say("subscribed", { groups: joined.map(({ group }) => group.id) });
  const servers = (await Servers.getConsoleServers()).map((server) => server.id);
  servers.sort();
  const consoles = [];
  for (const server of servers) {
    const socket = await openConsole(server);
    consoles.push(socket);
    say("listed", { server, result: await command(socket, 7, "player list") });
  }
  while ((await consoles[0].next()) !== undefined);
  say("lost", { server: servers[0] });
  await events.find((frame) => {
    const content = frame.event === "group-server-status" ? JSON.parse(frame.content) : {};
    return content.id === servers[0] && content.is_online === false;
  });
  const { is_online } = await Servers.getDetails(servers[0]);
  say("offline", { server: servers[0], is_online });
  const again = await openConsole(servers[0]);
  say("back", { server: servers[0], result: await command(again, 8, "player list") });
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
