// Preact with htm. No file here makes markup of a text: all texts of models and clients become text nodes.
import { h, render } from "./vendor/preact.mjs";
import htm from "./vendor/htm.mjs";

export const html = htm.bind(h);
export { render };
