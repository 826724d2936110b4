// @ts-check
/**
 * The preview of a comment's Markdown. Forms load this module when the preview is opened.
 *
 * @module
 */

import { element } from "./kolom-element.js";

const ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])\s+/;
const INLINE = /`([^`]+)`|!?\[([^\]\n]*)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>]+[^\s<>.,;:!?)'"])|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\b_([^_\n]+)_\b|\n/;

/** The preview of a form's long field, in a panel that a button opens and closes. */
export class Preview {
  #form;
  #panel;
  #button;
  #title;

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} panel
   * @param {HTMLButtonElement} button
   * @param {string} title
   */
  constructor(form, panel, button, title) {
    this.#form = form;
    this.#panel = panel;
    this.#button = button;
    this.#title = title;
    form.addEventListener("input", () => this.#draw());
  }

  toggle() {
    this.#show(this.#panel.hidden === true);
  }

  close() {
    this.#show(false);
  }

  /** @param {boolean} isOpen */
  #show(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
    this.#draw();
  }

  #draw() {
    if (this.#panel.hidden) return;
    const text = this.#form.querySelector("textarea")?.value ?? "";
    this.#panel.replaceChildren(element("p", { class: "meta" }, this.#title), renderMarkdown(text));
  }
}

/**
 * Renders a preview of a comment's Markdown, similar to the API's. It creates nodes, so no text becomes markup.
 *
 * @param {string} text
 * @param {number} [depth]
 */
export function renderMarkdown(text, depth = 0) {
  const made = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  /** @param {RegExp} pattern */
  const takeWhile = (pattern) => {
    const taken = [];
    while (pattern.test(lines[0] ?? "")) taken.push(lines.shift() ?? "");
    return taken;
  };
  while (lines.length) {
    const line = lines[0] ?? "";
    const fence = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (!line.trim()) {
      lines.shift();
    } else if (fence) {
      lines.shift();
      const end = lines.findIndex((each) => each.trim().startsWith(fence));
      const code = lines.splice(0, end < 0 ? lines.length : end + 1);
      made.append(element("pre", {}, element("code", {}, (end < 0 ? code : code.slice(0, -1)).join("\n"))));
    } else if (/^ {0,3}>/.test(line) && depth < 9) {
      const quoted = takeWhile(/^ {0,3}>/).map((each) => each.replace(/^ {0,3}> ?/, ""));
      made.append(element("blockquote", {}, renderMarkdown(quoted.join("\n"), depth + 1)));
    } else if (ITEM.test(line)) {
      const isNumbered = /^ {0,3}\d/.test(line);
      const items = takeWhile(ITEM).map((each) => element("li", {}, ...renderLine(each.replace(ITEM, ""))));
      made.append(element(isNumbered ? "ol" : "ul", {}, ...items));
    } else {
      const paragraph = [lines.shift() ?? "", ...takeWhile(/^(?! {0,3}(>|```|~~~|[-*+] ))\s*\S/)];
      made.append(element("p", {}, ...renderLine(paragraph.join("\n"))));
    }
  }
  return made;
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function renderLine(text) {
  const made = [];
  for (let rest = text; rest; ) {
    const found = INLINE.exec(rest);
    if (!found) return [...made, rest];
    const [all, code, label, address, bare, strong, ...emphasised] = found;
    const href = address ?? bare;
    const emphasis = emphasised[0] ?? emphasised[1];
    made.push(rest.slice(0, found.index));
    if (code) made.push(element("code", {}, code));
    else if (href) made.push(element("a", { href, rel: "nofollow ugc noopener" }, label || href));
    else if (strong) made.push(element("strong", {}, ...renderLine(strong)));
    else if (emphasis) made.push(element("em", {}, ...renderLine(emphasis)));
    else made.push(element("br", {}));
    rest = rest.slice(found.index + all.length);
  }
  return made;
}
