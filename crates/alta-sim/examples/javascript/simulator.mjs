// Starts alta-sim, and drives it by its control port.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A simulator in its own process. The environment variable ALTA_SIM is the path of the program. */
export class Simulator {
  static async start() {
    const simulator = new Simulator();
    const program = process.env.ALTA_SIM ?? "alta-sim";
    const args = ["--port", "0", "--scenario", "empty", "--control", "0", "--json"];
    const stdio = ["ignore", "pipe", "inherit"];
    simulator.process = spawn(program, args, { stdio });
    // The program prints its addresses as one line of JSON when it is ready.
    for await (const line of createInterface({ input: simulator.process.stdout })) {
      simulator.url = JSON.parse(line).control_url;
      return simulator;
    }
    throw new Error(`${program} ended before it was ready`);
  }

  close() {
    this.process.kill();
  }

  /** The addresses, credentials, groups, servers and players. */
  state() {
    return this.request("GET", "/state");
  }

  /** The world is as at the start again. */
  reset() {
    return this.request("POST", "/reset", {});
  }

  /** Changes the world: do("join", { player: "Ashwick" }). */
  do(action, fields = {}) {
    return this.request("POST", "/actions", { do: action, ...fields });
  }

  /** What clients did: seen("commands", { matching: "player kick" }). */
  async seen(what, filters = {}) {
    const query = new URLSearchParams(filters);
    return (await this.request("GET", `/seen/${what}?${query}`)).seen;
  }

  /** Waits until clients have done something. An error says what they did instead. */
  async wait(what, matching, more = {}) {
    const body = { what, matching, timeout: 30, ...more };
    return (await this.request("POST", "/wait", body)).seen;
  }

  async request(method, path, body) {
    const reply = await fetch(this.url + path, { method, body: JSON.stringify(body) });
    const json = await reply.json();
    if (!reply.ok) {
      throw new Error(json.error);
    }
    return json;
  }
}
