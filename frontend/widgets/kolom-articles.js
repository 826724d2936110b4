// @ts-check
/**
 * `<kolom-articles>`: a blog's articles on any page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-articles.js"></script>
 *     <kolom-articles api="https://blog.example" label="travel" limit="5"></kolom-articles>
 *     <kolom-articles api="https://blog.example" article="a-slug"></kolom-articles>
 *
 * `lang` of the nearest element selects the language of the interface. The children are shown until the API responds.
 * Style: see docs/embed.md for the custom properties and parts; other styles do not apply.
 *
 * @module
 */

import { ApiError, KolomElement, element, fragment, inLanguage, webUrl } from "./kolom-element.js";
import { LANGUAGES } from "./kolom-lists-catalog.js";

/**
 * @typedef {{slug: string, path: string, url: string, title: string, excerpt: string, image: string | null, labels: string[],
 *   language: string, author: string, published_at: string, reading_minutes: number}} Card
 * @typedef {Card & {content_html: string}} Article
 * @typedef {{items: Card[], total: number, next_cursor: string | null}} CardPage
 */

const STYLES = `
.list { margin: 0; padding: 0; list-style: none; }
.card { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .25em 1.25em; align-items: start; padding-block: 1.1em; border-block-start: 1px solid var(--kolom-line, #8886); }
.card:first-child { padding-block-start: 0; border: 0; }
.card > div { grid-column: 1; }
.title { font-size: 1.2em; }
.title a { color: inherit; text-decoration: none; }
.title a:hover { text-decoration: underline; }
.excerpt { margin: .35em 0 0; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.image { grid-column: 2; grid-row: 1; width: clamp(4.5rem, 22vw, 9rem); height: auto; aspect-ratio: 4 / 3; object-fit: cover; border-radius: var(--kolom-radius, 4px); }
.image, [alt=""] { position: relative; }
:is(.image, [alt=""])::after { content: ""; position: absolute; inset: 0; background: var(--kolom-shade, color-mix(in srgb, currentColor 8%, Canvas)); }
.headline { font-size: 2em; line-height: 1.15; }
.article .meta { margin-block: .75em 1.75em; }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: .75em 1.25em; }
.foot:not(:empty) { margin-block-start: 1.1em; }
.problem { order: -1; flex-basis: 100%; }
.content :is(img, video, iframe) { max-width: 100%; height: auto; border: 0; }
.content :is(iframe) { width: 100%; aspect-ratio: 16 / 9; }
.content :is(.picture, figure img) { display: block; margin-inline: auto; border-radius: var(--kolom-radius, 4px); }
.content figure { margin-inline: 0; }
.content h2 { margin-block: 1.8em .6em; font-size: 1.45em; }
.content :is(h3, h4, h5, h6) { margin-block: 1.5em .5em; font-size: 1.15em; }
.content > :first-child { margin-block-start: 0; }
.content :is(pre, code) { direction: ltr; unicode-bidi: isolate; font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9em; }
.content pre { overflow-x: auto; padding: 1em; background: var(--kolom-shade, #8881); color: var(--kolom-ink, var(--on-shade, inherit)); border-radius: var(--kolom-radius, 4px); }
.content blockquote { margin-inline: 0; padding-inline-start: 1.2em; border-inline-start: 3px solid var(--kolom-accent, currentColor); }
.content table { display: block; width: fit-content; max-width: 100%; overflow-x: auto; border-collapse: collapse; }
.content :is(th, td) { padding-block: .5em; padding-inline: 0 1.2em; border-block-end: 1px solid var(--kolom-line, #8886); text-align: start; vertical-align: top; }
.content :is(th, td)[align="right"] { text-align: right; }
.content :is(th, td)[align="center"] { text-align: center; }
.content :is(ul, ol) { padding-inline-start: 1.4em; }
.content li + li { margin-block-start: .35em; }
.content .contains-task-list { padding: 0; list-style: none; }
@media (min-width: 40rem) { .headline { font-size: 2.5em; } }
`;

