// Calls alta-jsapi as it is told, in its mode for a server on this machine.
//
// Each line on standard input is a JSON object: "do" names a function ("Groups.getJoined"), "with" holds its arguments;
// "functions" lists those of the groups in "with".
// Each line on standard output tells what came of one ("did"): a "value" (for pages, the list of them), or a "status" and
// what the server said.
"use strict";

const [, , home, port] = process.argv;

// The address is fixed, the simulator's port is not. Nothing else is let out of this machine.
const http = require("http");
const send = http.request;
http.request = (options, ...rest) => {
  if (options.host !== "localhost" || String(options.port) !== "13490") {
    throw new Error(`a request to ${options.host}:${options.port}`);
  }
  return send({ ...options, host: "127.0.0.1", hostname: "127.0.0.1", port }, ...rest);
};

// It talks a lot.
for (const level of ["log", "info", "warn", "error"]) {
  console[level] = () => {};
}

const api = require(home);
api.setEndpoint("local");

async function call(name, args) {
  if (name === "functions") {
    const of = (group) => Object.entries(api[group]).filter(([, it]) => typeof it === "function");
    return args.flatMap((group) => of(group).map(([method]) => `${group}.${method}`));
  }
  const [group, method] = name.split(".");
  const result = api[group][method](...args);
  if (result === null || typeof result !== "object" || !(Symbol.asyncIterator in result)) {
    return await result;
  }
  const pages = [];
  for await (const page of result) {
    pages.push(page);
  }
  return pages;
}

async function obey(order) {
  const did = { did: order.do };
  try {
    did.value = (await call(order.do, order.with ?? [])) ?? null;
  } catch (error) {
    did.status = error.statusCode ?? null;
    did.said = error.error ? String(error.error) : String(error);
  }
  process.stdout.write(JSON.stringify(did) + "\n");
}

(async () => {
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    await obey(JSON.parse(line));
  }
})();
