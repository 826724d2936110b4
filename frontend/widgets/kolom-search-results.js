// @ts-check
/**
 * The results of `<kolom-search>` with its filters, and the search in the page's URL. It is loaded where results are shown.
 *
 * @module
 */

import { ApiError, element, formatMessage, inLanguage } from "./kolom-element.js";
import { FACET_STYLES, Facets, languageName, select } from "./kolom-facets.js";
import { marked } from "./kolom-markup.js";

/**
 * @typedef {import("./kolom-search.js").KolomSearch} Host
 * @typedef {{slug: string, url: string, labels: string[], language: string, published_at: string, title_html: string,
 *   snippet_html: string, matched_labels?: string[], sections?: {title_html: string, fragment: string}[]}} Result
 * @typedef {{query: string, items: Result[], total: number, total_is_exact: boolean, next_cursor: string | null,
 *   did_you_mean: string | null, relaxed: boolean, completed?: Record<string, string[]>,
 *   facets?: import("./kolom-facets.js").FacetCounts | null}} ResultPage
 * @typedef {"label" | "language" | "from" | "to" | "sort"} Filter
 * @typedef {import("./kolom-element.js").Key} Key
 */

const STYLES = `
.meant { margin-block: .5em 0; overflow-wrap: anywhere; }
.meant button { padding: .25em .1em; border: 0; color: var(--kolom-accent, inherit); text-align: start; text-decoration: underline; text-underline-offset: .2em; }
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

/** @type {Filter[]} */
const FILTERS = ["label", "language", "from", "to", "sort"];

/** @type {Record<Filter, Key>} */
const FILTER_LABELS = {
  label: "search.label",
  language: "search.language",
  from: "search.from",
  to: "search.to",
  sort: "search.sort",
};

/** The messages of the orders; the empty one is the default. @type {Record<string, Key>} */
const ORDERS = { "": "search.sort.relevance", newest: "search.sort.newest", oldest: "search.sort.oldest" };

/** The results and filters, in the shadow tree of the element. */
export class SearchResults {
  #host;
  #fields = {
    label: element("select", { class: "field", part: "field" }),
    language: element("select", { class: "field", part: "field" }),
    from: element("input", { class: "field", part: "field", type: "date" }),
    to: element("input", { class: "field", part: "field", type: "date" }),
    sort: element("select", { class: "field", part: "field" }),
  };
  #reset = element("button", { type: "button", part: "button" });
  #correction = element("p", { class: "meant", part: "meant", hidden: "" });
  #facets;
  #list = element("ol", { class: "list", part: "list", role: "list" });
  #foot = element("div", { class: "foot", part: "foot" });
  /** @type {AbortController | null} */
  #searching = null;
  /** The labels of a blog. @type {{origin: string, names: string[]} | null} */
  #labels = null;
  /** The search in the page's URL when it was last read. */
  #address = "";

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#facets = new Facets(host, this.#fields, () => this.submit());
    host.addStyles(STYLES + FACET_STYLES);
    const fields = element("div", { class: "fields" });
    for (const name of FILTERS) {
      this.#fields[name].id = name;
      fields.append(element("div", {}, element("label", { for: name }), this.#fields[name]));
    }
    fields.append(this.#reset);
    host.filters.append(fields);
    host.searchForm.append(this.#correction);
    host.serverRendered.before(this.#facets.nav);
    host.root.append(this.#list, this.#foot);
    host.filters.addEventListener("change", () => this.submit());
    host.filters.addEventListener("toggle", () => void this.#loadLabels());
    this.#reset.addEventListener("click", () => {
      for (const name of FILTERS) this.#fields[name].value = "";
      this.#facets.moreLabels = [];
      host.summary.focus();
      this.submit();
    });
  }

  /** Ends the requests. */
  stop() {
    this.#searching?.abort();
  }

  /** Shows the search of the page's URL, unless the page has its results. */
  async update() {
    this.#updateTexts();
    this.#restoreFilters();
    // The reader may have opened the filters before this module was loaded.
    void this.#loadLabels();
    if (this.#host.hasServerResults) {
      this.#host.filters.hidden = false;
      this.#updateFilterCount();
    } else await this.#search();
  }

  /** Sets the texts of the filters. */
  #updateTexts() {
    const host = this.#host;
    this.#reset.textContent = host.text("search.reset");
    for (const filter of FILTERS) {
      const label = this.#fields[filter].labels?.[0];
      if (label) label.textContent = host.text(FILTER_LABELS[filter]);
      this.#fields[filter].parentElement?.toggleAttribute("hidden", host.fixedFilter(filter) !== null);
    }
    const codes = (host.getAttribute("languages") || "id en").split(/\s+/).filter(Boolean);
    this.#setOptions(this.#fields.label, ["", ...(this.#knownLabels ?? [])], (label) => label || host.text("search.any_label"));
    this.#setOptions(this.#fields.language, ["", ...codes], (code) => (code ? languageName(host.language, code) : host.text("search.any")));
    this.#setOptions(this.#fields.sort, Object.keys(ORDERS), (order) => host.text(ORDERS[order] ?? "search.sort.relevance"));
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

  /** Searches for what is in the box and the filters, and keeps that in the page's URL. */
  submit() {
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

  /** Shows the search of the page's URL, if that has another one now. */
  onPopState() {
    if (String(this.#searchInUrl()) === this.#address) return;
    this.#host.restoreText(true);
    this.#restoreFilters();
    void this.#search();
  }

  /** Sets the filters to the search in the page's URL. */
  #restoreFilters() {
    const asked = this.#searchInUrl();
    this.#address = String(asked);
    const { language, from, to, sort } = this.#fields;
    this.#facets.labels = asked.getAll("label");
    select(language, asked.get("language") ?? "", (code) => languageName(this.#host.language, code));
    from.value = (asked.get("from") ?? "").slice(0, 10);
    to.value = (asked.get("to") ?? "").slice(0, 10);
    const order = asked.get("sort") ?? "";
    sort.value = Object.hasOwn(ORDERS, order) ? order : "";
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
    const text = this.#host.query;
    if (!text) return wanted;
    wanted.set("q", text);
    for (const name of FILTERS) {
      const { value } = this.#fields[name];
      if (this.#host.fixedFilter(name) !== null) continue;
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
      this.clear();
      return;
    }
    this.#host.filters.hidden = false;
    const titled = this.#host.getAttribute("page-title");
    if (titled) document.title = formatMessage(titled, { q: shortened(this.#host.query) });
    const { from, to } = this.#fields;
    if (from.value && to.value && from.value > to.value) {
      this.#removeResults();
      this.#host.announce(this.#host.text("search.error.from"), "problem");
      return;
    }
    const request = new AbortController();
    this.#searching = request;
    this.#list.setAttribute("aria-busy", "true");
    for (const button of this.#foot.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    this.#host.announce(this.#host.text("search.loading"));
    try {
      /** @type {ResultPage} */
      const page = await this.#host.fetchJson(`/api/search?${this.#query(wanted, cursor)}`, { signal: request.signal });
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
      const value = this.#host.fixedFilter(name);
      if (value !== null) query.set(name, value);
    }
    // Going back to the page restores as many results as were shown.
    const before = cursor ? 0 : Number(history.state?.kolomShown) || 0;
    const limit = Math.min(100, Math.max(Number(this.#host.getAttribute("limit")) || 0, before));
    if (limit > 0) query.set("limit", String(limit));
    if (cursor) query.set("cursor", cursor);
    return query;
  }

  /**
   * @param {ResultPage} page
   * @param {boolean} isMore whether it continues the shown results
   */
  #showPage(page, isMore) {
    const hadFocus = this.#foot.contains(this.#host.root.activeElement);
    const first = isMore ? this.#list.children.length : 0;
    if (!isMore) {
      const hadFacetFocus = this.#facets.nav.contains(this.#host.root.activeElement);
      this.#removeResults();
      this.#facets.show(page.facets, page.total);
      if (hadFacetFocus) (this.#facets.nav.querySelector("button") ?? this.#host).focus({ preventScroll: true });
    }
    this.#foot.replaceChildren();
    this.#list.append(...page.items.map((item) => this.#result(item)));
    const shown = this.#list.children.length;
    if (isMore) history.replaceState({ ...history.state, kolomShown: shown }, "");
    this.#host.announce(this.#resultSummary(page, shown));
    const meant = page.did_you_mean;
    if (meant && !isMore) {
      const button = element("button", { type: "button", part: "meant-button", dir: "auto" }, meant);
      button.addEventListener("click", () => {
        this.#host.setQuery(meant);
        this.submit();
        this.#host.leaveBox();
      });
      const query = `\u2068${shortened(page.query)}\u2069`;
      this.#correction.replaceChildren(this.#host.text("search.did_you_mean", { query }), " ", button);
      this.#correction.hidden = false;
    }
    const next = page.next_cursor;
    if (next) this.#foot.append(this.#host.button(this.#host.text("search.next"), () => this.#search(next)));
    // The focus moves to the first new result.
    if (hadFocus) (this.#list.children[first]?.querySelector("a") ?? this.#host).focus();
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
    if (!shown) return `${this.#host.text("search.none", { query })} ${this.#host.text("search.none.hint")}`;
    const n = this.#host.number(page.total);
    const total = page.total_is_exact ? n : this.#host.text("search.results.about", { n });
    const isAll = !page.next_cursor && shown === page.total;
    const found = isAll
      ? this.#host.count("search.results", shown, { query })
      : this.#host.text("search.results.part", { n: this.#host.number(shown), total, query });
    const notes = Object.entries(page.completed ?? {}).map(([word, forms]) =>
      this.#host.text("search.completed", { word: `\u2068${word}\u2069`, words: forms.join(", ") }),
    );
    if (page.relaxed) notes.unshift(this.#host.text("search.relaxed"));
    return [notes.length ? `${found}.` : found, ...notes].join(" ");
  }

  /**
   * @param {unknown} error
   * @param {string | null} cursor
   */
  #showError(error, cursor) {
    const hadFocus = this.#foot.contains(this.#host.root.activeElement);
    if (!cursor) this.#removeResults();
    this.#host.announceFailure("search.failed", error);
    // A rejected cursor never becomes valid.
    const next = error instanceof ApiError && error.status === 400 ? null : cursor;
    const button = this.#host.retryButton(() => this.#search(next));
    this.#foot.replaceChildren(button);
    if (hadFocus) button.focus();
  }

  /** Removes the results when there is no search. */
  clear() {
    this.#searching?.abort();
    this.#searching = null;
    this.#list.removeAttribute("aria-busy");
    this.#removeResults();
    this.#host.filters.hidden = true;
    this.#host.announce("");
  }

  #removeResults() {
    this.#host.serverRendered.remove();
    this.#list.replaceChildren();
    this.#facets.clear();
    this.#correction.hidden = true;
    this.#correction.replaceChildren();
    this.#foot.replaceChildren();
  }

  /** @param {Result} item */
  #result(item) {
    const title = element("a", { href: this.#host.articleLink(item.slug, item.url), part: "link" }, marked(item.title_html));
    return element(
      "li",
      { class: "card", part: "card" },
      element(
        "div",
        inLanguage(item.language),
        element(
          "p",
          { class: "meta", part: "meta", ...inLanguage(this.#host.language) },
          this.#host.day(item.published_at),
          item.labels.length ? element("span", {}, ...labelNodes(item)) : null,
        ),
        this.#host.makeHeading(0, { class: "title", part: "title" }, title),
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
    if (!sections.length || this.#host.getAttribute("link")) return null;
    const links = sections.map(({ title_html, fragment }) =>
      element("li", {}, element("a", { href: `${this.#host.articleLink(slug, url)}#${fragment}`, part: "section" }, marked(title_html))),
    );
    return element("ul", { class: "sections", part: "sections", role: "list", "aria-label": this.#host.text("search.sections") }, ...links);
  }

  // ---- filters

  /** Shows the number of active filters. */
  #updateFilterCount() {
    const used = FILTERS.filter((name) => this.#fields[name].value && this.#host.fixedFilter(name) === null);
    const number = used.length + (this.#host.fixedFilter("label") === null ? this.#facets.moreLabels.length : 0);
    this.#host.summary.textContent = this.#host.text("search.filters") + (number ? ` (${this.#host.number(number)})` : "");
    this.#reset.hidden = !number;
  }

  /** The labels of the element's blog, as soon as they are loaded. */
  get #knownLabels() {
    return this.#labels?.origin === this.#host.origin ? this.#labels.names : null;
  }

  /** Loads the labels when the filters are opened for the first time. */
  async #loadLabels() {
    if (!this.#host.filters.open || this.#knownLabels) return;
    const { origin } = this.#host;
    try {
      /** @type {{items: {label: string}[]}} */
      const { items } = await this.#host.fetchJson("/api/labels");
      if (origin !== this.#host.origin) return;
      this.#labels = { origin, names: items.map(({ label }) => label) };
      this.#updateTexts();
    } catch {
      // The next opening tries again.
    }
  }

  get #names() {
    return ["q", ...FILTERS.filter((name) => this.#host.fixedFilter(name) === null)];
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
