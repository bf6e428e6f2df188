// Exact texts: always as text nodes; on demand with their white space, special tokens and hidden signs shown.
import { html } from "./dom.js";
import { state } from "./store.js";

const SPECIAL = /(<\|[^|<>\n]{1,60}\|>|<\uFF5C[^\uFF5C<>\n]{1,60}\uFF5C>|<\/?(?:tool_call|tool_response|tools|think|function|parameter|arg_key|arg_value|s)\b[^<>\n]{0,60}>|\[\/?[A-Z_]{3,30}\])/;
// Signs that no eye sees, or that turn the direction of a line.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]/g;
const code = (sign) => `‹U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;

const visible = (text) => text.replace(HIDDEN, code).replaceAll(" ", "·\u200b").replaceAll("\t", "→\t").replaceAll("\n", "↵\n");

export function exact(text) {
  if (!state.marks) return text;
  return text.split(SPECIAL).map((piece, position) => (position % 2 ? html`<span class="special">${visible(piece)}</span>` : visible(piece)));
}

export const seconds = (value) => (value < 0.995 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`);

export function pretty(json) {
  try {
    const value = JSON.parse(json);
    const short = JSON.stringify(value);
    return short.length > 60 ? JSON.stringify(value, null, 2) : json;
  } catch {
    return json;
  }
}
