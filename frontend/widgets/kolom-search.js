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

import { KolomElement, element, webUrl } from "./kolom-element.js";
import { FIELD_LIMITS } from "./kolom-limits.js";
import { CROSS, LENS, icon, marked } from "./kolom-markup.js";
import { LANGUAGES } from "./kolom-search-catalog.js";

/**
 * @typedef {{items: {slug: string, url: string, title_html: string}[], completions: string[]}} Suggestions
 * @typedef {import("./kolom-search-results.js").Filter} Filter
 * @typedef {import("./kolom-search-results.js").SearchResults} SearchResults
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
.status:not(:empty) { margin-block: .5em 0; overflow-wrap: anywhere; }
.filters { margin-block-start: .25em; }
summary { inline-size: fit-content; padding-block: .7em; color: var(--kolom-soft, inherit); font-size: .875em; font-weight: 600; cursor: pointer; }
`;

const DELAY_MS = 150;
const STALE_MS = 500;
const MIN_CHARACTERS = 2;
const FIXED_FILTERS = /** @type {const} */ (["label", "language"]);

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
  summary = element("summary", { part: "summary" }, "\u00a0");
  filters = element("details", { class: "filters", part: "filters", hidden: "" }, this.summary);
  searchForm = element("form", { part: "form", role: "search" });
  serverRendered = element("slot", { name: "results" });
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
  #hasCopiedPlainInput = false;
  /** @type {SearchResults | null} */
  #shown = null;

  constructor() {
    super(STYLES, LANGUAGES);
    const box = element("div", { class: "box", part: "box" }, this.#input, this.#clearer, this.#submitter, this.#options);
    this.searchForm.append(box, this.#hint, this.filters, this.status);
    this.root.append(this.#opener, this.searchForm, this.serverRendered);

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
      this.setQuery("");
      this.#input.focus();
      if (!this.filters.hidden) this.#submit();
    });
    this.searchForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
      this.leaveBox();
    });
  }

  /** @override */
  start() {
    this.#copyPlainInput();
    // Before the messages are loaded, so that the results of the page do not move.
    if (this.hasServerResults) this.filters.hidden = false;
    const onPopState = () => {
      if (this.#showsResults) this.#shown?.onPopState();
    };
    window.addEventListener("popstate", onPopState, { signal: this.lifetime });
    window.addEventListener("keydown", (event) => this.#onShortcut(event), { signal: this.lifetime });
  }

  /** @override */
  stop() {
    void this.#dialog?.then((dialog) => dialog.close());
    this.#close();
    this.#shown?.stop();
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
    try {
      const dialog = await this.#loadDialog();
      if (this.isConnected) dialog.open();
    } catch (error) {
      this.#failToLoad(error);
    }
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
    this.searchForm.hidden = this.#isDialog;
    this.#opener.hidden = !this.#isDialog;
    if (!this.#showsResults) {
      this.#shown?.clear();
      this.filters.hidden = true;
      return;
    }
    // At once, because the reader may type while the module is loaded.
    this.restoreText();
    try {
      const results = await this.#loadResults();
      if (this.#showsResults) await results.update();
    } catch (error) {
      this.#failToLoad(error);
    }
  }

  /** @override */
  prepare() {
    if (this.#showsResults) this.#loadResults().catch(() => {}); // handled by `update`
  }

  /** Whether results are shown below the box. */
  get #showsResults() {
    return !this.getAttribute("results") && !this.#isDialog;
  }

  async #loadResults() {
    // At once, so that the second module need not wait for the first one.
    const [{ SearchResults }] = await Promise.all([import("./kolom-search-results.js"), import("./kolom-facets.js")]);
    this.#shown ??= new SearchResults(this);
    return this.#shown;
  }

  /** Whether the page has the results, and this element shows them. */
  get hasServerResults() {
    return !this.getAttribute("results") && this.serverRendered.isConnected && this.querySelector("[slot]") !== null;
  }

  /** Sets the texts of the interface. */
  #updateTexts() {
    const name = this.text("search.box");
    for (const attribute of ["aria-label", "placeholder"]) this.#input.setAttribute(attribute, name);
    this.searchForm.setAttribute("aria-label", name);
    this.#options.setAttribute("aria-label", name);
    this.#clearer.setAttribute("aria-label", this.text("search.clear"));
    this.#submitter.setAttribute("aria-label", this.text("search"));
    const isApple = /mac|iphone|ipad/i.test(navigator.userAgent);
    const keys = element("kbd", { "aria-hidden": "true" }, isApple ? "⌘ K" : "Ctrl K");
    this.#opener.replaceChildren(icon(LENS), element("span", {}, this.text("search")), keys);
    this.#opener.setAttribute("aria-keyshortcuts", isApple ? "Meta+K /" : "Control+K /");
  }

  /** Copies the text that was typed into the plain form before this element was loaded. */
  #copyPlainInput() {
    const plain = this.querySelector("input");
    if (this.#hasCopiedPlainInput || !plain) return;
    this.#hasCopiedPlainInput = true;
    this.setQuery(plain.value);
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
      else this.setQuery("");
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
    this.setQuery(text);
    if (this.getAttribute("results")) return;
    event.preventDefault();
    this.#submit();
    this.leaveBox();
  }

  /** The text in the box. */
  get query() {
    return this.#input.value.trim();
  }

  /** @param {string} text */
  setQuery(text) {
    this.#input.value = text;
    this.#clearer.hidden = !text;
    this.#stopSuggesting();
    this.#clearSuggestions();
  }

  /**
   * Sets the box to the text in the page's URL.
   *
   * @param {boolean} [mayClear] whether to clear it if the URL has none
   */
  restoreText(mayClear = false) {
    const text = new URLSearchParams(location.search).getAll("q").find(Boolean) ?? "";
    if (mayClear || text) this.setQuery(text.slice(0, FIELD_LIMITS.q));
  }

  /** Hides the keyboard of a phone after a search, because it would cover the results. */
  leaveBox() {
    if (matchMedia("(pointer: coarse)").matches && this.#input.value) this.#input.blur();
    else this.#input.focus({ preventScroll: true });
  }

  #submit() {
    this.#stopSuggesting();
    this.#clearSuggestions();
    const text = this.query;
    if (this.getAttribute("results")) {
      const address = this.searchUrl(text);
      if (text && address) location.assign(address);
      return;
    }
    this.#loadResults().then(
      (results) => results.submit(),
      (error) => this.#failToLoad(error),
    );
  }

  /** @param {unknown} error why a module could not be loaded */
  #failToLoad(error) {
    this.announceFailure("search.failed", error);
    this.emit("kolom-error", error);
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
      for (const name of FIXED_FILTERS) {
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
    return webUrl(url ?? `/${name}/`, this.origin);
  }
}

if (!customElements.get("kolom-search")) customElements.define("kolom-search", KolomSearch);
