// @ts-check
/**
 * A form without its behaviour, and its fields with their labels. `kolom-form.js` adds the behaviour.
 *
 * @module
 */

import { element, inLanguage } from "./kolom-element.js";

/**
 * @typedef {import("./kolom-element.js").KolomElement} Host
 * @typedef {{name: string, kind: "text" | "email" | "url" | "long" | "check", label: string, autocomplete?: string,
 *   isRequired?: boolean}} LabelledField
 */

export const FIELD_STYLES = `
.form { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); gap: 1em 1.25em; align-items: start; margin: 0; }
.field { min-inline-size: 0; }
.wide, .check { grid-column: 1 / -1; }
.field label { display: block; margin-block-end: .3em; font-weight: 600; }
.required::after { content: " *"; content: " *" / ""; }
.field :is(input, textarea) { display: block; inline-size: 100%; min-block-size: 2.75em; padding: .55em .7em; border: 1px solid var(--kolom-soft, currentColor); border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); font: inherit; }
.field :is(input, textarea):not([dir]) { unicode-bidi: plaintext; }
.field textarea { min-block-size: 7em; max-block-size: 32em; field-sizing: content; resize: vertical; overflow-wrap: anywhere; }
`;

/**
 * Returns a form without fields.
 *
 * @param {Host} host
 */
export function makeForm(host) {
  return element("form", { class: "form", part: "form", novalidate: "", ...inLanguage(host.language) });
}

/**
 * Returns the direction of a field. With `auto`, an empty field is left-to-right even in a right-to-left form, so there
 * the styles do the same for text only.
 *
 * @param {Host} host
 * @param {LabelledField} field
 */
function directionOf(host, { kind }) {
  if (kind === "email" || kind === "url") return "ltr";
  return kind !== "check" && host.direction === "ltr" ? "auto" : null;
}

/**
 * Returns the box of a field with its label and its input.
 *
 * @param {Host} host
 * @param {LabelledField} field
 * @param {string} id
 */
export function makeBox(host, field, id) {
  const { name, kind, label, isRequired = false, autocomplete = null } = field;
  const attributes = { id, name, part: "input", autocomplete, dir: directionOf(host, field) };
  const isCheck = kind === "check";
  const isLong = kind === "long";
  const input = isLong
    ? element("textarea", { rows: "5", ...attributes })
    : element("input", { type: isCheck ? "checkbox" : kind, ...attributes });
  if (isRequired) {
    input.required = true;
    input.setAttribute("aria-invalid", "false");
  }
  const text = element("label", { for: id, part: "label", class: isRequired ? "required" : null }, label);
  const box = element("div", { part: "field", class: isCheck ? "check" : isLong ? "field wide" : "field" });
  box.append(...(isCheck ? [input, text] : [text, input]));
  return box;
}
