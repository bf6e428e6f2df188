// Calls to the gateway, and to no other host.
import { state, update } from "./store.js";

export class Failed extends Error {
  constructor(message, status, param) {
    super(message);
    this.status = status;
    this.param = param;
  }
}

const headers = () => ({ "content-type": "application/json", ...(state.key ? { authorization: `Bearer ${state.key}` } : {}) });

async function failed(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch { /* no JSON: the status has to do */ }
  if (response.status === 401 && error.code === "invalid_api_key") update({ asksKey: true });
  return new Failed(error.message || `The gateway answered with status ${response.status}.`, response.status, error.param);
}

async function asked(path, init) {
  try {
    return await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...init });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed("The gateway does not answer. Is `adapter serve` still running?", 0);
  }
}

const posted = (name, body, signal) =>
  asked(`/playground/api/${name}`, { method: "POST", headers: headers(), body: JSON.stringify(body), signal });

export async function data(name, body = {}, signal = undefined) {
  const response = await posted(name, body, signal);
  if (!response.ok) throw await failed(response);
  return response.json();
}

export async function models() {
  const response = await asked("/v1/models", { headers: headers() });
  if (!response.ok) throw await failed(response);
  const found = await response.json();
  return (found.data ?? []).map((model) => String(model.id)).filter(Boolean);
}

// Calls `hear` with the object of each line, as the lines come.
export async function run(body, signal, hear) {
  const response = await posted("run", body, signal);
  if (!response.ok) throw await failed(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.trim()) hear(JSON.parse(line));
    if (done) return;
  }
}
