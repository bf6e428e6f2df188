// The middle panel: the exact prompt, in sections, with tokens.
import { html } from "./dom.js";
import { state, update } from "./store.js";
import { back } from "./actions.js";
import { exact } from "./texts.js";
import { Problems } from "./problems.js";
import { CopyButton, Empty, Failure, Select } from "./widgets.js";

const SECTIONS = ["system", "tools", "examples", "history", "turns", "reask"];
const NAMES = { system: "system", tools: "tools", examples: "examples", history: "history", turns: "marks of turns", reask: "asked again" };

const joined = (parts) => parts.map(([, text]) => text).join("");

function Parts({ parts }) {
  return parts.map(
    ([kind, text], at) => html`<div key=${at} class=${`part ${kind}`}><span class="tag">${NAMES[kind] ?? kind}</span><pre class="exact" tabindex="-1">${exact(text)}</pre></div>`,
  );
}

function Prompt({ shown }) {
  if (shown.prompt) return html`<article class="turn" aria-label="Prompt as one text"><${Parts} parts=${shown.prompt} /></article>`;
  return (shown.messages ?? []).map(
    ({ role, parts }, at) => html`<article key=${at} class="turn" aria-label=${`Message ${at + 1}: ${role}`}>
      <h3>${role}</h3><${Parts} parts=${parts} />
    </article>`,
  );
}

function Tokens({ tokens, shown }) {
  const present = new Set((shown.prompt ?? (shown.messages ?? []).flatMap((message) => message.parts)).map(([kind]) => kind));
  const counted = SECTIONS.filter((name) => present.has(name) || tokens?.[name]);
  return html`<div class="tokens" role="group" aria-label="Tokens by section">
    ${counted.map((name) => html`<span key=${name} class=${`chip ${name}`}>${NAMES[name]}${tokens?.[name] === undefined ? "" : html` <b>${tokens[name].toLocaleString("en")}</b>`}</span>`)}
    ${tokens
      ? html`<span class="sum" title=${[tokens.source, ...tokens.notes].join("; ")}><b>${tokens.whole.toLocaleString("en")}</b> tokens <span class=${tokens.exact ? "badge good" : "badge"}>${tokens.exact ? "exact" : "estimate"}</span></span>`
      : null}
  </div>`;
}

const promptText = (shown) => (shown.prompt ? joined(shown.prompt) : (shown.messages ?? []).map(({ role, parts }) => `── ${role} ──\n${joined(parts)}`).join("\n\n"));

function Below({ shown }) {
  const body = JSON.stringify(shown.body, null, 2);
  return html`
    ${(shown.constraints ?? []).map(([name, text]) => html`<details key=${name} open><summary>Held by <code>${name}</code></summary><pre class="exact">${exact(text)}</pre></details>`)}
    ${shown.neutralised ? html`<p class="note">Made harmless in untrusted text: <code>${shown.neutralised}</code>. “Marks” shows the places.</p>` : null}
    <details><summary>The request to upstream, as JSON</summary><pre class="exact">${exact(body)}</pre><${CopyButton} text=${body} name="the request to upstream" /></details>`;
}

// The server's own tool calling: the request with tools as objects, which goes first or alone.
function Native({ shown }) {
  if (!shown.native) return null;
  const alone = shown.body.tools !== undefined;
  return html`<p class="note">${alone
      ? "Native: the tools go upstream as objects, and the server's own chat template makes the prompt of them and of these messages. Its tokens are not known here."
      : "Native: a server that calls tools itself gets them as objects. The prompt below goes to one that does not."}</p>
    ${alone ? null : html`<details><summary>The native request, as JSON</summary><pre class="exact">${exact(JSON.stringify(shown.native, null, 2))}</pre></details>`}`;
}

function Opened() {
  const { opened } = state;
  const rounds = opened.records.map((record, at) => [String(at), `${at + 1} of ${opened.records.length}: ${record.outcome}`]);
  return html`<div class="banner" role="status">
    <div><strong>Request ${opened.number}</strong> of another client, as it went upstream. Edit it, and it is a draft of yours.</div>
    <div class="row wrap">
      ${rounds.length > 1 ? html`<${Select} id="round" label="Upstream request" value=${String(state.shown)} options=${rounds} choose=${(value) => update({ shown: Number(value) })} />` : null}
      <button type="button" onClick=${back}>Back to the draft</button>
    </div>
  </div>`;
}

export function Middle() {
  const { preview, opened } = state;
  const record = opened?.records[state.shown];
  const shown = opened ? record : preview.data;
  const tokens = opened ? null : preview.data?.tokens;
  return html`<section class="panel middle" aria-label="Prompt" aria-busy=${String(preview.busy)}>
    <div class="head"><h2>Prompt</h2>
      <span class="grow"></span>
      <button type="button" class="small" aria-pressed=${String(state.marks)} onClick=${() => update({ marks: !state.marks })} title="Show white space, special tokens and hidden signs">Marks</button>
      ${shown ? html`<${CopyButton} text=${promptText(shown)} name="the prompt" />` : null}
    </div>
    <div class="scroll" tabindex="0" role="group" aria-label="The exact prompt">
      ${opened ? html`<${Opened} />` : null}
      ${!opened && preview.error ? html`<${Failure} error=${preview.error}>Mend the request on the left; the prompt below is that of before.</${Failure}>` : null}
      ${shown
        ? html`<div class=${!opened && preview.error ? "stale" : ""}>
            <${Tokens} tokens=${tokens} shown=${shown} />
            ${opened ? null : html`<${Problems} problems=${shown.problems} where="preview" />`}
            <${Native} shown=${shown} />
            <${Prompt} shown=${shown} />
            <${Below} shown=${shown} />
          </div>`
        : opened
          ? html`<${Empty} title="Nothing went upstream">${opened.large ? "The request was too large to keep." : "The gateway answered by itself; its answer is on the right."}</${Empty}>`
          : preview.error ? null : html`<p class="quiet" role="status">Making the prompt…</p>`}
    </div>
  </section>`;
}
