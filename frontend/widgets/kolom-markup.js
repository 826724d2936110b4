// @ts-check
/**
 * Icons, and the titles and snippets of search results.
 *
 * @module
 */

import { element } from "./kolom-element.js";

export const LENS = "M15.5 15.5 21 21M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z";
export const CROSS = "m6 6 12 12M18 6 6 18";

/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", "#x27": "'" };

/**
 * Returns nodes for HTML in which only `<mark>` is markup. All other markup stays text.
 *
 * @param {string} html
 */
export function marked(html) {
  const nodes = html.split(/<mark>(.*?)<\/mark>/s).map((piece, index) => {
    const text = piece.replace(/&(\w+|#39|#x27);/g, (entity, name) => ENTITIES[name] ?? entity);
    return index % 2 ? element("mark", { part: "mark" }, text) : document.createTextNode(text);
  });
  const fragment = document.createDocumentFragment();
  fragment.append(...nodes);
  return fragment;
}

/** @param {string} path */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
