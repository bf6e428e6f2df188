// The request as a command or a program; keys stand in the environment.
import { chosenOptions, requestOf } from "./draft.js";

const KEY = "GATEWAY_KEY";

function python(value, indent = "") {
  const inner = `${indent}    `;
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  // A text of JSON is one of Python, but for halves of surrogate pairs.
  if (typeof value === "string") return JSON.stringify(value);
  const [first, last] = Array.isArray(value) ? "[]" : "{}";
  const items = Array.isArray(value)
    ? value.map((item) => inner + python(item, inner))
    : Object.entries(value).map(([name, item]) => `${inner}${JSON.stringify(name)}: ${python(item, inner)}`);
  return items.length ? `${first}\n${items.join(",\n")},\n${indent}${last}` : first + last;
}

// No sign of a text ends the quotes of a shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curl(request, origin) {
  return [
    `curl ${quoted(`${origin}/v1/chat/completions`)} \\`,
    "  -H 'content-type: application/json' \\",
    `  -H "authorization: Bearer $${KEY}" \\`,
    `  --data-raw ${quoted(JSON.stringify(request, null, 2))}`,
  ].join("\n");
}

const KNOWN = ["model", "messages", "tools", "tool_choice"];

function pythonArguments(request) {
  const plain = KNOWN.filter((name) => name in request).map((name) => `    ${name}=${python(request[name], "    ")},`);
  const more = Object.fromEntries(Object.entries(request).filter(([name]) => !KNOWN.includes(name)));
  if (!("model" in request)) plain.unshift('    model="",');
  return [...plain, ...(Object.keys(more).length ? [`    extra_body=${python(more, "    ")},`] : [])];
}

export function pythonCode(request, origin) {
  return [
    "import os",
    "",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(`${origin}/v1`)}, api_key=os.environ.get("${KEY}", "none"))`,
    "completion = client.chat.completions.create(",
    ...pythonArguments(request),
    ")",
    "print(completion.choices[0].message)",
  ].join("\n");
}

export function javascript(request, origin) {
  return [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${JSON.stringify(`${origin}/v1`)}, apiKey: process.env.${KEY} ?? "none" });`,
    `const completion = await client.chat.completions.create(${JSON.stringify({ model: "", ...request }, null, 2)});`,
    "console.log(completion.choices[0].message);",
  ].join("\n");
}

// The flags of a gateway that makes the same prompts; empty where the gateway's own options hold.
export function flags(draft) {
  return Object.entries(chosenOptions(draft))
    .map(([name, value]) => `--${name} ${value}`)
    .join(" ");
}

export function programs(draft, origin) {
  const request = requestOf(draft);
  return [
    ["curl", curl(request, origin)],
    ["Python", pythonCode(request, origin)],
    ["JavaScript", javascript(request, origin)],
  ];
}