/**
 * A list of articles, or one article.
 *
 * @tagname kolom-articles
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {string} article - The slug of the article to show; by default a list
 * @attr {string} label - The label of the articles
 * @attr {number} limit - How many items are loaded at once
 * @attr {string} link - The URL of an article, with `{slug}` in place of its slug; by default the page of the article
 * @attr {1 | 2 | 3 | 4 | 5 | 6} heading - The level of the title
 * @attr {"auto" | "light" | "dark"} theme - The theme; by default that of the page
 * @fires kolom-load - After each response; `detail` is the response
 * @fires kolom-error - After each failure; `detail` is the error
 * @csspart main
 * @csspart list
 * @csspart card
 * @csspart image
 * @csspart link
 * @csspart excerpt
 * @csspart article
 * @csspart headline
 * @csspart content
 * @csspart title
 * @csspart meta
 * @csspart foot
 * @csspart status
 * @csspart button
 */
export class KolomArticles extends KolomElement {
  static observedAttributes = ["api", "label", "limit", "article", "link", "heading"];

  /** The slot of the fallback content, which stays until the API responds. */
  #slot = element("slot", {});
  #main = element("div", { part: "main" });
  #foot = element("div", { class: "foot", part: "foot" });
  #list = element("ol", { class: "list", part: "list", role: "list" });
  /** @type {AbortController | null} */
  #request = null;
  /** Whether the pressed button had the focus, which then moves to the next button or the new articles. */
  #hadFocus = false;

  constructor() {
    super(STYLES, LANGUAGES);
    this.#foot.append(this.status);
    this.root.append(this.#slot, this.#main, this.#foot);
    this.root.addEventListener("click", (event) => this.#followFragment(event));
  }

  /** @override */
  stop() {
    this.#request?.abort();
    this.#request = null;
  }

  /** Updates the element from its attributes. @override */
  async update() {
    this.#removeButtons();
    this.#main.replaceChildren();
    this.#list.replaceChildren();
    await (this.getAttribute("article") ? this.#loadArticle() : this.#loadList(null));
  }

  /** @override */
  get firstPaths() {
    return [this.getAttribute("article") ? this.#articlePath : this.#listPath(null)];
  }

  get #articlePath() {
    return `/api/articles/${encodeURIComponent(this.getAttribute("article") ?? "")}`;
  }

  /** @param {string | null} cursor the position where the list continues */
  #listPath(cursor) {
    const query = new URLSearchParams();
    for (const name of ["label", "limit"]) {
      const value = this.getAttribute(name);
      if (value) query.set(name, value);
    }
    if (cursor) query.set("cursor", cursor);
    return `/api/articles?${query}`;
  }

  /** @param {string | null} cursor */
  async #loadList(cursor) {
    /** @type {CardPage | null} */
    const page = await this.#get(this.#listPath(cursor), () => this.#loadList(cursor));
    if (!page) return;
    const first = this.#list.children.length;
    this.#list.append(...page.items.map((card) => this.#card(card)));
    if (!first) this.#main.replaceChildren(this.#list);
    const shown = this.#list.children.length;
    const counts = { n: this.number(shown), total: this.number(page.total) };
    this.announce(shown ? this.text("articles.shown", counts) : this.text("empty"));
    const next = page.next_cursor;
    if (next) this.#foot.prepend(this.button(this.text("articles.more"), () => this.#loadList(next)));
    // The focus moves to the first new article.
    if (first && this.#hadFocus) this.#list.children[first]?.querySelector("a")?.focus();
  }

  async #loadArticle() {
    /** @type {Article | null} */
    const article = await this.#get(this.#articlePath, () => this.#loadArticle());
    if (!article) return;
    this.#main.replaceChildren(
      element(
        "article",
        { class: "article", part: "article", ...inLanguage(article.language) },
        this.makeHeading(0, { class: "headline", part: "headline" }, article.title),
        this.#meta(article, article.author),
        this.#content(article),
      ),
    );
    this.announce("");
  }

