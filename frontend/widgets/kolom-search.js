// @ts-check
/**
 * `<kolom-search>`: searches a blog from any page, with suggestions while typing.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-search.js"></script>
 *     <kolom-search api="https://blog.example">
 *       <form action="https://blog.example/search/" method="get" role="search">…</form>
 *     </kolom-search>
 *     <kolom-search results="/search/"></kolom-search>
 *
 * With `results` it is only a search box, which opens that URL with `?q=`. Without `results`, it shows the results
 * below the box, and keeps the search in the URL of the page (`q`, `label`, `language`, `from`, `to`, `sort`); a page
 * can have one such element. Its children (a plain form) are for readers without JavaScript, and are hidden when it
 * runs. With `mode="dialog"` it is a button that opens a dialog with results as you type, as do `/` and Ctrl+K (⌘K) outside
 * of fields. A child with `slot="results"`, with server-rendered results for the page's URL, stays until another search.
 *
 * `lang` of the nearest element selects the language of the interface. Style: see docs/embed.md for the custom
 * properties and parts. The box has the height `--kolom-search-height` (2.75rem) and the width of the element, and
 * before a search the element contains only the box. So replacing a plain form of that size shifts nothing.
 * `--kolom-paper` is the background of suggestions, `--kolom-mark` that of highlights; `::part(options)` may be wider
 * than the box.
 *
 * @module
 */

import { FIELD_LIMITS } from "./kolom-catalog.js";
import { ApiError, KolomElement, element, formatMessage, inLanguage, webUrl } from "./kolom-element.js";
import { FACET_STYLES, Facets, select } from "./kolom-facets.js";
import { CROSS, LENS, icon, marked } from "./kolom-markup.js";

/**
 * @typedef {{slug: string, url: string, labels: string[], language: string, published_at: string, title_html: string,
 *   snippet_html: string, matched_labels?: string[], sections?: {title_html: string, fragment: string}[]}} Result
 * @typedef {{query: string, items: Result[], total: number, total_is_exact: boolean, next_cursor: string | null,
 *   did_you_mean: string | null, relaxed: boolean, completed?: Record<string, string[]>,
 *   facets?: import("./kolom-facets.js").FacetCounts | null}} ResultPage
 * @typedef {{items: {slug: string, url: string, title_html: string}[], completions: string[]}} Suggestions
 * @typedef {"label" | "language" | "from" | "to" | "sort"} Filter
 */

