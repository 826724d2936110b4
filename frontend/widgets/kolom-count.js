// @ts-check
/**
 * `<kolom-count>`: the number of comments of a page, such as "3 comments", in lists of links.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-count.js"></script>
 *     <kolom-count api="https://blog.example" article="a-slug"></kolom-count>
 *     <a href="/2024/walks/#comments" data-kolom-count data-kolom-api="https://blog.example">Comments</a>
 *
 * A link with `data-kolom-count` shows the number of the page that it leads to, or of the article whose slug is the value.
 * All counts of a page are requested together, fifty at a time, also those that are added later.
 *
 * `lang` of the nearest element selects the language. Children are shown until the API responds, and stay if it does
 * not.
 *
 * @module
 */

import { ApiError, KolomElement, apiOf, element, explainFailure } from "./kolom-element.js";
import { pageUrl, watchPageUrl, withoutFragment } from "./kolom-page.js";

const LINK = "[data-kolom-count]";
/** How long to wait for other counts, which are requested together. */
const COLLECT_MS = 20;
const MAX_COUNTED = 50;
/** The maximum length of a request's query. CloudFront accepts URLs of 8 KB. */
const MAX_QUERY = 6_000;
const FRESH_MS = 60_000;
const TIMEOUT_MS = 15_000;

/** @typedef {{promise: Promise<number>, at: number}} Known */

/** The counts by blog and parameter. @type {Map<string, Known>} */
const known = new Map();
/** The counts to request, by blog. @type {Map<string, Map<string, PromiseWithResolvers<number>>>} */
const wanted = new Map();

/**
 * Returns the number of comments. The counts that are wanted at about the same time are in one response.
 *
 * @param {string} api
 * @param {"slug" | "url"} parameter
 * @param {string} value
 */
function countComments(api, parameter, value) {
  const query = String(new URLSearchParams({ [parameter]: value }));
  const key = `${api} ${query}`;
  const before = known.get(key);
  if (before && Date.now() - before.at < FRESH_MS) return before.promise;
  let batch = wanted.get(api);
  if (!batch) {
    batch = new Map();
    wanted.set(api, batch);
    setTimeout(() => requestWanted(api), COLLECT_MS);
  }
  const { promise, ...settle } = newPromise();
  batch.set(query, { promise, ...settle });
  known.set(key, { promise, at: Date.now() });
  promise.catch(() => known.delete(key));
  return promise;
}

/** `Promise.withResolvers()`, which some browsers do not have. @returns {PromiseWithResolvers<number>} */
function newPromise() {
  /** @type {Partial<PromiseWithResolvers<number>>} */
  const made = {};
  made.promise = new Promise((resolve, reject) => {
    Object.assign(made, { resolve, reject });
  });
  return /** @type {PromiseWithResolvers<number>} */ (made);
}

/** @param {string} api */
function requestWanted(api) {
  const batch = wanted.get(api) ?? new Map();
  wanted.delete(api);
  /** @type {string[]} */
  let queries = [];
  for (const query of batch.keys()) {
    if (queries.length === MAX_COUNTED || [...queries, query].join("&").length > MAX_QUERY) {
      void requestCounts(api, queries, batch);
      queries = [];
    }
    queries.push(query);
  }
  void requestCounts(api, queries, batch);
}

/**
 * @param {string} api
 * @param {string[]} queries
 * @param {Map<string, PromiseWithResolvers<number>>} batch
 */
async function requestCounts(api, queries, batch) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(`${api}/api/comments/counts?${queries.join("&")}`, { credentials: "omit", signal });
    if (!answer.ok) throw new ApiError(answer.status);
    const { counts } = await answer.json();
    for (const query of queries) {
      const [[, value] = ["", ""]] = new URLSearchParams(query);
      batch.get(query)?.resolve(counts[value] ?? 0);
    }
  } catch (error) {
    void explainFailure("kolom-count", api, error);
    for (const query of queries) batch.get(query)?.reject(error);
  }
}

/**
 * The number of comments of an article or page, such as "3 comments".
 *
 * @tagname kolom-count
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {string} article - The slug of the article
 * @attr {string} url - The URL of the page, by default that of the link around the element, or of this page
 * @fires kolom-load - When the number is known; `detail` is the number
 * @fires kolom-error - After each failure; `detail` is the error
 * @csspart count
 */
export class KolomCount extends KolomElement {
  static observedAttributes = ["api", "article", "url"];

  #slot = element("slot", {});
  #text = element("span", { part: "count" });
  #shown = 0;

  constructor() {
    super(":host { display: inline; }");
    this.root.append(this.#slot, this.#text);
  }

  /** @override */
  start() {
    watchPageUrl(() => {
      if (!this.getAttribute("article") && !this.getAttribute("url")) this.queueReload();
    }, this.lifetime);
  }

  /** @override */
  async update() {
    const article = this.getAttribute("article");
    const turn = (this.#shown += 1);
    try {
      const total = await countComments(this.origin, article ? "slug" : "url", article || this.#url);
      if (turn !== this.#shown) return;
      this.#slot.remove();
      this.#text.textContent = this.count("comments", total);
      this.emit("kolom-load", total);
    } catch (error) {
      if (turn === this.#shown) this.emit("kolom-error", error);
    }
  }

  /** The URL of the page whose comments are counted. */
  get #url() {
    const link = this.closest("a");
    const url = this.getAttribute("url") ?? (link instanceof HTMLAnchorElement ? link.href : "");
    return url && URL.canParse(url, document.baseURI) ? withoutFragment(new URL(url, document.baseURI).href) : pageUrl();
  }
}

/**
 * Shows the count in a link. The text of the link stays as the fallback content.
 *
 * @param {Element} link
 */
function addCount(link) {
  let count = link.querySelector("kolom-count");
  if (!count) {
    count = element(/** @type {"div"} */ ("kolom-count"), {});
    count.append(...link.childNodes);
    link.append(count);
  }
  const slug = link.getAttribute("data-kolom-count");
  const href = link instanceof HTMLAnchorElement ? link.href : "";
  for (const [name, value] of Object.entries({ api: apiOf(link), article: slug, url: slug ? "" : href })) {
    if (value) count.setAttribute(name, value);
    else count.removeAttribute(name);
  }
}

/** @param {ParentNode} root */
function addCounts(root) {
  for (const link of root.querySelectorAll(LINK)) addCount(link);
}

/** @param {MutationRecord[]} records */
function onMutations(records) {
  for (const { type, target, addedNodes } of records) {
    const link = target instanceof Element ? target.closest(LINK) : null;
    // A framework may have replaced the text of the link.
    if (link && (type === "attributes" || !link.querySelector("kolom-count"))) addCount(link);
    for (const node of addedNodes) {
      if (!(node instanceof Element)) continue;
      if (node.matches(LINK)) addCount(node);
      addCounts(node);
    }
  }
}

if (!customElements.get("kolom-count")) {
  customElements.define("kolom-count", KolomCount);
  addCounts(document);
  new MutationObserver(onMutations).observe(document, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-kolom-count", "href"],
  });
}
