// The state of the page: one object, replaced with every change; the page is drawn anew from it.
import { exampleDraft } from "./draft.js";

export let state = {
  start: null, // the gateway's words for options, its own values, its upstream
  failure: "", // why the gateway gave no data
  models: [],
  modelsError: "",
  key: "",
  asksKey: false, // the form for a key is shown
  draft: exampleDraft(),
  own: null, // the draft of before a request was opened
  preview: { data: null, error: null, busy: false },
  run: { state: "idle", rounds: [], answer: null, error: null },
  paste: { text: "", finish: "stop", result: null, error: null },
  opened: null, // a request of another client
  shown: 0, // which of its requests to upstream
  list: null,
  listError: "",
  whyNone: "", // why the gateway keeps no requests
  left: "conversation",
  right: "answer",
  narrow: "left", // the panel that a narrow screen shows
  marks: false,
  problem: null, // the problem whose place is shown: [where, number]
  said: "", // for screen readers, and beside buttons
};

let draw = () => {};
let waiting = false;

export function onChange(callback) {
  draw = callback;
}

export function update(patch) {
  state = { ...state, ...(typeof patch === "function" ? patch(state) : patch) };
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    draw();
  });
}