const STYLES = `
.box { position: relative; display: flex; block-size: var(--kolom-search-height, 2.75rem); border: 1px solid var(--kolom-soft, currentColor); border-radius: var(--kolom-radius, 4px); }
.box:has(.input:focus-visible) { outline: 3px solid var(--kolom-focus, currentColor); outline-offset: 1px; }
.box:has(.input:focus-visible) .input { outline: none; }
.opener { display: inline-flex; gap: .6em; align-items: center; max-inline-size: 100%; min-block-size: var(--kolom-search-height, 2.75rem); padding: 0 .9em; font-weight: inherit; }
.opener span { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
kbd { flex: none; padding: .1em .45em; border: 1px solid var(--kolom-line, #8886); border-radius: var(--kolom-radius, 4px); color: var(--kolom-soft, inherit); font: inherit; font-size: .75em; white-space: nowrap; }
@media (pointer: coarse) { .opener kbd { display: none; } }
.input { flex: 1; min-inline-size: 0; margin: 0; padding: 0 .8em; border: 0; background: none; color: inherit; font: inherit; font-size: max(1em, 1rem); appearance: none; }
.input::placeholder { color: var(--kolom-soft, inherit); opacity: 1; }
.input::-webkit-search-cancel-button { display: none; }
.box button { flex: none; display: grid; place-items: center; inline-size: 2.75rem; padding: 0; border: 0; color: var(--kolom-soft, inherit); }
.box button:hover { color: var(--kolom-ink, inherit); }
svg { flex: none; inline-size: 1.25rem; block-size: 1.25rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.options { position: absolute; z-index: 10; inset-block-start: calc(100% + .4rem); inset-inline: -1px; max-block-size: min(28rem, 70vh); overflow-y: auto; overscroll-behavior: contain; padding-block: .375rem; border: 1px solid var(--kolom-line, currentColor); border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); box-shadow: 0 .5rem 1.75rem #0003; }
.caption { padding: .5rem .85rem .25rem; color: var(--kolom-soft, inherit); font-size: .8125em; font-weight: 600; }
[role="group"] + [role="group"] { margin-block-start: .375rem; padding-block-start: .25rem; border-block-start: 1px solid var(--kolom-line, #8886); }
.option { display: flex; gap: .65em; align-items: center; min-block-size: 2.75rem; padding: .4rem .85rem; color: inherit; line-height: 1.35; text-decoration: none; overflow-wrap: anywhere; }
.option svg { inline-size: 1rem; block-size: 1rem; color: var(--kolom-soft, inherit); }
.option:hover, .option[aria-selected="true"] { background: var(--kolom-shade, #8882); color: var(--kolom-ink, var(--on-shade, inherit)); }
.option[aria-selected="true"] { outline: 2px solid var(--kolom-focus, currentColor); outline-offset: -2px; }
.option span { flex: 1; min-inline-size: 0; }
mark { padding-inline: .1em; margin-inline: -.1em; border-radius: .15em; background: var(--kolom-mark, color-mix(in srgb, currentColor 12%, transparent)); color: var(--on-mark, inherit); }
.status:not(:empty), .meant { margin-block: .5em 0; overflow-wrap: anywhere; }
.meant button { padding: .25em .1em; border: 0; color: var(--kolom-accent, inherit); text-align: start; text-decoration: underline; text-underline-offset: .2em; }
.filters { margin-block-start: .25em; }
summary { inline-size: fit-content; padding-block: .7em; color: var(--kolom-soft, inherit); font-size: .875em; font-weight: 600; cursor: pointer; }
summary:hover { color: var(--kolom-ink, inherit); }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(10rem, 100%), 1fr)); gap: .9em 1em; align-items: end; padding-block: .25em 1em; }
.fields div { min-inline-size: 0; }
.fields label { display: block; margin-block-end: .3em; font-size: .875em; font-weight: 600; }
.field { inline-size: 100%; min-inline-size: 0; block-size: 2.75rem; padding: 0 .6em; border: 1px solid var(--kolom-soft, currentColor); border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); font: inherit; font-size: 1rem; }
.fields button { block-size: 2.75rem; padding: 0 .6em; }
.list { margin: 0; padding: 0; list-style: none; }
.list[aria-busy="true"] { opacity: .5; }
.list:not(:empty) { margin-block-start: 1em; border-block-start: 1px solid var(--kolom-line, #8886); }
.card { padding-block: 1.1em; }
.card + .card { border-block-start: 1px solid var(--kolom-line, #8886); }
.title { font-size: 1.2em; }
.title a { color: inherit; text-decoration: none; }
.title a:hover { text-decoration: underline; }
.snippet { margin: .35em 0 0; overflow-wrap: anywhere; }
.sections { display: flex; flex-direction: column; gap: .25em; align-items: start; margin: .5em 0 0; padding-inline: .9em 0; border-inline-start: 2px solid var(--kolom-line, #8886); list-style: none; font-size: .9375em; }
.sections a { display: block; padding-block: .15em; color: var(--kolom-accent, inherit); overflow-wrap: anywhere; text-decoration: none; }
.sections a:hover { text-decoration: underline; }
.foot:not(:empty) { margin-block-start: 1em; }
`;

const MAX_SHOWN = 80;
const DELAY_MS = 150;
const STALE_MS = 500;
const MIN_CHARACTERS = 2;

/** @type {Filter[]} */
const FILTERS = ["label", "language", "from", "to", "sort"];

/** @type {Record<Filter, import("./kolom-element.js").Key>} */
const FILTER_LABELS = {
  label: "search.label",
  language: "search.language",
  from: "search.from",
  to: "search.to",
  sort: "search.sort",
};

/**
 * A search with suggestions, filters and results, or a dialog with results.
 *
 * @tagname kolom-search
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {"dialog"} mode - Shows a button that opens a dialog
 * @attr {string} results - The URL that shows results; by default they are below the box
 * @attr {string} label - The label of the articles
 * @attr {string} search-language - The language of the articles
 * @attr {string} languages - The codes of languages to choose from, separated by spaces
 * @attr {number} limit - How many items are loaded at once
 * @attr {string} link - The URL of an article, with `{slug}` in place of its slug; by default the page of the article
 * @attr {1 | 2 | 3 | 4 | 5 | 6} heading - The level of the title
 * @attr {string} page-title - The title of the page after a search, with `{q}` in place of the query
 * @attr {"auto" | "light" | "dark"} theme - The theme; by default that of the page
 * @fires kolom-load - After each response; `detail` is the response
 * @fires kolom-error - After each failure; `detail` is the error
 * @csspart open
 * @csspart dialog
 * @csspart form
 * @csspart box
 * @csspart input
 * @csspart options
 * @csspart option
 * @csspart list
 * @csspart card
 * @csspart title
 * @csspart link
 * @csspart snippet
 * @csspart mark
 * @csspart foot
 * @csspart meta
 * @csspart status
 * @csspart button
 */
