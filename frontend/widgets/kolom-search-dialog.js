// @ts-check
/**
 * The dialog of `<kolom-search mode="dialog">`: results while typing, which the keyboard selects and opens.
 *
 * @module
 */

import { element, inLanguage } from "./kolom-element.js";
import { FIELD_LIMITS } from "./kolom-limits.js";
import { CROSS, LENS, icon, marked } from "./kolom-markup.js";

/**
 * @typedef {{slug: string, url: string, language: string, title_html: string, snippet_html: string}} Result
 * @typedef {import("./kolom-element.js").KolomElement & {
 *   fixedFilter: (name: "label" | "language") => string | null,
 *   articleLink: (slug: string, url: string) => string | null,
 *   searchUrl: (text: string) => string | null}} Host the element
 * @typedef {{items: Result[], total: number, total_is_exact: boolean, next_cursor: string | null, query: string}} ResultPage
 */

const STYLES = `
.dialog { inline-size: min(40rem, 100vw - 2rem); max-inline-size: none; --top: min(10vh, 6rem); max-block-size: min(40rem, 100dvh - var(--top) - 1rem); margin: var(--top) auto auto; padding: 0; border: 1px solid var(--kolom-line, #8886); border-radius: calc(var(--kolom-radius, 4px) * 2); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, var(--page-ink, inherit))); font-size: max(1em, 16px); font-weight: normal; line-height: 1.5; letter-spacing: normal; text-align: start; text-transform: none; white-space: normal; box-shadow: 0 1rem 4rem #0006; overflow: hidden; }
.dialog[open] { display: flex; flex-direction: column; }
.dialog::backdrop { background: #0008; }
.query { flex: none; display: flex; align-items: center; gap: .25rem; padding-inline: .9rem .4rem; border-block-end: 1px solid var(--kolom-line, #8886); }
.query .input { block-size: 3.25rem; padding: 0 .5rem; outline: none; }
.query button { flex: none; display: grid; place-items: center; inline-size: 2.75rem; block-size: 2.75rem; padding: 0; border-color: transparent; }
.results { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; scroll-padding-block: .5rem; }
.results:not(:empty) { padding: .5rem; }
.result { display: block; padding: .6rem .75rem; border-radius: var(--kolom-radius, 4px); color: inherit; text-decoration: none; overflow-wrap: anywhere; scroll-margin-block: .5rem; }
.result[aria-selected="true"] { background: var(--kolom-shade, #8882); color: var(--kolom-ink, var(--on-shade, inherit)); outline: 2px solid var(--kolom-focus, currentColor); outline-offset: -2px; }
.result strong { display: block; line-height: 1.35; }
.result span { display: -webkit-box; margin-block-start: .15em; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; font-size: .875em; }
.note { flex: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between; min-block-size: 2.75rem; padding: .5rem 1.25rem; border-block-start: 1px solid var(--kolom-line, #8886); font-size: .875em; }
.note p { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { .dialog { --top: 1rem; } }
`;

const DELAY_MS = 150;
const SHOWN = 8;
let dialogsMade = 0;

