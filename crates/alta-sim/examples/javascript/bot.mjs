// A bot that greets the players who join a server. Its addresses and credentials are in environment variables.

import { setTimeout as sleep } from "node:timers/promises";

const { TOKEN_URL, REST_URL, CLIENT_ID, CLIENT_SECRET, SERVER, PAUSE = "10" } = process.env;

async function post(url, body, headers = {}) {
  const reply = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(10_000) });
  if (!reply.ok) {
    throw new Error(`${url}: ${reply.status}`);
  }
  return reply.json();
}

/** Logs in, and gets the address and the token of the console. */
async function access() {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    scope: "server.view server.console",
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
  });
  const login = await post(TOKEN_URL, form);
  const body = JSON.stringify({ should_launch: false, ignore_offline: false });
  const headers = { authorization: `Bearer ${login.access_token}`, "content-type": "application/json" };
  const access = await post(`${REST_URL}/servers/${SERVER}/console`, body, headers);
  if (!access.allowed) {
    throw new Error(`no console: ${access.fail_reason}`);
  }
  const { address, websocket_port } = access.connection;
  return { url: `ws://${address}:${websocket_port}`, token: access.token };
}

/** Greets players until the connection ends. */
function greet({ url, token }) {
  return new Promise((resolve) => {
    const console = new WebSocket(url);
    let nextId = 0;
    const run = (content) => console.send(JSON.stringify({ id: ++nextId, content }));
    console.onopen = () => console.send(token);
    console.onclose = resolve;
    console.onerror = resolve;
    console.onmessage = ({ data: text }) => {
      const { eventType, data } = JSON.parse(text);
      if (eventType === "InfoLog" && String(data).startsWith("Connection Succeeded")) {
        run("websocket subscribe PlayerJoined");
      } else if (eventType === "PlayerJoined") {
        run(`player message ${data.user.id} "Welcome, ${data.user.username}" 5`);
      }
    };
  });
}

while (true) {
  try {
    await greet(await access());
  } catch (error) {
    console.log(`trying again: ${error.message}`);
  }
  await sleep(Number(PAUSE) * 1000);
}