export class KolomSearch extends KolomElement {
  static observedAttributes = ["api", "mode", "results", "label", "search-language", "languages", "limit", "link", "heading"];

  #input = element("input", {
    class: "input",
    part: "input",
    type: "search",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": "options",
    "aria-expanded": "false",
    autocapitalize: "none",
    autocomplete: "off",
    enterkeyhint: "search",
    maxlength: String(FIELD_LIMITS.q),
    spellcheck: "false",
  });
  #clearer = element("button", { type: "button", part: "clear", hidden: "" }, icon(CROSS));
  #submitter = element("button", { type: "submit", part: "submit" }, icon(LENS));
  #options = element("div", { class: "options", part: "options", id: "options", role: "listbox", hidden: "" });
  #hint = element("p", { class: "unseen", role: "status" });
  #fields = {
    label: element("select", { class: "field", part: "field" }),
    language: element("select", { class: "field", part: "field" }),
    from: element("input", { class: "field", part: "field", type: "date" }),
    to: element("input", { class: "field", part: "field", type: "date" }),
    sort: element("select", { class: "field", part: "field" }),
  };
  #summary = element("summary", { part: "summary" }, "\u00a0");
  #reset = element("button", { type: "button", part: "button" });
  #filters = element("details", { class: "filters", part: "filters", hidden: "" }, this.#summary);
  #form = element("form", { part: "form", role: "search" });
  #correction = element("p", { class: "meant", part: "meant", hidden: "" });
  #serverRendered = element("slot", { name: "results" });
  #facets = new Facets(this, this.#fields, () => this.#submit());
  #list = element("ol", { class: "list", part: "list", role: "list" });
  #foot = element("div", { class: "foot", part: "foot" });
  /** The button of the dialog. */
  #opener = element("button", { type: "button", class: "opener", part: "button open", "aria-haspopup": "dialog", hidden: "" });
  /** @type {Promise<import("./kolom-search-dialog.js").SearchDialog> | null} */
  #dialog = null;

  /** @type {HTMLAnchorElement[]} the suggestions for the text `#suggested` */
  #suggestions = [];
  #suggested = "";
  #active = -1;
  #timer = 0;
  /** @type {AbortController | null} */
  #suggesting = null;
  /** @type {AbortController | null} */
  #searching = null;
  /** @type {string[] | null} */
  #labels = null;
  /** The search in the page's URL when it was last read. */
  #address = "";
  #hasCopiedPlainInput = false;

  constructor() {
    super(STYLES + FACET_STYLES);
    const fields = element("div", { class: "fields" });
    for (const name of FILTERS) {
      this.#fields[name].id = name;
      fields.append(element("div", {}, element("label", { for: name }), this.#fields[name]));
    }
    fields.append(this.#reset);
    this.#filters.append(fields);
    const box = element("div", { class: "box", part: "box" }, this.#input, this.#clearer, this.#submitter, this.#options);
    this.#form.append(box, this.#hint, this.#filters, this.status, this.#correction);
    this.root.append(this.#opener, this.#form, this.#facets.nav, this.#serverRendered, this.#list, this.#foot);

    this.#opener.addEventListener("click", () => void this.open());
    for (const sign of ["pointerenter", "focus"]) this.#opener.addEventListener(sign, () => void this.#loadDialog());
    this.#input.addEventListener("input", () => this.#onInput());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    box.addEventListener("focusout", (event) => {
      if (!(event.relatedTarget instanceof Node && box.contains(event.relatedTarget))) this.#close();
    });
    // Keep the focus in the box.
    this.#options.addEventListener("mousedown", (event) => event.preventDefault());
    this.#options.addEventListener("click", (event) => this.#onClick(event));
    this.#clearer.addEventListener("click", () => {
      this.#setText("");
      this.#input.focus();
      if (!this.#filters.hidden) this.#submit();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      this.#leaveBox();
    });
    this.#filters.addEventListener("change", () => this.#submit());
    this.#filters.addEventListener("toggle", () => void this.#loadLabels());
    this.#reset.addEventListener("click", () => {
      for (const name of FILTERS) this.#fields[name].value = "";
      this.#facets.moreLabels = [];
      this.#summary.focus();
      this.#submit();
    });
  }

  /** @override */
  start() {
    this.#copyPlainInput();
    // Before the messages are loaded, so that the results of the page do not move.
    if (this.#hasServerResults) this.#filters.hidden = false;
    window.addEventListener("popstate", this.#onPopState, { signal: this.lifetime });
    window.addEventListener("keydown", (event) => this.#onShortcut(event), { signal: this.lifetime });
  }

  /** @override */
  stop() {
    void this.#dialog?.then((dialog) => dialog.close());
    this.#close();
    this.#searching?.abort();
  }

  /** @param {FocusOptions} [options] @override */
  focus(options) {
    (this.#isDialog ? this.#opener : this.#input).focus(options);
  }

  get #isDialog() {
    return this.getAttribute("mode") === "dialog";
  }

  /** Opens the dialog of `mode="dialog"`. */
  async open() {
    const dialog = await this.#loadDialog();
    if (this.isConnected) dialog.open();
  }

  #loadDialog() {
    this.#dialog ??= import("./kolom-search-dialog.js").then(({ SearchDialog }) => new SearchDialog(this));
    // A module that could not be loaded is requested again.
    this.#dialog.catch(() => (this.#dialog = null));
    return this.#dialog;
  }

  /** @param {KeyboardEvent} event */
  #onShortcut(event) {
    if (!this.#isDialog || event.defaultPrevented || event.isComposing || event.altKey || event.shiftKey) return;
    const hasControl = event.ctrlKey || event.metaKey;
    if (hasControl ? event.key.toLowerCase() !== "k" : event.key !== "/") return;
    const [target] = event.composedPath();
    const isField = target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
    if (isField || document.querySelector(":modal")) return;
    event.preventDefault();
    void this.open();
  }

  /** Updates the element from its attributes and the page's URL. @override */
  async update() {
    this.#updateTexts();
    this.#form.hidden = this.#isDialog;
    this.#opener.hidden = !this.#isDialog;
    if (this.getAttribute("results") || this.#isDialog) {
      this.#clear();
    } else {
      this.#restore(false);
      if (this.#hasServerResults) {
        this.#filters.hidden = false;
        this.#updateFilterCount();
      } else await this.#search();
    }
  }

  /** Whether the page has the results, and this element shows them. */
  get #hasServerResults() {
    return !this.getAttribute("results") && this.#serverRendered.isConnected && this.querySelector("[slot]") !== null;
  }

  /** Sets the texts of the interface. */
  #updateTexts() {
    const name = this.text("search.box");
    for (const attribute of ["aria-label", "placeholder"]) this.#input.setAttribute(attribute, name);
    this.#form.setAttribute("aria-label", name);
    this.#options.setAttribute("aria-label", name);
    this.#clearer.setAttribute("aria-label", this.text("search.clear"));
    this.#submitter.setAttribute("aria-label", this.text("search"));
    const isApple = /mac|iphone|ipad/i.test(navigator.userAgent);
    const keys = element("kbd", { "aria-hidden": "true" }, isApple ? "⌘ K" : "Ctrl K");
    this.#opener.replaceChildren(icon(LENS), element("span", {}, this.text("search")), keys);
    this.#opener.setAttribute("aria-keyshortcuts", isApple ? "Meta+K /" : "Control+K /");
    this.#reset.textContent = this.text("search.reset");
    for (const filter of FILTERS) {
      const label = this.#fields[filter].labels?.[0];
      if (label) label.textContent = this.text(FILTER_LABELS[filter]);
      this.#fields[filter].parentElement?.toggleAttribute("hidden", this.fixedFilter(filter) !== null);
    }
    const codes = (this.getAttribute("languages") || "id en").split(/\s+/).filter(Boolean);
    this.#setOptions(this.#fields.label, ["", ...(this.#labels ?? [])], (label) => label || this.text("search.any_label"));
    this.#setOptions(this.#fields.language, ["", ...codes], (code) => (code ? this.languageName(code) : this.text("search.any")));
    this.#setOptions(this.#fields.sort, ["", "newest"], (order) => this.text(order ? "search.sort.newest" : "search.sort.relevance"));
    this.#updateFilterCount();
  }

  /**
   * @param {HTMLSelectElement} field
   * @param {string[]} values
   * @param {(value: string) => string} name
   */
  #setOptions(field, values, name) {
    const chosen = field.value;
    field.replaceChildren(...values.map((value) => new Option(name(value), value)));
    select(field, chosen, name);
  }

  /** Copies the text that was typed into the plain form before this element was loaded. */
  #copyPlainInput() {
    const plain = this.querySelector("input");
    if (this.#hasCopiedPlainInput || !plain) return;
    this.#hasCopiedPlainInput = true;
    this.#setText(plain.value);
    if (plain.matches(":focus")) this.#input.focus();
  }

  // ---- the box and its suggestions

  #onInput() {
    const text = this.#input.value;
    this.#clearer.hidden = !text;
    this.#stopSuggesting();
    if (!text.startsWith(this.#suggested) || text.trim().length < MIN_CHARACTERS) this.#clearSuggestions();
    this.#activate(-1);
    if (text.trim().length >= MIN_CHARACTERS) this.#timer = setTimeout(() => void this.#suggest(text), DELAY_MS);
  }

  /** @param {string} text */
  async #suggest(text) {
    this.#stopSuggesting();
    const request = new AbortController();
    this.#suggesting = request;
    // Until the response arrives, the shown suggestions are for an earlier text.
    const late = setTimeout(() => this.#clearSuggestions(), STALE_MS);
    try {
      /** @type {Suggestions} */
      const found = await this.fetchJson(`/api/search/suggest?${new URLSearchParams({ q: text })}`, { signal: request.signal });
      if (this.#suggesting === request) this.#show(found, text);
    } catch {
      // Suggestions are optional: the text can still be searched for.
      if (this.#suggesting === request) this.#clearSuggestions();
    } finally {
      clearTimeout(late);
    }
  }

  #stopSuggesting() {
    clearTimeout(this.#timer);
    this.#suggesting?.abort();
    this.#suggesting = null;
  }

  /**
   * @param {Suggestions} found
   * @param {string} text
   */
  #show(found, text) {
    this.#clearSuggestions();
    this.#suggested = text;
    const typed = text.trim().toLowerCase();
    const completions = found.completions
      .filter((each) => each.toLowerCase() !== typed)
      .map((each) => {
        const option = this.#option(this.searchUrl(each), icon(LENS), element("span", { dir: "auto" }, each));
        option.dataset.text = each;
        return option;
      });
    const articles = found.items.map((item) =>
      this.#option(this.articleLink(item.slug, item.url), element("span", { dir: "auto" }, marked(item.title_html))),
    );
    this.#suggestions = [...completions, ...articles];
    this.#suggestions.forEach((option, index) => option.setAttribute("id", `option-${index}`));
    for (const [key, group] of /** @type {const} */ ([["search.completions", completions], ["search.articles", articles]])) {
      if (!group.length) continue;
      const name = this.text(key);
      const caption = element("div", { class: "caption", part: "caption", "aria-hidden": "true" }, name);
      this.#options.append(element("div", { role: "group", "aria-label": name }, caption, ...group));
    }
    this.#open();
  }

  /**
   * Returns a link, so that it can also be opened in a new tab.
   *
   * @param {string | null} href
   * @param {...Node} children
   */
  #option(href, ...children) {
    const states = { role: "option", "aria-selected": "false", tabindex: "-1" };
    return element("a", { class: "option", part: "option", href, ...states }, ...children);
  }

  #open() {
    if (!this.#suggestions.length || this.root.activeElement !== this.#input) return;
    this.#options.hidden = false;
    this.#options.scrollTop = 0;
    this.#input.setAttribute("aria-expanded", "true");
    this.#hint.textContent = this.count("search.suggestions", this.#suggestions.length);
  }

  /** Closes the suggestions; the arrow keys open them again. */
  #close() {
    this.#stopSuggesting();
    this.#hide();
  }

  #hide() {
    this.#activate(-1);
    this.#options.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#hint.textContent = "";
  }

  #clearSuggestions() {
    this.#hide();
    this.#suggestions = [];
    this.#suggested = "";
    this.#options.replaceChildren();
  }

  /** @param {number} index of the suggestion that Enter selects; -1 is the box */
  #activate(index) {
    this.#suggestions[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#suggestions[index];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  /**
   * https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
   *
   * @param {KeyboardEvent} event
   */
  #onKey(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const isOpen = !this.#options.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (event.altKey && event.key === "ArrowUp") this.#close();
      else if (!this.#suggestions.length) this.#onInput();
      else {
        if (!isOpen) this.#open();
        const places = this.#suggestions.length + 1;
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (!event.altKey) this.#activate(((this.#active + 1 + step + places) % places) - 1);
      }
    } else if (event.key === "Enter") {
      const option = this.#suggestions[this.#active];
      if (!isOpen || !option) return;
      event.preventDefault();
      option.click();
    } else if (event.key === "Escape") {
      if (!isOpen && !this.#input.value) return;
      event.preventDefault();
      if (isOpen) this.#close();
      else this.#setText("");
    } else if (/^(ArrowLeft|ArrowRight|Home|End)$/.test(event.key)) {
      // The browser moves the cursor in the text.
      this.#activate(-1);
    }
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const option = this.#suggestions.find((each) => event.composedPath().includes(each));
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { text } = option.dataset;
    this.#close();
    if (text === undefined) return;
    this.#setText(text);
    if (this.getAttribute("results")) return;
    event.preventDefault();
    this.#submit();
    this.#leaveBox();
  }

  /** @param {string} text */
  #setText(text) {
    this.#input.value = text;
    this.#clearer.hidden = !text;
    this.#stopSuggesting();
    this.#clearSuggestions();
  }

  /** Hides the keyboard of a phone after a search, because it would cover the results. */
  #leaveBox() {
    if (matchMedia("(pointer: coarse)").matches && this.#input.value) this.#input.blur();
    else this.#input.focus({ preventScroll: true });
  }

  // ---- the search and the page's URL

  #submit() {
    this.#stopSuggesting();
    this.#clearSuggestions();
    const text = this.#input.value.trim();
    if (this.getAttribute("results")) {
      const address = this.searchUrl(text);
      if (text && address) location.assign(address);
      return;
    }
    const wanted = this.#currentSearch();
    if (String(wanted) !== String(this.#searchInUrl())) {
      const url = new URL(location.href);
      for (const name of ["cursor", ...this.#names]) url.searchParams.delete(name);
      for (const [name, value] of wanted) url.searchParams.append(name, value);
      history.pushState(null, "", url);
      this.#address = String(this.#searchInUrl());
    }
    void this.#search();
  }

  #onPopState = () => {
    if (this.getAttribute("results") || this.#isDialog || String(this.#searchInUrl()) === this.#address) return;
    this.#restore(true);
    void this.#search();
  };

  /**
   * Sets the box and the filters to the search in the page's URL.
   *
   * @param {boolean} mayClearText whether to clear the text if the URL has none
   */
  #restore(mayClearText) {
    const asked = this.#searchInUrl();
    this.#address = String(asked);
    if (mayClearText || asked.has("q")) this.#setText((asked.get("q") ?? "").slice(0, FIELD_LIMITS.q));
    const { language, from, to, sort } = this.#fields;
    this.#facets.labels = asked.getAll("label");
    select(language, asked.get("language") ?? "", (code) => this.languageName(code));
    from.value = (asked.get("from") ?? "").slice(0, 10);
    to.value = (asked.get("to") ?? "").slice(0, 10);
    sort.value = asked.get("sort") === "newest" ? "newest" : "";
  }

  /** Returns the search in the page's URL. */
  #searchInUrl() {
    const given = new URLSearchParams(location.search);
    const asked = new URLSearchParams();
    for (const name of this.#names) {
      const values = given.getAll(name).filter(Boolean);
      for (const value of name === "label" ? values : values.slice(0, 1)) asked.append(name, value);
    }
    return asked;
  }

  /** Returns the search in the box and the filters; empty without a text. */
  #currentSearch() {
    const wanted = new URLSearchParams();
    const text = this.#input.value.trim();
    if (!text) return wanted;
    wanted.set("q", text);
    for (const name of FILTERS) {
      const { value } = this.#fields[name];
      if (this.fixedFilter(name) !== null) continue;
      for (const each of name === "label" ? this.#facets.labels : [value]) {
        if (each) wanted.append(name, each);
      }
    }
    return wanted;
  }

  /** @param {string | null} cursor the position where the list continues */
  async #search(cursor = null) {
    this.#searching?.abort();
    this.#updateFilterCount();
    const wanted = this.#currentSearch();
    if (!wanted.has("q")) {
      this.#clear();
      return;
    }
    this.#filters.hidden = false;
    const titled = this.getAttribute("page-title");
    if (titled) document.title = formatMessage(titled, { q: shortened(this.#input.value.trim()) });
    const { from, to } = this.#fields;
    if (from.value && to.value && from.value > to.value) {
      this.#removeResults();
      this.announce(this.text("search.error.from"), "problem");
      return;
    }
    const request = new AbortController();
    this.#searching = request;
    this.#list.setAttribute("aria-busy", "true");
    for (const button of this.#foot.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    this.announce(this.text("search.loading"));
    try {
      /** @type {ResultPage} */
      const page = await this.fetchJson(`/api/search?${this.#query(wanted, cursor)}`, { signal: request.signal });
      if (this.#searching === request) this.#showPage(page, cursor !== null);
    } catch (error) {
      if (this.#searching === request) this.#showError(error, cursor);
    } finally {
      if (this.#searching === request) this.#list.removeAttribute("aria-busy");
    }
  }

  /**
   * @param {URLSearchParams} wanted
   * @param {string | null} cursor
   */
  #query(wanted, cursor) {
    const query = new URLSearchParams(wanted);
    for (const name of FILTERS) {
      const value = this.fixedFilter(name);
      if (value !== null) query.set(name, value);
    }
    // Going back to the page restores as many results as were shown.
    const before = cursor ? 0 : Number(history.state?.kolomShown) || 0;
    const limit = Math.min(100, Math.max(Number(this.getAttribute("limit")) || 0, before));
    if (limit > 0) query.set("limit", String(limit));
    if (cursor) query.set("cursor", cursor);
    return query;
  }

  /**
   * @param {ResultPage} page
   * @param {boolean} isMore whether it continues the shown results
   */
  #showPage(page, isMore) {
    const hadFocus = this.#foot.contains(this.root.activeElement);
    const first = isMore ? this.#list.children.length : 0;
    if (!isMore) {
      const hadFacetFocus = this.#facets.nav.contains(this.root.activeElement);
      this.#removeResults();
      this.#facets.show(page.facets, page.total);
      if (hadFacetFocus) (this.#facets.nav.querySelector("button") ?? this.#input).focus({ preventScroll: true });
    }
    this.#foot.replaceChildren();
    this.#list.append(...page.items.map((item) => this.#result(item)));
    const shown = this.#list.children.length;
    if (isMore) history.replaceState({ ...history.state, kolomShown: shown }, "");
    this.announce(this.#resultSummary(page, shown));
    const meant = page.did_you_mean;
    if (meant && !isMore) {
      const button = element("button", { type: "button", part: "meant-button", dir: "auto" }, meant);
      button.addEventListener("click", () => {
        this.#setText(meant);
        this.#submit();
        this.#leaveBox();
      });
      this.#correction.replaceChildren(this.text("search.did_you_mean"), " ", button);
      this.#correction.hidden = false;
    }
    const next = page.next_cursor;
    if (next) this.#foot.append(this.button(this.text("search.next"), () => this.#search(next)));
    // The focus moves to the first new result.
    if (hadFocus) (this.#list.children[first]?.querySelector("a") ?? this.#input).focus();
  }

  /**
   * Returns a text about the number of results.
   *
   * @param {ResultPage} page
   * @param {number} shown
   */
  #resultSummary(page, shown) {
    // Isolated, because the query may be in the other direction.
    const query = `\u2068${shortened(page.did_you_mean ?? page.query)}\u2069`;
    if (!shown) return `${this.text("search.none", { query })} ${this.text("search.none.hint")}`;
    const n = this.number(page.total);
    const total = page.total_is_exact ? n : this.text("search.results.about", { n });
    const isAll = !page.next_cursor && shown === page.total;
    const found = isAll
      ? this.count("search.results", shown, { query })
      : this.text("search.results.part", { n: this.number(shown), total, query });
    const notes = Object.entries(page.completed ?? {}).map(([word, forms]) =>
      this.text("search.completed", { word: `\u2068${word}\u2069`, words: forms.join(", ") }),
    );
    if (page.relaxed) notes.unshift(this.text("search.relaxed"));
    return [notes.length ? `${found}.` : found, ...notes].join(" ");
  }

  /**
   * @param {unknown} error
   * @param {string | null} cursor
   */
  #showError(error, cursor) {
    const hadFocus = this.#foot.contains(this.root.activeElement);
    if (!cursor) this.#removeResults();
    this.announceFailure("search.failed", error);
    // A rejected cursor never becomes valid.
    const next = error instanceof ApiError && error.status === 400 ? null : cursor;
    const button = this.retryButton(() => this.#search(next));
    this.#foot.replaceChildren(button);
    if (hadFocus) button.focus();
  }

  /** Removes the results when there is no search. */
  #clear() {
    this.#searching?.abort();
    this.#searching = null;
    this.#list.removeAttribute("aria-busy");
    this.#removeResults();
    this.#filters.hidden = true;
    this.announce("");
  }

  #removeResults() {
    this.#serverRendered.remove();
    this.#list.replaceChildren();
    this.#facets.clear();
    this.#correction.hidden = true;
    this.#correction.replaceChildren();
    this.#foot.replaceChildren();
  }

  /** @param {Result} item */
  #result(item) {
    const title = element("a", { href: this.articleLink(item.slug, item.url), part: "link" }, marked(item.title_html));
    return element(
      "li",
      { class: "card", part: "card" },
      element(
        "div",
        inLanguage(item.language),
        element(
          "p",
          { class: "meta", part: "meta", ...inLanguage(this.language) },
          this.day(item.published_at),
          item.labels.length ? element("span", {}, ...labelNodes(item)) : null,
        ),
        this.heading(0, { class: "title", part: "title" }, title),
        item.snippet_html ? element("p", { class: "snippet", part: "snippet" }, marked(item.snippet_html)) : null,
        this.#sections(item),
      ),
    );
  }

  /**
   * Returns links to the best sections of an article. With `link`, the page may show the article without them.
   *
   * @param {Result} item
   */
  #sections({ slug, url, sections = [] }) {
    if (!sections.length || this.getAttribute("link")) return null;
    const links = sections.map(({ title_html, fragment }) =>
      element("li", {}, element("a", { href: `${this.articleLink(slug, url)}#${fragment}`, part: "section" }, marked(title_html))),
    );
    return element("ul", { class: "sections", part: "sections", role: "list", "aria-label": this.text("search.sections") }, ...links);
  }

  // ---- filters

  /** Shows the number of active filters. */
  #updateFilterCount() {
    const used = FILTERS.filter((name) => this.#fields[name].value && this.fixedFilter(name) === null);
    const number = used.length + (this.fixedFilter("label") === null ? this.#facets.moreLabels.length : 0);
    this.#summary.textContent = this.text("search.filters") + (number ? ` (${this.number(number)})` : "");
    this.#reset.hidden = !number;
  }

  /** Loads the labels when the filters are opened for the first time. */
  async #loadLabels() {
    if (!this.#filters.open || this.#labels) return;
    try {
      /** @type {{items: {label: string}[]}} */
      const { items } = await this.fetchJson("/api/labels");
      this.#labels = items.map(({ label }) => label);
      this.#updateTexts();
    } catch {
      // The next opening tries again.
    }
  }

  /**
   * Returns the value of a filter that an attribute sets.
   *
   * @param {Filter} name
   */
  fixedFilter(name) {
    if (name === "label") return this.getAttribute("label") || null;
    return (name === "language" && this.getAttribute("search-language")) || null;
  }

  get #names() {
    return ["q", ...FILTERS.filter((name) => this.fixedFilter(name) === null)];
  }

  /** @param {string} code */
  languageName(code) {
    try {
      const name = new Intl.DisplayNames(this.language, { type: "language" }).of(code) ?? code;
      return name.charAt(0).toLocaleUpperCase(this.language) + name.slice(1);
    } catch {
      return code;
    }
  }

  // ---- URLs

  /**
   * Returns the URL of a search.
   *
   * @param {string} text
   */
  searchUrl(text) {
    const results = webUrl(this.getAttribute("results") || location.href, document.baseURI);
    if (!results) return null;
    const url = new URL(results);
    url.searchParams.set("q", text);
    url.searchParams.delete("cursor");
    if (this.getAttribute("results")) {
      for (const name of FILTERS) {
        const value = this.fixedFilter(name);
        if (value !== null) url.searchParams.set(name, value);
      }
    }
    return url.href;
  }

  /**
   * @param {string} slug
   * @param {string | null} url the article's page on the blog, if known; otherwise the slug is used
   */
  articleLink(slug, url) {
    const pattern = this.getAttribute("link");
    const name = encodeURIComponent(slug);
    if (pattern) return webUrl(pattern.replaceAll("{slug}", name), document.baseURI);
    return webUrl(url ?? `/${name}/`, this.api);
  }
}

/**
 * Returns the labels of a result; those that match the search are marked.
 *
 * @param {Result} item
 * @returns {Node[]}
 */
function labelNodes({ labels, matched_labels = [] }) {
  return labels.flatMap((label, index) => [
    document.createTextNode(index ? ", " : ""),
    matched_labels.includes(label) ? element("mark", { part: "mark" }, label) : document.createTextNode(label),
  ]);
}

/**
 * Returns a query for titles and messages, truncated if it is long.
 *
 * @param {string} query
 */
function shortened(query) {
  const characters = [...query];
  return characters.length <= MAX_SHOWN ? query : `${characters.slice(0, MAX_SHOWN - 1).join("").trimEnd()}…`;
}

if (!customElements.get("kolom-search")) customElements.define("kolom-search", KolomSearch);