/** The dialog, which stays in the element's shadow tree. */
export class SearchDialog {
  #host;
  #id = (dialogsMade += 1);
  #input;
  #list;
  #closer = element("button", { type: "button", part: "button close" }, icon(CROSS));
  #status = element("p", { part: "status", role: "status" });
  #more = element("a", { part: "link", hidden: "" });
  #dialog;
  #colours;
  /** @type {HTMLAnchorElement[]} */
  #results = [];
  #active = -1;
  #timer = 0;
  /** @type {AbortController | null} */
  #searching = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    const list = `results-${this.#id}`;
    this.#list = element("div", { class: "results", part: "options", id: list, role: "listbox" });
    this.#input = element("input", {
      class: "input",
      part: "input",
      type: "search",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": list,
      "aria-expanded": "false",
      autocapitalize: "none",
      autocomplete: "off",
      autofocus: "",
      enterkeyhint: "search",
      maxlength: String(FIELD_LIMITS.q),
      spellcheck: "false",
    });
    const query = element("div", { class: "query" }, icon(LENS), this.#input, this.#closer);
    const note = element("div", { class: "note", part: "foot" }, this.#status, this.#more);
    this.#dialog = element("dialog", { class: "dialog", part: "dialog" }, query, this.#list, note);
    this.#closer.addEventListener("click", () => this.close());
    this.#input.addEventListener("input", () => this.#onInput());
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
    this.#dialog.addEventListener("close", () => this.#stop());
    this.#dialog.addEventListener("click", (event) => {
      const isLink = event.target instanceof Element && event.target.closest("a");
      const hasModifier = event.ctrlKey || event.metaKey || event.shiftKey;
      if (event.target === this.#dialog || (isLink && !hasModifier)) this.close();
    });
    this.#list.addEventListener("pointermove", ({ target }) => {
      const index = this.#results.findIndex((result) => target instanceof Node && result.contains(target));
      if (index >= 0 && index !== this.#active) this.#activate(index, false);
    });
    host.addStyles(STYLES);
    this.#colours = host.addStyles("");
    host.root.append(this.#dialog);
  }

  /** Opens the dialog with the last query, selected. */
  open() {
    if (this.#dialog.open) return;
    const name = this.#host.text("search.box");
    for (const node of [this.#dialog, this.#input, this.#list]) node.setAttribute("aria-label", name);
    this.#input.placeholder = name;
    this.#closer.setAttribute("aria-label", this.#host.text("form.cancel"));
    for (const [key, value] of Object.entries(inLanguage(this.#host.language))) this.#dialog.setAttribute(key, value);
    this.#usePageColours();
    this.#dialog.showModal();
    this.#input.focus();
    this.#input.select();
  }

  /** Uses the text colour of the page: the element may be in a header with the opposite colours. */
  #usePageColours() {
    const ink = this.#host.hasAttribute("theme") ? "currentcolor" : getComputedStyle(document.body).color;
    this.#colours.replaceSync(`.dialog { --page-ink: ${ink}; }`);
    const lightness = /^lab\(([\d.]+)/.exec(getComputedStyle(this.#dialog).backgroundColor)?.[1];
    if (lightness) this.#colours.insertRule(`.dialog { color-scheme: ${Number(lightness) > 50 ? "light" : "dark"}; }`);
  }

  /** Closes the dialog; the browser returns the focus to where it was. */
  close() {
    this.#dialog.close();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#searching?.abort();
    this.#searching = null;
  }

  #onInput() {
    this.#stop();
    const text = this.#input.value.trim();
    if (text) this.#timer = setTimeout(() => void this.#search(text), DELAY_MS);
    else this.#show([]);
  }

  /** @param {string} text */
  async #search(text) {
    const request = new AbortController();
    this.#searching = request;
    const host = this.#host;
    const query = new URLSearchParams({ q: text, limit: String(SHOWN) });
    for (const name of /** @type {const} */ (["label", "language"])) {
      const value = host.fixedFilter(name);
      if (value) query.set(name, value);
    }
    this.#status.textContent = host.text("search.loading");
    try {
      /** @type {ResultPage} */
      const page = await host.fetchJson(`/api/search?${query}`, { signal: request.signal });
      if (this.#searching !== request) return;
      this.#show(page.items);
      this.#showSummary(page);
    } catch {
      if (this.#searching !== request) return;
      this.#show([]);
      this.#status.textContent = host.text("search.failed");
    }
  }

  /** @param {Result[]} items */
  #show(items) {
    this.#results = items.map((item, index) =>
      element(
        "a",
        { class: "result", part: "option", role: "option", id: `result-${this.#id}-${index}`, tabindex: "-1", href: this.#host.articleLink(item.slug, item.url), ...inLanguage(item.language) },
        element("strong", {}, marked(item.title_html)),
        item.snippet_html ? element("span", {}, marked(item.snippet_html)) : null,
      ),
    );
    this.#list.replaceChildren(...this.#results);
    this.#list.scrollTop = 0;
    this.#input.setAttribute("aria-expanded", String(items.length > 0));
    this.#status.textContent = "";
    this.#more.hidden = true;
    this.#active = -1;
    this.#activate(items.length ? 0 : -1);
  }

  /** @param {ResultPage} page */
  #showSummary(page) {
    const host = this.#host;
    const query = `\u2068${page.query}\u2069`;
    const n = host.number(page.total);
    const part = { n: host.number(page.items.length), total: page.total_is_exact ? n : host.text("search.results.about", { n }), query };
    const found = page.next_cursor ? host.text("search.results.part", part) : host.count("search.results", page.items.length, { query });
    this.#status.textContent = page.items.length ? found : host.text("search.none", { query });
    const all = host.getAttribute("results") && page.next_cursor ? host.searchUrl(page.query) : null;
    this.#more.hidden = !all;
    if (all) this.#more.href = all;
    this.#more.textContent = host.text("search.next");
  }

  /**
   * @param {number} index of the result that Enter opens
   * @param {boolean} [mayScroll]
   */
  #activate(index, mayScroll = true) {
    this.#results[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const result = this.#results[index];
    result?.setAttribute("aria-selected", "true");
    if (mayScroll) result?.scrollIntoView({ block: "nearest" });
    if (result) this.#input.setAttribute("aria-activedescendant", result.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // The keys of the dialog are not those of the page.
    event.stopPropagation();
    if (event.isComposing) return;
    const { length } = this.#results;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k")) {
      event.preventDefault();
      this.close();
    } else if (event.target !== this.#input || event.altKey) {
      // Buttons and links have their own keys.
    } else if (step && length) {
      event.preventDefault();
      this.#activate((this.#active + step + length) % length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const { ctrlKey, metaKey, shiftKey } = event;
      this.#results[this.#active]?.dispatchEvent(
        new MouseEvent("click", { bubbles: true, cancelable: true, composed: true, ctrlKey, metaKey, shiftKey }),
      );
    }
  }
}