  /**
   * Returns the API's response; null if it failed (a retry button is shown) or a newer request replaced it.
   *
   * @template T
   * @param {string} path
   * @param {() => Promise<void>} retry
   * @returns {Promise<T | null>}
   */
  async #get(path, retry) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#main.setAttribute("aria-busy", "true");
    for (const button of this.#foot.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    this.announce(this.text("articles.loading"));
    try {
      /** @type {T} */
      const data = await this.fetchJson(path, { signal: request.signal });
      if (this.#request !== request) return null;
      this.#slot.remove();
      this.#removeButtons();
      return data;
    } catch (error) {
      if (this.#request === request) this.#showError(error, retry);
      return null;
    } finally {
      if (this.#request === request) this.#main.removeAttribute("aria-busy");
    }
  }

  /**
   * @param {unknown} error
   * @param {() => Promise<void>} retry
   */
  #showError(error, retry) {
    const isNotFound = error instanceof ApiError && error.isNotFound;
    this.#removeButtons();
    if (isNotFound) this.#slot.remove();
    if (isNotFound) this.announce(this.text("articles.missing"), "problem");
    else this.announceFailure("articles.failed", error);
    if (!isNotFound) {
      const button = this.retryButton(retry);
      this.#foot.prepend(button);
      if (this.#hadFocus) button.focus();
    }
  }

  #removeButtons() {
    const buttons = [...this.#foot.querySelectorAll("button")];
    this.#hadFocus = buttons.some((button) => button === this.root.activeElement);
    for (const button of buttons) button.remove();
  }

  /** @param {Card} card */
  #card(card) {
    const image = card.image && webUrl(card.image, this.origin);
    const title = element("a", { href: this.#link(card), part: "link" }, card.title);
    return element(
      "li",
      { class: "card", part: "card" },
      element(
        "div",
        inLanguage(card.language),
        this.#meta(card, ""),
        this.makeHeading(0, { class: "title", part: "title" }, title),
        card.excerpt ? element("p", { class: "excerpt", part: "excerpt" }, card.excerpt) : null,
      ),
      image
        ? element("img", {
            class: "image",
            part: "image",
            src: image,
            alt: "",
            loading: "lazy",
            decoding: "async",
            width: "144",
            height: "108",
          })
        : null,
    );
  }

  /**
   * @param {Card} card
   * @param {string} author
   */
  #meta(card, author) {
    return element(
      "p",
      { class: "meta", part: "meta", ...inLanguage(this.language) },
      this.day(card.published_at),
      author ? element("span", {}, author) : null,
      element("span", {}, this.count("minutes", card.reading_minutes)),
    );
  }

  /**
   * Returns the article's text. The API sanitises it (no script, handler, style or form can be in it); no other text
   * becomes markup here. Relative URLs are resolved against the article's own URL.
   *
   * @param {Article} article
   */
  #content(article) {
    const content = fragment(article.content_html);
    // That of an external article is on another site.
    const base = webUrl(article.url, this.origin) ?? this.origin;
    /** @param {string} address */
    const full = (address) => (address.startsWith("#") ? address : (webUrl(address, base) ?? address));
    for (const name of ["src", "href", "poster", "cite"]) {
      for (const found of content.querySelectorAll(`[${name}]`)) found.setAttribute(name, full(found.getAttribute(name) ?? ""));
    }
    for (const found of content.querySelectorAll("[srcset]")) {
      const sizes = (found.getAttribute("srcset") ?? "").split(", ").map((each) => each.split(" "));
      found.setAttribute("srcset", sizes.map(([url, ...size]) => [full(url ?? ""), ...size].join(" ")).join(", "));
    }
    for (const image of content.querySelectorAll("p > img:only-child")) {
      if (!image.parentElement?.textContent?.trim()) image.classList.add("picture");
    }
    // Elements that may scroll can be focused.
    for (const wide of content.querySelectorAll("table, pre")) wide.setAttribute("tabindex", "0");
    return element("div", { class: "content", part: "content" }, content);
  }

  /**
   * Handles links within the text, because browsers do not find their targets in shadow trees.
   *
   * @param {Event} event
   */
  #followFragment(event) {
    const anchor = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    const href = anchor?.getAttribute("href");
    if (!href?.startsWith("#")) return;
    const target = this.root.getElementById(decodeURIComponent(href.slice(1)));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView();
    target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
  }

  /** @param {Card} card */
  #link(card) {
    const pattern = this.getAttribute("link");
    if (!pattern) return webUrl(card.url, this.origin);
    return webUrl(pattern.replaceAll("{slug}", encodeURIComponent(card.slug)), document.baseURI);
  }
}

if (!customElements.get("kolom-articles")) customElements.define("kolom-articles", KolomArticles);
