// Problems as a list; a press shows the place in the completion.
import { html } from "./dom.js";
import { state, update } from "./store.js";
import { exact } from "./texts.js";

const QUIET = new Set(["chosen"]);
const BAD = new Set(["refused", "unreadable", "cut", "unknown_tool", "invalid_arguments", "malformed", "reask", "contradicted", "ungrounded", "not_enforced"]);

export function Problems({ problems = [], where, placed = [] }) {
  if (!problems.length) return null;
  return html`<ul class="plain problems" aria-label="Problems">
    ${problems.map((problem, at) => {
      const active = state.problem?.[0] === where && state.problem[1] === at;
      const place = placed.some(([, , numbers]) => numbers.includes(at));
      const kind = BAD.has(problem.kind) ? "bad" : QUIET.has(problem.kind) ? "quiet" : "fair";
      const toggle = () => update({ problem: active ? null : [where, at] });
      return html`<li key=${at} class=${kind}>
        ${place
          ? html`<button type="button" class="place" aria-pressed=${String(active)} onClick=${toggle}><code>${problem.kind}</code> ${problem.message}</button>`
          : html`<code>${problem.kind}</code> ${problem.message}`}
        ${problem.raw && !place ? html`<pre class="exact quote">${exact(problem.raw)}</pre>` : null}
      </li>`;
    })}
  </ul>`;
}

// A completion in pieces: calls, content and reasoning told apart, the places of problems underlined.
export function Completion({ pieces, problems = [], where, label }) {
  // What became of a whole answer is no fault at a place in it.
  const faults = new Set(problems.flatMap(({ kind }, at) => (kind === "reask" || kind === "refused" ? [] : [at])));
  const active = state.problem?.[0] === where ? state.problem[1] : -1;
  return html`<pre class="exact completion" aria-label=${label} tabindex="0">${pieces.map(
    ([kind, text, numbers], at) => html`<span key=${at} class=${`piece ${kind}${numbers.some((at) => faults.has(at)) ? " told" : ""}${numbers.includes(active) ? " active" : ""}`}>${exact(text)}</span>`,
  )}</pre>`;
}
