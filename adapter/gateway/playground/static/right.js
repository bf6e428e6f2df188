// The right panel: the answer as it comes, a pasted text, the request as code.
import { html } from "./dom.js";
import { state, update } from "./store.js";
import { continueWith, run, setPaste, stop } from "./actions.js";
import { flags, programs } from "./code.js";
import { Completion, Problems } from "./problems.js";
import { exact, pretty, seconds } from "./texts.js";
import { CopyButton, Empty, Failure, Select, Tabs } from "./widgets.js";

const OUTCOMES = { answered: "good", asked_again: "fair", continued: "fair", refused: "bad", error: "bad", broken: "bad" };

function Calls({ calls, checked = true }) {
  if (!calls.length) return null;
  return html`<ul class="plain stack" aria-label="Tool calls">
    ${calls.map((call, at) => {
      const [kind, word] = !checked || call.valid === null ? ["", "not checked"] : call.valid ? ["good", "valid"] : ["bad", "invalid"];
      return html`<li key=${at} class="made"><div class="row"><strong class="name">${call.name}</strong><span class=${`badge ${kind}`}>${word}</span></div><pre class="exact">${exact(pretty(call.arguments))}</pre></li>`;
    })}
  </ul>`;
}

function Round({ round, record, number, live }) {
  const where = `round ${number}`;
  const told = record ? [record.dialect, record.rung, seconds(record.seconds), record.usage?.prompt_tokens === undefined ? "" : `${record.usage.prompt_tokens} + ${record.usage.completion_tokens} tokens`] : [];
  const text = record ? null : round.text;
  return html`<article class="round" aria-label=${`Request ${number} to upstream`}>
    <div class="row wrap"><h3>Request ${number}</h3>
      ${record ? html`<span class=${`badge ${OUTCOMES[record.outcome] ?? ""}`}>${record.outcome.replace("_", " ")}</span>` : null}
      ${live ? html`<span class="badge live">streaming</span>` : null}
      <span class="quiet">${told.filter(Boolean).join(" · ")}</span></div>
    ${record?.error && ["error", "broken", "refused"].includes(record.outcome) ? html`<p class="said">${record.error}</p>` : null}
    ${(record?.reasoning || round?.thought) ? html`<details open><summary>Reasoning, in a field of its own</summary><pre class="exact">${exact(record?.reasoning || round.thought)}</pre></details>` : null}
    ${record
      ? record.pieces.length
        ? html`<${Completion} pieces=${record.pieces} problems=${record.problems} where=${where} label=${`Completion ${number}`} />`
        : record.raw || round?.text
          ? html`<pre class="exact completion" aria-label=${`Answer ${number}`} tabindex="0">${exact(record.raw || round.text)}</pre>`
          : html`<p class="quiet">The model wrote no text.</p>`
      : html`<pre class="exact completion" aria-label=${`Completion ${number}`} tabindex="0">${exact(text)}${live ? html`<span class="caret" aria-hidden="true"></span>` : null}</pre>`}
    ${record ? html`<${Calls} calls=${record.calls} /><${Problems} problems=${record.problems} where=${where} placed=${record.pieces} />` : null}
  </article>`;
}

function Told({ message, finish }) {
  const text = JSON.stringify(message, null, 2);
  return html`<article class="round" aria-label="Answer to the client">
    <div class="row wrap"><h3>Answer to the client</h3><span class="badge good">${finish}</span></div>
    <pre class="exact">${exact(text)}</pre>
    <div class="row wrap">
      <button type="button" onClick=${() => continueWith(message)}>Go on with this answer</button>
      <${CopyButton} text=${text} name="the answer" />
    </div>
  </article>`;
}

function OpenedAnswer() {
  const { opened } = state;
  return html`<div class="stack">
    ${opened.status >= 400 ? html`<${Failure} error=${{ status: opened.status, message: opened.error || "The client got an error." }} />` : null}
    ${opened.records.map((record, at) => html`<${Round} key=${at} record=${record} number=${record.number} />`)}
    ${opened.records.length ? null : html`<p class="quiet">${opened.large ? `${opened.large.toLocaleString("en")} bytes: too large to keep.` : "No request went upstream."}</p>`}
  </div>`;
}

function hint(error) {
  if (error.status === 401 || error.status === 403) return "The server behind the gateway wants a key: give yours with “Key”, or start the gateway with --upstream-key-env.";
  if (error.status >= 500) return `Is the server at ${state.start?.upstream} running? Start it, or start the gateway with another --upstream.`;
  return "";
}

