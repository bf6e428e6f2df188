// The page: its head, the options, three panels; what keys do.
import { html, render } from "./dom.js";
import { onChange, state, update } from "./store.js";
import { begin, edit, list, resetOptions, run, setKey, setOption, setTheme, stop } from "./actions.js";
import { Left } from "./left.js";
import { Middle } from "./middle.js";
import { Right } from "./right.js";
import { Select, Tabs } from "./widgets.js";

const POLL = 2000; // milliseconds between two looks at the list, while the list is shown
const LABELS = { dialect: "Dialect", enforce: "Rung", profile: "Profile", native: "Native", examples: "Examples", server: "Server" };

const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function Head() {
  const dark = isDark();
  return html`<header>
    <h1>Playground</h1>
    <span class="quiet upstream">${state.start ? html`over <code>${state.start.upstream}</code>` : ""}</span>
    <span class="grow"></span>
    <span class="said" role="status" aria-live="polite">${state.said}</span>
    <button type="button" class="small" onClick=${() => update((now) => ({ asksKey: !now.asksKey }))} aria-expanded=${String(state.asksKey)}>Key</button>
    <button type="button" class="small" onClick=${() => setTheme(dark ? "light" : "dark")} aria-label=${dark ? "Light theme" : "Dark theme"}>${dark ? "Light" : "Dark"}</button>
  </header>`;
}

function KeyForm() {
  if (!state.asksKey) return null;
  const submit = (event) => {
    event.preventDefault();
    setKey(new FormData(event.currentTarget).get("key").trim());
  };
  return html`<form class="banner" onSubmit=${submit} aria-label="Key">
    <div class="field"><label for="key">Key of the gateway, or of the server behind it</label><input id="key" name="key" type="password" autocomplete="off" defaultValue=${state.key} /></div>
    <button type="submit">Use the key</button>
    <span class="quiet">It stays in this tab.</span>
  </form>`;
}

function Options() {
  const { start, draft } = state;
  if (!start) return null;
  const changed = Object.values(draft.options).some(Boolean);
  const own = (name) => start.own[name] ?? "none";
  return html`<div class="options" role="group" aria-label="Options">
    <div class="field model"><label for="model">Model</label>
      <input id="model" list="models" spellcheck=${false} autocomplete="off" placeholder="any name" value=${draft.model} onInput=${(event) => edit({ model: event.currentTarget.value })} />
      <datalist id="models">${state.models.map((name) => html`<option key=${name} value=${name} />`)}</datalist></div>
    ${Object.keys(LABELS).map(
      (name) => html`<${Select} key=${name} id=${name} label=${LABELS[name]} value=${draft.options[name]} choose=${(value) => setOption(name, value)}
        options=${[["", `${own(name)} (gateway)`], ...start.choices[name].map((word) => [word, word])]} />`,
    )}
    ${changed ? html`<button type="button" class="small reset" onClick=${resetOptions}>Reset options</button>` : null}
    ${state.modelsError ? html`<span class="warning" role="status">Upstream: ${state.modelsError}</span>` : null}
  </div>`;
}

function Page() {
  const panels = [["left", "Request"], ["middle", "Prompt"], ["right", "Answer"]];
  return html`<${Head} /><${KeyForm} />
    ${state.failure
      ? html`<div class="failure page" role="alert"><strong>No data from the gateway</strong><p>${state.failure}</p>
          <button type="button" onClick=${begin}>Try again</button></div>`
      : null}
    <${Options} />
    <${Tabs} label="Panels" more="narrow" tabs=${panels} chosen=${state.narrow} choose=${(narrow) => update({ narrow })} panel="panels" />
    <main id="panels" data-shown=${state.narrow}><${Left} /><${Middle} /><${Right} /></main>`;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  } else if (event.key === "Escape") stop();
});

const root = document.getElementById("app");
root.textContent = "";
onChange(() => render(html`<${Page} />`, root));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => update({}));
setInterval(() => {
  if (state.left === "requests" && !document.hidden && !state.asksKey) list();
}, POLL);
try {
  update({ key: sessionStorage.getItem("playground-key") ?? "" });
} catch {
  update({});
}
begin();
