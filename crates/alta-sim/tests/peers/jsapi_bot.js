// Calls functions of alta-jsapi, in its mode for a server on this machine.
//
// Each line on standard input is a request: a JSON object whose "do" names a function ("Groups.getJoined") and whose "with" holds
// the arguments; "functions" lists the functions of the groups in "with".
// Each line on standard output is the report of a request ("did"): a "value" (for pages, an array of them), or a "status" and the
// server's reply ("said").
"use strict";

const [, , home, port] = process.argv;

// The package has a fixed address, and the simulator any port. Requests to other addresses are errors.
const http = require("http");
const send = http.request;
http.request = (options, ...rest) => {
  if (options.host !== "localhost" || String(options.port) !== "13490") {
    throw new Error(`a request to ${options.host}:${options.port}`);
  }
  return send({ ...options, host: "127.0.0.1", hostname: "127.0.0.1", port }, ...rest);
};

// The package logs a lot.
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

async function run(request) {
  const did = { did: request.do };
  try {
    did.value = (await call(request.do, request.with ?? [])) ?? null;
  } catch (error) {
    did.status = error.statusCode ?? null;
    did.said = error.error ? String(error.error) : String(error);
  }
  process.stdout.write(JSON.stringify(did) + "\n");
}

(async () => {
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    await run(JSON.parse(line));
  }
})();