function Answer() {
  const { run: now, opened } = state;
  const busy = now.state === "running";
  return html`<div class="stack">
    <div class="row wrap">
      ${busy
        ? html`<button type="button" class="stop" onClick=${stop}>Stop <kbd>Esc</kbd></button>`
        : html`<button type="button" class="primary" onClick=${run}>Ask the model <kbd>Ctrl ↵</kbd></button>`}
      <span class="quiet">${{ running: "The model is being asked", stopped: "Stopped; the request to upstream was ended too", failed: "", done: "" }[now.state] ?? ""}</span>
    </div>
    ${opened
      ? html`<${OpenedAnswer} />`
      : html`
          ${now.rounds.map((round, at) => html`<${Round} key=${at} round=${round} record=${round.record} number=${round.number} live=${busy && !round.record && at === now.rounds.length - 1} />`)}
          ${now.error ? html`<${Failure} error=${now.error}>${hint(now.error)}</${Failure}>` : null}
          ${now.answer && !now.error ? html`<${Told} message=${now.answer.message} finish=${now.answer.finish_reason} />` : null}
          ${now.state === "idle"
            ? html`<${Empty} title="No answer yet">“Ask the model” sends the request to ${state.start?.upstream ?? "the server"} and shows what the model writes, as it writes. The prompt in the middle needs no model.</${Empty}>`
            : null}`}
  </div>`;
}

function Paste() {
  const { paste } = state;
  const { result } = paste;
  return html`<div class="stack">
    <label class="over" for="completion">A completion, as a model wrote it; it is read with the tools and the dialect on this page</label>
    <textarea id="completion" class="exact" rows="9" spellcheck=${false} placeholder="Paste a completion" value=${paste.text} onInput=${(event) => setPaste({ text: event.currentTarget.value })}></textarea>
    <${Select} id="finish" label="Finish reason" value=${paste.finish} options=${[["stop", "stop"], ["length", "length"]]} choose=${(finish) => setPaste({ finish })} />
    ${paste.error ? html`<${Failure} error=${paste.error} />` : null}
    ${result
      ? html`<article class="round" aria-label="The text as it is read">
          <div class="row wrap"><h3>Read as</h3><span class="badge">${result.finish_reason}</span></div>
          <${Completion} pieces=${result.pieces} problems=${result.problems} where="paste" label="Completion with its parts" />
          ${result.reasoning ? html`<h4>Reasoning</h4><pre class="exact">${exact(result.reasoning)}</pre>` : null}
          ${result.content ? html`<h4>Content</h4><pre class="exact">${exact(result.content)}</pre>` : null}
          <${Calls} calls=${result.calls} checked=${result.checked} />
          ${result.calls.length ? null : html`<p class="quiet">No calls.</p>`}
          <${Problems} problems=${result.problems} where="paste" placed=${result.pieces} />
        </article>`
      : paste.error ? null : html`<${Empty} title="Nothing to read yet">Paste what a model wrote: its calls, its words and its problems appear here. No model is asked.</${Empty}>`}
  </div>`;
}

function Code() {
  let made;
  try {
    made = programs(state.draft, location.origin);
  } catch (error) {
    return html`<${Failure} error=${{ message: error.message }}>Mend the request on the left.</${Failure}>`;
  }
  const chosen = flags(state.draft);
  return html`<div class="stack">
    ${chosen ? html`<p class="note">The options of this page are not part of a request. A gateway has them by <code>adapter serve ${chosen}</code></p>` : null}
    ${made.map(
      ([name, text]) => html`<article key=${name} class="round" aria-label=${name}>
        <div class="row"><h3>${name}</h3><span class="grow"></span><${CopyButton} text=${text} name=${name} /></div>
        <pre class="exact" tabindex="0" aria-label=${`${name} code`}>${text}</pre>
      </article>`,
    )}
    <p class="quiet">The key, if any, stands in the environment: <code>GATEWAY_KEY</code>.</p>
  </div>`;
}

export function Right() {
  const tabs = [["answer", "Answer"], ["paste", "Read a text"], ["code", "Code"]];
  return html`<section class="panel right" aria-label="Answer">
    <${Tabs} label="Answer" tabs=${tabs} chosen=${state.right} choose=${(right) => update({ right })} panel="right-panel" />
    <div id="right-panel" class="scroll" role="tabpanel" aria-label=${tabs.find(([name]) => name === state.right)[1]} tabindex="-1">
      ${state.right === "answer" ? html`<${Answer} />` : state.right === "paste" ? html`<${Paste} />` : html`<${Code} />`}
    </div>
  </section>`;
}
