// @ts-check
/**
 * `<kolom-related>`: articles with content similar to that of an article or page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-related.js"></script>
 *     <kolom-related api="https://blog.example" limit="4"></kolom-related>
 *
 * Children are shown until the API responds. Nothing is shown if there are no related articles.
 *
 * @module
 */

import { ApiError, KolomElement, element, inLanguage, webUrl } from "./kolom-element.js";
import { LANGUAGES } from "./kolom-lists-catalog.js";
import { explainMissing, pageUrl, watchPageUrl } from "./kolom-page.js";

/** @typedef {{slug: string, url: string, title: string, language: string, published_at: string, reading_minutes: number}} Related */

const STYLES = `
.title { margin-block-end: .6em; font-size: 1.2em; }
.list { margin: 0; padding: 0; list-style: none; }
.card { padding-block: .6em; border-block-start: 1px solid var(--kolom-line, #8886); }
.card a { font-weight: 600; }
`;
const LIMIT = 5;

/**
 * Articles with similar content.
 *
 * @tagname kolom-related
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {string} article - The slug of the article; by default that of the article whose page has the URL of this page
 * @attr {number} limit - How many items are loaded at once
 * @attr {string} link - The URL of an article, with `{slug}` in place of its slug; by default the page of the article
 * @attr {1 | 2 | 3 | 4 | 5 | 6} heading - The level of the title
 * @attr {"lazy" | "eager"} loading - Whether to load only near the visible part of the page, or at once
 * @attr {"auto" | "light" | "dark"} theme - The theme; by default that of the page
 * @fires kolom-load - After each response; `detail` is the response
 * @fires kolom-error - After each failure; `detail` is the error
 * @csspart main
 * @csspart title
 * @csspart list
 * @csspart card
 * @csspart link
 * @csspart meta
 */
export class KolomRelated extends KolomElement {
  static observedAttributes = ["api", "article", "limit", "link", "heading"];

  #slot = element("slot", {});
  #main = element("div", { part: "main" });
  /** @type {AbortController | null} */
  #request = null;

  constructor() {
    super(STYLES, LANGUAGES);
    this.root.append(this.#slot, this.#main);
  }

  /** @override */
  start() {
    watchPageUrl(() => {
      if (!this.getAttribute("article")) this.queueReload();
    }, this.lifetime);
  }

  /** @override */
  get isLazy() {
    return this.getAttribute("loading") !== "eager";
  }

  /** @override */
  get space() {
    // A title takes two lines on a phone.
    return `calc(3em + ${this.#limit} * clamp(3.6em, 6.7em - 8.8vw, 4.7em))`;
  }

  get #limit() {
    return Number(this.getAttribute("limit")) || LIMIT;
  }

  /** Updates the element from its attributes and the page's URL. @override */
  async update() {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const slug = this.getAttribute("article") || (await this.#findSlug(request.signal));
      const path = `/api/articles/${encodeURIComponent(slug)}/related?${new URLSearchParams({ limit: String(this.#limit) })}`;
      /** @type {{items: Related[]}} */
      const { items } = await this.fetchJson(path, { signal: request.signal });
      if (this.#request !== request) return;
      this.#slot.remove();
      this.#show(items);
    } catch (error) {
      // Related articles are optional: readers miss nothing.
      if (this.#request !== request) return;
      this.#main.replaceChildren();
      if (error instanceof ApiError && error.isNotFound) void explainMissing(this);
    }
    this.releaseSpace();
  }

  /** @param {AbortSignal} signal */
  async #findSlug(signal) {
    /** @type {{slug: string}} */
    const { slug } = await this.fetchJson(`/api/paths?${new URLSearchParams({ url: pageUrl() })}`, { signal });
    return slug;
  }

  /** @param {Related[]} items */
  #show(items) {
    const cards = items.map((item) =>
      element(
        "li",
        { class: "card", part: "card" },
        element("a", { href: this.#link(item), part: "link", ...inLanguage(item.language) }, item.title),
        element(
          "p",
          { class: "meta", part: "meta" },
          this.day(item.published_at),
          element("span", {}, this.count("minutes", item.reading_minutes)),
        ),
      ),
    );
    const title = this.makeHeading(0, { class: "title", part: "title", id: "title" }, this.text("related"));
    const list = element("ul", { class: "list", part: "list", role: "list", "aria-labelledby": "title" }, ...cards);
    this.#main.replaceChildren(...(cards.length ? [title, list] : []));
  }

  /** @param {Related} item */
  #link({ slug, url }) {
    const pattern = this.getAttribute("link");
    return pattern ? webUrl(pattern.replaceAll("{slug}", encodeURIComponent(slug)), document.baseURI) : webUrl(url, this.origin);
  }
}

if (!customElements.get("kolom-related")) customElements.define("kolom-related", KolomRelated);
