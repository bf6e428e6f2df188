// What happens when something is pressed or typed.
import { state, update } from "./store.js";
import { chosenOptions, draftOf, emptyOptions, messageOf, requestOf } from "./draft.js";
import * as server from "./server.js";

const PAUSE = 150; // milliseconds without a key, before the prompt is made anew
let timer = 0;
let asking = null;
let running = null;

const told = (error) => ({ message: error.message, param: error.param, status: error.status });

export async function begin() {
  try {
    update({ start: await server.data("start"), failure: "", asksKey: false });
  } catch (error) {
    update({ failure: error.message });
    return;
  }
  preview(0);
  readPasted();
  try {
    const models = await server.models();
    update({ models, modelsError: "" });
    if (!state.draft.model && !state.opened && (state.start.model || models[0])) edit({ model: state.start.model || models[0] });
  } catch (error) {
    update({ models: [], modelsError: error.message });
  }
}

export function setKey(key) {
  try {
    if (key) sessionStorage.setItem("playground-key", key);
    else sessionStorage.removeItem("playground-key");
  } catch { /* kept for this page alone */ }
  update({ key, asksKey: false });
  begin();
}

export function edit(patch) {
  update((now) => ({ draft: { ...now.draft, ...patch }, opened: null }));
  preview();
}

export function editMessage(id, patch) {
  edit({ messages: state.draft.messages.map((message) => (message.id === id ? { ...message, ...patch } : message)) });
}

export const addMessage = (value) => edit({ messages: [...state.draft.messages, messageOf(value)] });
export const removeMessage = (id) => edit({ messages: state.draft.messages.filter((message) => message.id !== id) });
export const setOption = (name, value) => edit({ options: { ...state.draft.options, [name]: value } });
export const resetOptions = () => edit({ options: emptyOptions() });

export function preview(pause = PAUSE) {
  clearTimeout(timer);
  asking?.abort();
  update((now) => ({ preview: { ...now.preview, busy: true } }));
  timer = setTimeout(makePreview, pause);
}

async function makePreview() {
  const own = (asking = new AbortController());
  try {
    const body = { request: requestOf(state.draft), options: chosenOptions(state.draft) };
    const data = await server.data("preview", body, own.signal);
    if (own === asking) update({ preview: { data, error: null, busy: false } });
  } catch (error) {
    if (own !== asking || error.name === "AbortError") return;
    update((now) => ({ preview: { data: now.preview.data, error: told(error), busy: false } }));
  }
  readPasted();
}

export function setPaste(patch) {
  update((now) => ({ paste: { ...now.paste, ...patch } }));
  clearTimeout(setPaste.timer);
  setPaste.timer = setTimeout(readPasted, PAUSE);
}

async function readPasted() {
  const { text, finish } = state.paste;
  if (!text) {
    update((now) => ({ paste: { ...now.paste, result: null, error: null } }));
    return;
  }
  try {
    const request = requestOf(state.draft);
    const result = await server.data("read", { completion: text, finish_reason: finish, request, options: chosenOptions(state.draft) });
    if (text === state.paste.text) update((now) => ({ paste: { ...now.paste, result, error: null } }));
  } catch (error) {
    update((now) => ({ paste: { ...now.paste, result: null, error: told(error) } }));
  }
}

export async function run() {
  if (running) return;
  const own = (running = new AbortController());
  update({ run: { state: "running", rounds: [], answer: null, error: null }, opened: null, right: "answer", narrow: "right", said: "Asking the model", problem: null });
  const change = (patch) => update((now) => ({ run: { ...now.run, ...(typeof patch === "function" ? patch(now.run) : patch) } }));
  try {
    const body = { request: requestOf(state.draft), options: chosenOptions(state.draft) };
    await server.run(body, own.signal, (line) => change((now) => step(now, line)));
    change((now) => ({ state: now.error ? "failed" : "done" }));
  } catch (error) {
    const stopped = error.name === "AbortError" || own.signal.aborted;
    change(stopped ? { state: "stopped" } : { state: "failed", error: told(error) });
  }
  running = null;
  update((now) => ({ said: { done: "The answer is complete", stopped: "Stopped", failed: "Failed" }[now.run.state] ?? "" }));
}

function step(now, line) {
  const rounds = [...now.rounds];
  const last = rounds.length - 1;
  if (line.event === "sent") return { rounds: [...rounds, { ...line, text: "", thought: "", record: null }] };
  if (line.event === "answer") return { answer: line };
  if (line.event === "error") return { error: { message: line.error?.message ?? String(line.error), param: line.error?.param, status: line.status } };
  if (last < 0) return {};
  if (line.event === "text") {
    const { text, thought } = rounds[last];
    rounds[last] = { ...rounds[last], text: text + line.text, thought: thought + line.reasoning };
  } else if (line.event === "record") {
    const place = rounds.findIndex((round) => round.number === line.number);
    if (place >= 0) rounds[place] = { ...rounds[place], record: line };
  }
  return { rounds };
}

export function stop() {
  running?.abort();
}

// The answer goes into the conversation, each call with an empty result to be filled in.
export function continueWith(message) {
  const { role, content, tool_calls: calls } = message;
  const said = { role, content: content ?? null, ...(calls ? { tool_calls: calls } : {}) };
  const results = (calls ?? []).map((call) => ({ role: "tool", tool_call_id: call.id, content: "" }));
  edit({ messages: [...state.draft.messages, ...[said, ...results].map(messageOf)] });
  update({ left: "conversation", narrow: "left", said: "The answer is in the conversation" });
}

export async function list() {
  try {
    const { requests, why_none: why = "" } = await server.data("requests");
    if (why !== state.whyNone) update({ whyNone: why });
    if (JSON.stringify(requests) !== JSON.stringify(state.list)) update({ list: requests, listError: "" });
    else if (state.listError) update({ listError: "" });
  } catch (error) {
    update({ listError: error.message });
  }
}

export async function open(number) {
  try {
    const entry = await server.data("request", { number });
    stop();
    update((now) => ({
      own: now.own ?? now.draft,
      draft: draftOf(entry.chat ?? { ...entry.request, messages: [] }),
      opened: entry,
      shown: Math.max(0, entry.records.length - 1),
      right: "answer",
      narrow: "middle",
      problem: null,
      said: `Request ${number} is open`,
    }));
    preview();
  } catch (error) {
    update({ listError: error.message });
  }
}

export function back() {
  update((now) => ({ draft: now.own ?? now.draft, own: null, opened: null, left: "conversation", narrow: "left" }));
  preview(0);
}

export async function copy(text, name) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyByHand(text);
  }
  update({ said: done ? `${name} copied` : `${name} could not be copied: select it by hand` });
}

// Over plain HTTP, on another address than loopback, a browser has no clipboard for a page.
function copyByHand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("playground-theme", theme);
  } catch { /* for this page alone */ }
  update({});
}
