// Small parts that several panels have.
import { html } from "./dom.js";
import { copy } from "./actions.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

// Tabs as the ARIA pattern has them: one stop of the Tab key, arrows between them.
export function Tabs({ label, tabs, chosen, choose, panel, more = "" }) {
  const onKeyDown = (event) => {
    const at = tabs.findIndex(([name]) => name === chosen);
    const step = STEPS[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step ? (at + step + tabs.length) % tabs.length : -1;
    if (next < 0) return;
    event.preventDefault();
    choose(tabs[next][0]);
    event.currentTarget.children[next]?.focus();
  };
  return html`<div role="tablist" aria-label=${label} class=${`tabs ${more}`} onKeyDown=${onKeyDown}>
    ${tabs.map(
      ([name, text, count]) => html`<button
        key=${name}
        type="button"
        role="tab"
        aria-selected=${String(name === chosen)}
        aria-controls=${panel}
        tabindex=${name === chosen ? 0 : -1}
        onClick=${() => choose(name)}
      >${text}${count ? html` <span class="count">${count}</span>` : null}</button>`,
    )}
  </div>`;
}

export const CopyButton = ({ text, name, label = "Copy" }) =>
  html`<button type="button" class="small" aria-label=${`Copy ${name}`} onClick=${() => copy(text, name)}>${label}</button>`;

export const Empty = ({ title, children }) => html`<div class="empty"><strong>${title}</strong><p>${children}</p></div>`;

export function Failure({ error, children }) {
  return html`<div class="failure" role="alert">
    <strong>${error.status >= 400 ? `Error ${error.status}` : "Error"}</strong>
    ${error.param ? html` at <code>${error.param}</code>` : null}
    <p>${error.message}</p>
    ${children ? html`<p class="hint">${children}</p>` : null}
  </div>`;
}

export const Select = ({ label, value, options, choose, id }) => html`<div class="field">
  <label for=${id}>${label}</label>
  <select id=${id} value=${value} onChange=${(event) => choose(event.currentTarget.value)}>
    ${options.map(([word, text]) => html`<option key=${word} value=${word} selected=${word === value}>${text}</option>`)}
  </select>
</div>`;
