// @ts-check
/**
 * `<kolom-related>`: articles with content similar to that of an article or page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-related.js"></script>
 *     <kolom-related api="https://blog.example" limit="4"></kolom-related>
 *
 * Attributes: `api` (the blog's origin; default: the page's own), `article` (the slug; default: the article whose page has
 * the canonical URL of this one), `limit` (1 to 20; default: 5), `link` (the URL of a title, with `{slug}`; default: the
 * page of the article), `heading` (the level of the title, 1 to 6), `loading` (`lazy` or `eager`), `theme`. Children are
 * shown until the API responds. Nothing is shown if there are no related articles.
 * Events: `kolom-load` after every response (`detail`: the response), `kolom-error` (`detail`: the error).
 *
 * @module
 */

import { KolomElement, element, inLanguage, webUrl } from "./kolom-element.js";
import { pageUrl, watchPageUrl } from "./kolom-page.js";

/** @typedef {{slug: string, url: string, title: string, language: string, published_at: string, reading_minutes: number}} Related */

const STYLES = `
.title { margin-block-end: .6em; font-size: 1.2em; }
.list { margin: 0; padding: 0; list-style: none; }
.card { padding-block: .6em; border-block-start: 1px solid var(--kolom-line, #8886); }
.card a { font-weight: 600; }
`;
const LIMIT = 5;

export class KolomRelated extends KolomElement {
  static observedAttributes = ["api", "article", "limit", "link", "heading"];

  #slot = element("slot", {});
  #main = element("div", { part: "main" });
  /** @type {AbortController | null} */
  #request = null;

  constructor() {
    super(STYLES);
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
    return `${3 + 3.6 * this.#limit}em`;
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
    } catch {
      // Related articles are optional: readers miss nothing. `fetchJson` has told the owner.
      if (this.#request === request) this.#main.replaceChildren();
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
    const title = this.heading(0, { class: "title", part: "title", id: "title" }, this.text("related"));
    const list = element("ul", { class: "list", part: "list", role: "list", "aria-labelledby": "title" }, ...cards);
    this.#main.replaceChildren(...(cards.length ? [title, list] : []));
  }

  /** @param {Related} item */
  #link({ slug, url }) {
    const pattern = this.getAttribute("link");
    return pattern ? webUrl(pattern.replaceAll("{slug}", encodeURIComponent(slug)), document.baseURI) : webUrl(url, this.api);
  }
}

if (!customElements.get("kolom-related")) customElements.define("kolom-related", KolomRelated);
