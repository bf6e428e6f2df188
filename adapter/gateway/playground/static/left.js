// The left panel: the conversation, the tools, the requests of other clients.
import { html } from "./dom.js";
import { state, update } from "./store.js";
import { addMessage, edit, editMessage, list, open, removeMessage } from "./actions.js";
import { toolNames } from "./draft.js";
import { Empty, Select, Tabs } from "./widgets.js";
import { seconds } from "./texts.js";

const ROLES = ["system", "user", "assistant", "developer"];
const rows = (text, least, most) => Math.min(most, Math.max(least, text.split("\n").length + Math.floor(text.length / 70)));

function Message({ message, number }) {
  const name = `message ${number}`;
  const isText = message.json === null;
  const value = isText ? message.text : message.json;
  const onInput = (event) => editMessage(message.id, isText ? { text: event.currentTarget.value } : { json: event.currentTarget.value });
  return html`<li class="message">
    <div class="row">
      ${isText
        ? html`<select aria-label=${`Role of ${name}`} value=${message.role} onChange=${(event) => editMessage(message.id, { role: event.currentTarget.value })}>
            ${[...new Set([...ROLES, message.role])].map((role) => html`<option key=${role} value=${role} selected=${role === message.role}>${role}</option>`)}
          </select>`
        : html`<span class="role">${message.role} <span class="quiet">as JSON</span></span>`}
      <span class="grow"></span>
      <button type="button" class="small quiet" aria-label=${`Remove ${name}`} onClick=${() => removeMessage(message.id)}>Remove</button>
    </div>
    <textarea aria-label=${`Text of ${name}`} class=${isText ? "" : "exact"} spellcheck=${false} rows=${rows(value, 2, 16)} value=${value} onInput=${onInput}></textarea>
  </li>`;
}

const toolResult = { role: "tool", tool_call_id: "call_1", content: "" };

function Conversation() {
  const { draft } = state;
  return html`<div class="stack">
    ${draft.messages.length
      ? html`<ol class="plain stack">${draft.messages.map((message, at) => html`<${Message} key=${message.id} message=${message} number=${at + 1} />`)}</ol>`
      : html`<${Empty} title="No messages">Add one: the prompt appears in the middle.</${Empty}>`}
    <div class="row wrap">
      <button type="button" onClick=${() => addMessage({ role: "user", content: "" })}>Add a message</button>
      <button type="button" onClick=${() => addMessage(toolResult)}>Add a tool result</button>
    </div>
    ${Object.keys(draft.more).length ? html`<details><summary>Further members of the request</summary><pre class="exact">${JSON.stringify(draft.more, null, 2)}</pre></details>` : null}
  </div>`;
}

function Tools() {
  const names = toolNames(state.draft);
  const chosen = state.draft.choice;
  const choices = [["auto", "auto"], ["none", "none"], ["required", "required"], ...names.map((name) => [`=${name}`, name])];
  if (chosen.startsWith("=") && !names.includes(chosen.slice(1))) choices.push([chosen, chosen.slice(1)]);
  return html`<div class="stack">
    <${Select} id="tool-choice" label="Tool choice" value=${chosen} options=${choices} choose=${(choice) => edit({ choice })} />
    <label class="over" for="tools">Tools, as in a chat request</label>
    <textarea id="tools" class="exact tall" spellcheck=${false} value=${state.draft.tools} onInput=${(event) => edit({ tools: event.currentTarget.value })}></textarea>
  </div>`;
}

const time = (value) => new Date(value * 1000).toLocaleTimeString([], { hour12: false });

function Line({ entry }) {
  const calls = entry.calls.length ? entry.calls.join(", ") : entry.status < 400 ? "words" : "";
  const current = state.opened?.number === entry.number;
  return html`<li>
    <button type="button" class="entry" aria-current=${current ? "true" : undefined} onClick=${() => open(entry.number)}>
      <span class="row"><span class=${entry.status < 400 ? "status good" : "status bad"}>${entry.status || "gone"}</span>
        <span class="name">${entry.model || "no model"}</span><span class="grow"></span><span class="quiet">${time(entry.time)}</span></span>
      <span class="row quiet"><span class="name">${entry.path}${entry.stream ? ", streamed" : ""}</span><span class="grow"></span>${entry.problems ? html`<span>${entry.problems} told</span>` : null}</span>
      <span class="row"><span class="name">${calls}</span><span class="grow"></span>
        <span class="quiet">${entry.requests > 1 ? `${entry.requests} upstream · ` : ""}${seconds(entry.seconds)}</span></span>
    </button>
  </li>`;
}

function Requests() {
  if (state.listError) return html`<${Empty} title="The list cannot be had">${state.listError}</${Empty}>`;
  if (state.whyNone) return html`<${Empty} title="No requests are kept">${state.whyNone}</${Empty}>`;
  if (!state.list) return html`<p class="quiet" role="status">Asking for the list…</p>`;
  if (!state.list.length)
    return html`<${Empty} title="No requests yet">Give a client the base URL <code>${location.origin}/v1</code>: its requests appear here. The last 100 are kept, in memory, without keys.</${Empty}>`;
  return html`<ol class="plain stack" aria-label="Requests of other clients">${state.list.map((entry) => html`<${Line} key=${entry.number} entry=${entry} />`)}</ol>`;
}

export function Left() {
  const choose = (left) => {
    update({ left });
    if (left === "requests") list();
  };
  const tabs = [
    ["conversation", "Conversation", state.draft.messages.length],
    ["tools", "Tools", toolNames(state.draft).length],
    ["requests", "Requests", state.list?.length],
  ];
  return html`<section class="panel left" aria-label="Request">
    <${Tabs} label="Request" tabs=${tabs} chosen=${state.left} choose=${choose} panel="left-panel" />
    <div id="left-panel" class="scroll" role="tabpanel" aria-label=${state.left} tabindex="-1">
      ${state.left === "conversation" ? html`<${Conversation} />` : state.left === "tools" ? html`<${Tools} />` : html`<${Requests} />`}
    </div>
  </section>`;
}
