"""Questions to a page that every page must answer alike: contrast, names, width. Each is JavaScript for `evaluate`."""

from __future__ import annotations

# Texts on their ground: the ratio of WCAG, opacity and half-transparent grounds counted.
CONTRAST = """() => {
  const parse = (text) => { const found = text.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  const light = (colour) => { const [r, g, b] = colour.slice(0, 3).map((part) => { part /= 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const faults = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest("datalist, option")) continue;
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(at);
    let ground = [255, 255, 255, 1], opacity = 1;
    for (const one of chain) { const style = getComputedStyle(one); ground = over(parse(style.backgroundColor), ground); opacity *= Number(style.opacity); }
    const own = parse(getComputedStyle(element).color);
    const text = over([own[0], own[1], own[2], own[3] * opacity], ground);
    const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    seen += 1;
    if (ratio < 4.5) faults.push(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return { seen, faults };
}"""
# Controls without a name for screen readers, references that lead nowhere, ids that stand twice.
NAMELESS = """() => {
  const faults = [];
  const shown = [...document.querySelectorAll("button, input, select, textarea, [role=tab], [role=tabpanel], [role=group], section, article")].filter((one) => one.checkVisibility());
  for (const one of shown) {
    const label = one.getAttribute("aria-label") || [...(one.labels ?? [])].map((label) => label.textContent).join(" ") || (one.matches("button") ? one.textContent : "");
    if (!label.trim()) faults.push(`no name: ${one.outerHTML.slice(0, 80)}`);
    const controls = one.getAttribute("aria-controls");
    if (controls && !document.getElementById(controls)) faults.push(`leads nowhere: ${controls}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice: ${id}`);
  if (document.querySelectorAll("main").length !== 1 || document.querySelectorAll("h1").length !== 1) faults.push("main or h1");
  return faults;
}"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
