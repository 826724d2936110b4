// @ts-check
/**
 * `<kolom-recent-comments>`: the newest comments of the whole site.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-recent-comments.js"></script>
 *     <kolom-recent-comments api="https://blog.example" limit="5"></kolom-recent-comments>
 *
 * Children are shown until the API responds. Nothing is shown if there are no comments.
 *
 * @module
 */

import { KolomElement, element, fragment, webUrl } from "./kolom-element.js";
import { LANGUAGES } from "./kolom-lists-catalog.js";

/**
 * @typedef {{id: string, author: {name: string}, content_html: string, created_at: string,
 *   article: {slug: string, title: string, url: string}}} Recent
 */

const STYLES = `
.title { margin-block-end: .6em; font-size: 1.2em; }
.list { margin: 0; padding: 0; list-style: none; }
.comment { padding-block: .6em; border-block-start: 1px solid var(--kolom-line, #8886); }
.comment p { margin: 0; }
.comment a { font-weight: 600; }
.excerpt { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
`;
const LIMIT = 5;
const MAX_EXCERPT = 180;

/**
 * The newest comments of the site.
 *
 * @tagname kolom-recent-comments
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
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
 * @csspart comment
 * @csspart name
 * @csspart link
 * @csspart excerpt
 * @csspart meta
 */
export class KolomRecentComments extends KolomElement {
  static observedAttributes = ["api", "limit", "link", "heading"];

  #slot = element("slot", {});
  #main = element("div", { part: "main" });

  constructor() {
    super(STYLES, LANGUAGES);
    this.root.append(this.#slot, this.#main);
  }

  /** @override */
  start() {
    const timer = setInterval(() => this.refreshTimes(), 60_000);
    this.lifetime.addEventListener("abort", () => clearInterval(timer));
  }

  /** @override */
  get isLazy() {
    return this.getAttribute("loading") !== "eager";
  }

  /** @override */
  get space() {
    // A title and the beginning of a comment take two lines each on a phone.
    return `calc(3em + ${this.#limit} * clamp(5.4em, 7.4em - 3.8vw, 6.7em))`;
  }

  get #limit() {
    return Number(this.getAttribute("limit")) || LIMIT;
  }

  /** @override */
  get firstPaths() {
    return [`/api/comments/recent?${new URLSearchParams({ limit: String(this.#limit) })}`];
  }

  /** Updates the element from its attributes. @override */
  async update() {
    const [path = ""] = this.firstPaths;
    try {
      /** @type {{items: Recent[]}} */
      const { items } = await this.fetchJson(path);
      if (path !== this.firstPaths[0]) return;
      this.#slot.remove();
      this.#show(items);
    } catch {
      // Recent comments are optional: readers miss nothing. `fetchJson` has told the owner.
    }
    this.releaseSpace();
  }

  /** @param {Recent[]} items */
  #show(items) {
    const comments = items.map((item) => {
      const link = element("a", { href: this.#link(item), part: "link" }, element("bdi", {}, item.article.title));
      return element(
        "li",
        { class: "comment", part: "comment" },
        element("p", {}, ...this.#nodes({ name: element("bdi", { part: "name" }, item.author.name), title: link })),
        element("p", { class: "excerpt", part: "excerpt", dir: "auto" }, excerpt(item.content_html)),
        element("p", { class: "meta", part: "meta" }, this.timeAgo(item.created_at)),
      );
    });
    const title = this.makeHeading(0, { class: "title", part: "title", id: "title" }, this.text("comments.recent"));
    const list = element("ul", { class: "list", part: "list", role: "list", "aria-labelledby": "title" }, ...comments);
    this.#main.replaceChildren(...(comments.length ? [title, list] : []));
  }

  /**
   * Returns the message about a comment on an article with nodes in place of the name and the title.
   *
   * @param {Record<string, Node>} values
   * @returns {(Node | string)[]}
   */
  #nodes(values) {
    const marks = Object.fromEntries(Object.keys(values).map((name) => [name, `\n${name}\n`]));
    return this.text("feed.comment", marks)
      .split("\n")
      .map((piece) => values[piece] ?? piece);
  }

  /** @param {Recent} item */
  #link({ id, article }) {
    const pattern = this.getAttribute("link");
    const url = pattern
      ? webUrl(pattern.replaceAll("{slug}", encodeURIComponent(article.slug)), document.baseURI)
      : webUrl(article.url, this.origin);
    return url && `${url.replace(/#.*$/s, "")}#comment-${id}`;
  }
}

/**
 * Returns the beginning of a comment's text. It becomes text, never markup.
 *
 * @param {string} html
 */
function excerpt(html) {
  const text = (fragment(html).textContent ?? "").replace(/\s+/g, " ").trim();
  const characters = [...text];
  return characters.length <= MAX_EXCERPT ? text : `${characters.slice(0, MAX_EXCERPT - 1).join("").trimEnd()}…`;
}

if (!customElements.get("kolom-recent-comments")) customElements.define("kolom-recent-comments", KolomRecentComments);
