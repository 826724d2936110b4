// @ts-check
/**
 * `<kolom-comments>`: the comments of an article and a comment form, on any page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-comments.js"></script>
 *     <kolom-comments api="https://blog.example">Content without JavaScript</kolom-comments>
 *
 * `lang` of the nearest element selects the language of the interface. Children are shown until the API responds, and
 * stay if it does not. Style: see docs/embed.md for the custom properties and parts.
 *
 * @module
 */

import { ApiError, KolomElement, element, fragment, webUrl } from "./kolom-element.js";
import { FIELD_STYLES, makeBox, makeForm } from "./kolom-field.js";
import { explainMissing, pageUrl, watchPageUrl } from "./kolom-page.js";

/**
 * @typedef {{id: string, parent_id: string | null, content_html: string, created_at: string, edited_at: string | null,
 *   deleted: boolean, author: {name: string, website: string | null, avatar: string, is_owner: boolean}}} View
 * @typedef {{items: View[], total: number, next_cursor: string | null, article?: {slug: string, comments_open: boolean}}} Page
 *   a page of comments; with `article` if the API found it by the URL of its page
 * @typedef {{view: View, item: HTMLLIElement, replies: HTMLOListElement, depth: number, isPending: boolean,
 *   form: KolomForm | null}} Shown
 * @typedef {import("./kolom-form.js").KolomForm} KolomForm
 * @typedef {import("./kolom-comment-writer.js").CommentWriter} CommentWriter
 */

const STYLES = `${FIELD_STYLES}
.top { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .5em 1em; }
.order { max-inline-size: 100%; min-block-size: 2.25em; padding: .2em .4em; border: 1px solid var(--kolom-line, #8886); border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); font: inherit; font-size: .875em; }
.title { font-size: 1.3em; }
.title:focus { outline: none; }
.list, .replies { margin: 0; padding: 0; list-style: none; }
.list { margin-block-start: 1.25em; }
.list > .thread { padding-block: 1.1em; border-block-start: 1px solid var(--kolom-line, #8886); }
.many > .thread { content-visibility: auto; contain-intrinsic-block-size: auto 9em; }
.list:empty, .replies:empty { display: none; }
.replies { margin-block-start: 1.1em; padding-inline-start: clamp(.75em, 3cqi, 1.5em); border-inline-start: 2px solid var(--kolom-line, #8886); }
.replies > .thread + .thread { margin-block-start: 1.1em; }
.replies .replies .replies .replies .replies { padding-inline-start: 0; border: 0; }
.comment { display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: .8em; scroll-margin-block: 1.5em; border-radius: var(--kolom-radius, 4px); }
.comment:focus-visible { outline-offset: 6px; }
.avatar { grid-row: 1 / span 9; inline-size: 2.25em; block-size: 2.25em; border-radius: 50%; background: var(--kolom-shade, #8881); }
.comment > :not(.avatar) { grid-column: 2; }
.meta { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .6em; min-block-size: 24px; }
.meta span::before { content: none; }
.name { color: var(--kolom-ink, inherit); font-size: 1.1em; font-weight: 700; }
.name a { color: inherit; }
.meta > * { min-inline-size: 0; overflow-wrap: anywhere; }
.meta > a { padding-block: .15em; color: inherit; }
.meta > a:not(:hover) { text-decoration: none; }
.badge { padding: .05em .5em; border: 1px solid transparent; border-radius: 1em; background: var(--kolom-accent, var(--kolom-ink, CanvasText)); color: var(--on-accent); font-weight: 600; }
.gone { margin: 0; color: var(--kolom-soft, inherit); font-style: italic; }
.gone:is(:lang(ar), :lang(fa), :lang(he), :lang(ja), :lang(zh)) { font-style: normal; }
.content { overflow-wrap: anywhere; }
.content > *, .content blockquote > * { margin-block: .5em; unicode-bidi: plaintext; }
.content > :first-child { margin-block-start: .2em; }
.content :is(ol, ul) { padding-inline-start: 1.5em; }
.content ul { list-style-type: disc; }
.content :is(ol, ul) ul { list-style-type: circle; }
.content :is(ol, ul) :is(ol, ul) ul { list-style-type: square; }
.content :is(pre, code) { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9em; }
.content pre { overflow-x: auto; padding: .75em 1em; background: var(--kolom-shade, #8881); color: var(--kolom-ink, var(--on-shade, inherit)); border-radius: var(--kolom-radius, 4px); }
.content blockquote { margin-inline: 0; padding-inline-start: 1em; border-inline-start: 3px solid var(--kolom-line, #8886); color: var(--kolom-soft, inherit); }
.content hr { border: 0; border-block-start: 1px solid var(--kolom-line, #8886); }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1em; font-size: .875em; }
.tools button { min-block-size: 28px; padding: .2em 0; border: 0; color: var(--kolom-soft, inherit); text-underline-offset: .25em; }
.tools button:hover { color: inherit; text-decoration: underline; }
.write { margin-block-start: 2em; padding-block-start: 1.5em; border-block-start: 1px solid var(--kolom-line, #8886); }
.write:empty { display: none; }
.write :is(h3, h4, h5, h6) { margin-block-end: .8em; font-size: 1.1em; }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: .75em 1.25em; margin-block: .75em 0; }
.foot .problem { order: -1; flex-basis: 100%; }
.foot .status:empty { display: none; }
`;

const MAX_PAGES = 40;
/** A deeper comment has no replies. */
const MAX_DEPTH = 60;
const INDENTED = 4;

/**
 * The comments of an article or page, and a form for new ones.
 *
 * @tagname kolom-comments
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {string} article - The slug of the article; by default that of the article whose page has the URL of this page
 * @attr {number} limit - How many items are loaded at once
 * @attr {"oldest" | "newest"} order - Which comments come first until the reader chooses
 * @attr {boolean} open - Whether the article takes comments; by default as the API says
 * @attr {number} edit-minutes - The value of the parameter `EditMinutes`
 * @attr {1 | 2 | 3 | 4 | 5 | 6} heading - The level of the title
 * @attr {"lazy" | "eager"} loading - Whether to load only near the visible part of the page, or at once
 * @attr {"auto" | "light" | "dark"} theme - The theme; by default that of the page
 * @fires kolom-load - After each response; `detail` is the response
 * @fires kolom-error - After each failure; `detail` is the error
 * @fires kolom-sent - After a submission was accepted; `detail` has its `id`
 * @csspart title
 * @csspart list
 * @csspart comment
 * @csspart avatar
 * @csspart name
 * @csspart badge
 * @csspart content
 * @csspart pending
 * @csspart actions
 * @csspart write
 * @csspart form
 * @csspart field
 * @csspart label
 * @csspart input
 * @csspart hint
 * @csspart error
 * @csspart preview
 * @csspart send
 * @csspart order
 * @csspart foot
 * @csspart meta
 * @csspart status
 * @csspart button
 */
export class KolomComments extends KolomElement {
  static observedAttributes = ["api", "article", "limit", "order", "open", "edit-minutes", "heading"];

  #slot = element("slot", {});
  #main = element("div", {});
  #title = this.makeHeading(0, {});
  list = element("ol", { class: "list", part: "list", role: "list" });
  /** Own comments that are not on the loaded pages. */
  ownAtTop = element("ol", { class: "list", part: "list", role: "list" });
  #foot = element("div", { class: "foot", part: "foot" }, this.status);
  #select = element("select", { class: "order", part: "order" });
  #write = element("section", { class: "write", part: "write" });

  /** The most comments of one response. */
  maxLimit = "100";
  /** @type {Map<string, Shown>} */
  shown = new Map();
  /** Replies whose parent is not loaded yet, by its id. @type {Map<string, View[]>} */
  #waiting = new Map();
  /** @type {AbortController | null} */
  #request = null;
  /** @type {string | null} */
  #cursor = null;
  /** The URL by which the article was found, and its slug. @type {{url: string, slug: string} | null} */
  #found = null;
  /** @type {"oldest" | "newest"} */
  #order = "oldest";
  /** The blog and the article or page whose comments are shown. */
  #address = "";
  #total = 0;
  #loaded = 0;
  isOpen = false;
  /** From when somebody begins to write. @type {CommentWriter | null} */
  #writer = null;
  /** The form at the end. @type {HTMLFormElement | null} */
  #form = null;

  constructor() {
    super(STYLES);
    this.root.append(this.#slot, this.#main, this.#foot, this.#write);
    this.#select.addEventListener("change", () => {
      this.#order = this.#select.value === "newest" ? "newest" : "oldest";
      void this.#load();
    });
  }

  /** @override */
  start() {
    const signal = this.lifetime;
    const onHash = () => {
      if (!this.isLazy) this.loadNow();
      void this.#showUrlTarget();
    };
    window.addEventListener("hashchange", onHash, { signal });
    watchPageUrl(() => {
      if (!this.getAttribute("article")) this.queueReload();
    }, signal);
    const timers = [setInterval(() => this.#writer?.updateRemainingTimes(), 1000), setInterval(() => this.refreshTimes(), 60_000)];
    signal.addEventListener("abort", () => timers.forEach(clearInterval));
  }

  /** @override */
  stop() {
    this.#request?.abort();
    this.#request = null;
    this.#writer?.close();
  }

  /** @override */
  get isLazy() {
    return this.getAttribute("loading") !== "eager" && !location.hash.startsWith("#comment-");
  }

  /** Updates the element from its attributes. @override */
  async update() {
    const address = `${this.origin} ${this.getAttribute("article") || pageUrl()}`;
    if (this.#address && this.#address !== address) this.#clear();
    this.#address = address;
    this.#order = this.#wantedOrder;
    await this.#load();
  }

  /** Removes the comments of another article. */
  #clear() {
    this.reserveSpace();
    this.#form = null;
    for (const part of [this.#main, this.ownAtTop, this.#write]) part.replaceChildren();
  }

  /** Loads the first page of the comments, in the order that was chosen. */
  async #load() {
    this.#writer?.close();
    this.shown.clear();
    this.#waiting.clear();
    this.#loaded = 0;
    this.#cursor = null;
    this.#removeMoreButton();
    this.showMessage(this.text("comments.loading"));
    const request = this.#startRequest();
    const url = pageUrl();
    try {
      const [page, isOpen] = await Promise.all([
        this.#fetchPage(null, request),
        this.#fetchIsOpen(request),
        // Without forms, comments are shown all the same.
        this.#isWriterNeeded ? this.#loadWriter().catch(() => {}) : null,
      ]);
      if (this.#request !== request) return;
      this.#writer?.load();
      this.#found = page.article ? { url, slug: page.article.slug } : null;
      this.isOpen = isOpen ?? page.article?.comments_open ?? true;
      this.#removeFallback();
      this.#add(page);
      this.#writer?.showOwn();
      this.showCount();
      this.#showForm();
      this.showMessage("");
      this.releaseSpace();
      await this.#showUrlTarget();
    } catch (error) {
      if (this.#request !== request) return;
      if (error instanceof ApiError && error.isNotFound) this.#showMissing();
      else this.#showError(error, () => this.#load());
    }
  }

  /** @override */
  prepare() {
    if (this.#isWriterNeeded) this.#loadWriter().catch(() => {}); // `#load` tries again
  }

  /** Whether the page has a form already, or this browser has drafts or comments of the visitor. */
  get #isWriterNeeded() {
    return Boolean(this.#writer || this.querySelector("form")) || hasStored(this.origin);
  }

  /** Loads the modules and messages of the forms. Most readers do not need them. */
  async #loadWriter() {
    try {
      // At once, so that these modules do not wait for each other.
      const [{ CommentWriter }] = await Promise.all([
        import("./kolom-comment-writer.js"),
        import("./kolom-form.js"),
        import("./kolom-forms-catalog.js").then(({ LANGUAGES }) => this.addMessages(LANGUAGES)),
      ]);
      this.#writer ??= new CommentWriter(this);
      return this.#writer;
    } catch (error) {
      this.emit("kolom-error", error);
      throw error;
    }
  }

  /** @override */
  get space() {
    return "100lvh";
  }

  get #wantedOrder() {
    return this.getAttribute("order") === "newest" ? "newest" : "oldest";
  }

  /** The slug of the article; empty if it is to be found by the URL of its page. */
  get slug() {
    return this.getAttribute("article") || (this.#found?.url === pageUrl() ? this.#found.slug : "");
  }

  get #articlePath() {
    return `/api/articles/${encodeURIComponent(this.slug)}`;
  }

  get path() {
    return `${this.#articlePath}/comments`;
  }

  /** @override */
  get firstPaths() {
    const isKnown = this.getAttribute("open") || !this.getAttribute("article");
    return [this.#pagePath(null, this.#wantedOrder), ...(isKnown ? [] : [this.#articlePath])];
  }

  /**
   * @param {string | null} cursor
   * @param {string} order
   * @param {string} [limit]
   */
  #pagePath(cursor, order, limit = this.getAttribute("limit") || this.maxLimit) {
    const query = { limit, ...(order === "newest" ? { order } : {}), ...(cursor ? { cursor } : {}) };
    const isByUrl = !this.getAttribute("article");
    return `${isByUrl ? "/api/comments" : this.path}?${new URLSearchParams({ ...(isByUrl ? { url: pageUrl() } : {}), ...query })}`;
  }

  #startRequest() {
    this.#request?.abort();
    this.#request = new AbortController();
    return this.#request;
  }

  /**
   * @param {string | null} cursor
   * @param {AbortController} request
   * @param {string} [limit]
   * @returns {Promise<Page>}
   */
  #fetchPage(cursor, request, limit) {
    return this.fetchJson(this.#pagePath(cursor, this.#order, limit), { signal: request.signal });
  }

  /**
   * Returns whether comments are open; null if the response with the comments has that. Beside `<kolom-articles>` the
   * response is in the browser's cache.
   *
   * @param {AbortController} request
   * @returns {Promise<boolean | null>}
   */
  async #fetchIsOpen(request) {
    const known = this.getAttribute("open");
    if (known) return known !== "false";
    if (!this.getAttribute("article")) return null;
    try {
      const article = await this.fetchJson(this.#articlePath, { signal: request.signal });
      return /** @type {{comments_open: boolean}} */ (article).comments_open;
    } catch (error) {
      // After other errors, the form is shown and the API decides.
      return !(error instanceof ApiError && error.isNotFound);
    }
  }

  /** Replaces the fallback content, which is for readers without JavaScript, by empty lists. */
  #removeFallback() {
    this.#slot.remove();
    this.list.replaceChildren();
    this.ownAtTop.replaceChildren();
    this.#title = this.makeHeading(0, { class: "title", part: "title", tabindex: "-1" });
    const hadFocus = this.root.activeElement === this.#select;
    this.#updateOrders();
    this.#main.replaceChildren(element("div", { class: "top" }, this.#title, this.#select), this.list);
    this.#foot.after(this.ownAtTop);
    if (hadFocus) this.#select.focus();
  }

  #updateOrders() {
    this.#select.replaceChildren(
      new Option(this.text("comments.sort.oldest"), "oldest"),
      new Option(this.text("comments.sort.newest"), "newest"),
    );
    this.#select.value = this.#order;
    this.#select.setAttribute("aria-label", this.text("search.sort"));
  }

  focusTitle() {
    this.#title.focus();
  }

  // ---- writing

  /** The text of a comment. */
  get contentField() {
    return /** @type {const} */ ({ name: "content", kind: "long", label: this.text("comment.content"), isRequired: true });
  }

  /** Shows the form at the end, or that comments are closed. Until somebody writes, the form is only a field for the text. */
  #showForm() {
    if (!this.isOpen) {
      this.#write.replaceChildren(element("p", { class: "status", part: "status" }, this.text("comments.closed")));
      return;
    }
    // What was typed stays, also without the browser's storage.
    this.#form = this.#makeForm(this.#form?.querySelector("textarea")?.value ?? "");
    this.#write.replaceChildren(this.makeHeading(1, { id: "write" }, this.text("comments.write")), this.#form);
    this.#writer?.completeForm(this.#form);
  }

  /** @param {string} typed */
  #makeForm(typed) {
    const form = makeForm(this);
    form.setAttribute("aria-labelledby", "write");
    // Until the form is complete. Before that, another article may be shown.
    form.dataset.draft = `${this.origin}/${this.slug}`;
    const box = makeBox(this, this.contentField, "write-content");
    /** @type {HTMLTextAreaElement} */ (box.lastElementChild).value = typed;
    form.append(box);
    form.addEventListener("pointerover", () => this.#loadWriter().catch(() => {}), { once: true });
    form.addEventListener("focusin", () => {
      if (form.dataset.draft) void this.#openForms();
    });
    return form;
  }

  /**
   * Loads the forms, and completes the one at the end. What was typed stays.
   *
   * @param {Shown} [answered] the comment to reply to
   */
  async #openForms(answered) {
    const form = this.#form;
    const problem = this.text("form.unreachable");
    try {
      const writer = await this.#loadWriter();
      if (this.status.textContent === problem) this.showMessage("");
      for (const each of [form, this.#form]) writer.completeForm(each);
      // Somebody who has begun to write below goes on there.
      if (answered?.item.isConnected && !this.#write.contains(this.root.activeElement)) writer.openReply(answered);
    } catch {
      this.showMessage(problem, true);
    }
  }

  /**
   * Returns the controls of a comment.
   *
   * @param {Shown} shown
   */
  tools(shown) {
    const tools = element("div", { class: "tools", part: "actions" });
    if (this.isOpen && !shown.isPending && shown.depth < MAX_DEPTH) {
      const label = { "aria-label": this.text("comments.reply.to", { name: shown.view.author.name }) };
      tools.append(this.button(this.text("comments.reply"), () => this.#openForms(shown), label));
    }
    this.#writer?.addTools(shown, tools);
    return tools;
  }

  /** Tells the owner that the blog does not know the article. For a reader there are no comments. */
  #showMissing() {
    void explainMissing(this);
    this.isOpen = false;
    this.#slot.remove();
    this.#clear();
    this.showMessage(this.text("comments.unavailable"));
    this.releaseSpace();
  }

  // ---- the list

  /** @param {Page} page */
  #add(page) {
    this.#total = page.total;
    this.#cursor = page.next_cursor;
    // Skipping the rendering of comments outside of the screen is only worth its cost on a long page.
    this.list.classList.toggle("many", this.#loaded >= 200);
    this.#loaded += page.items.filter(({ id, deleted }) => !deleted && !this.shown.has(id)).length;
    for (const view of page.items) this.show(this.#writer?.currentView(view) ?? view, this.list);
    if (!this.#cursor) {
      // Their parents no longer exist.
      for (const orphans of [...this.#waiting.values()]) for (const view of orphans) this.show(view, this.ownAtTop, true);
    }
    this.showCount();
  }

  showCount() {
    // Own comments that are pending and placeholders of deleted ones are not counted, but they are shown.
    const uncounted = this.text(this.shown.size ? "comments" : "comments.none");
    this.#title.textContent = this.#total ? this.count("comments", this.#total) : uncounted;
    this.#select.hidden = this.shown.size < 2;
    this.#removeMoreButton();
    if (!this.#cursor) return;
    const counts = { n: this.number(this.#loaded), total: this.number(Math.max(this.#total, this.#loaded)) };
    this.#foot.prepend(
      this.button(this.text("comments.more"), () => this.#loadMore()),
      element("span", { class: "meta" }, this.text("comments.shown", counts)),
    );
  }

  /** Whether there are comments that are not loaded yet. */
  get hasMore() {
    return this.#cursor !== null;
  }

  /** @param {number} by how many public comments there are more */
  changeTotal(by) {
    this.#total += by;
    this.#loaded += by;
  }

  #removeMoreButton() {
    this.#foot.replaceChildren(this.status);
  }

  async #loadMore() {
    const cursor = this.#cursor;
    const request = this.#startRequest();
    this.showMessage(this.text("comments.loading"));
    for (const button of this.#foot.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    const hadFocus = this.#foot.contains(this.root.activeElement);
    try {
      const page = await this.#fetchPage(cursor, request);
      if (this.#request !== request) return;
      this.#add(page);
      this.showMessage("");
      // The focus moves to the first new comment.
      if (hadFocus) this.focusComment(page.items[0]?.id);
    } catch (error) {
      if (this.#request !== request) return;
      this.#removeMoreButton();
      this.#showError(error, () => this.#loadMore(), hadFocus);
    }
  }

  /**
   * Shows a comment, or updates it.
   *
   * @param {View} view
   * @param {HTMLOListElement} top the list of a comment that is not a reply
   * @param {boolean} [isOrphan] whether its parent no longer exists
   */
  show(view, top, isOrphan = false) {
    const above = view.parent_id ? this.shown.get(view.parent_id) : undefined;
    if (view.parent_id && !above && !isOrphan) {
      this.#waiting.set(view.parent_id, [...(this.#waiting.get(view.parent_id) ?? []), view]);
      // The newest comments come before those that they reply to.
      if (this.#order === "oldest") return;
    }
    const before = this.shown.get(view.id);
    /** @type {Shown} */
    const shown = before ?? {
      view,
      item: element("li", { class: "thread" }),
      replies: element("ol", { class: "replies", role: "list" }),
      depth: above ? above.depth + 1 : 0,
      isPending: false,
      form: null,
    };
    shown.view = view;
    if (above) shown.depth = above.depth + 1;
    shown.isPending = this.#writer?.isPending(view) ?? false;
    this.shown.set(view.id, shown);
    shown.item.replaceChildren(this.#comment(shown), shown.replies);
    const list = above?.replies ?? top;
    if (shown.item.parentElement !== list) this.#insert(shown.item, view.id, list, !above && this.#order === "newest");
    const replies = this.#waiting.get(view.id) ?? [];
    this.#waiting.delete(view.id);
    for (const reply of replies) this.show(reply, top);
  }

  /**
   * Inserts a comment into a list in the order of ids, which is that of their times.
   *
   * @param {HTMLLIElement} item
   * @param {string} id
   * @param {HTMLOListElement} list
   * @param {boolean} isDescending
   */
  #insert(item, id, list, isDescending) {
    item.dataset.comment = id;
    let before = list.lastElementChild;
    while (before instanceof HTMLElement && (before.dataset.comment ?? "") > id !== isDescending) before = before.previousElementSibling;
    if (before) before.after(item);
    else list.prepend(item);
  }

  /** @param {Shown} shown */
  #comment(shown) {
    const { view, isPending } = shown;
    const attributes = { class: "comment", part: "comment", tabindex: "-1", id: `comment-${view.id}` };
    if (view.deleted) return element("article", attributes, element("p", { class: "gone" }, this.text("comments.deleted")));
    const site = view.author.website && webUrl(view.author.website, "about:blank");
    const name = element("bdi", {}, view.author.name);
    const above = view.parent_id && shown.depth > INDENTED ? this.shown.get(view.parent_id) : null;
    const labelled = { "aria-labelledby": `by-${view.id}` };
    return element(
      "article",
      { ...attributes, ...labelled },
      avatar(view.author.avatar),
      element(
        "header",
        { class: "meta", part: "meta", id: `by-${view.id}` },
        element(
          "span",
          { class: "name", part: "name" },
          site ? element("a", { href: site, rel: "nofollow ugc noopener" }, name) : name,
        ),
        view.author.is_owner ? element("span", { class: "badge", part: "badge" }, this.text("comments.owner")) : null,
        element("a", { href: `#comment-${view.id}` }, this.timeAgo(view.created_at)),
        view.edited_at ? element("span", {}, this.text("comments.edited"), " ", this.timeAgo(view.edited_at)) : null,
        above && !above.view.deleted
          ? element("a", { href: `#comment-${above.view.id}` }, this.text("comments.answers.name", { name: above.view.author.name }))
          : null,
        view.parent_id && !this.shown.has(view.parent_id)
          ? element("a", { href: `#comment-${view.parent_id}` }, this.text("comments.answers"))
          : null,
      ),
      isPending ? element("p", { class: "pending", part: "pending" }, this.text("comments.pending")) : null,
      this.#content(view),
      this.tools(shown),
    );
  }

  /** @param {View} view */
  #content(view) {
    // The API sanitises it: no script, handler, style or form can be in it. No other text becomes markup here.
    const content = element("div", { class: "content", part: "content", dir: "auto" }, fragment(view.content_html));
    for (const wide of content.querySelectorAll("pre")) wide.setAttribute("tabindex", "0");
    return content;
  }

  /** @param {Shown} shown */
  redraw(shown) {
    shown.isPending = this.#writer?.isPending(shown.view) ?? false;
    this.partOf(shown, "")?.replaceWith(this.#comment(shown));
  }

  /**
   * @param {Shown} shown
   * @param {string} within a selector; empty for the comment itself
   */
  partOf(shown, within) {
    return shown.item.querySelector(`:scope > article ${within}`);
  }

  // ---- navigation

  /**
   * Scrolls to a comment and focuses it.
   *
   * @param {string | undefined} id
   */
  focusComment(id) {
    const shown = this.shown.get(id ?? "");
    const comment = shown && this.partOf(shown, "");
    if (!(comment instanceof HTMLElement)) return;
    comment.focus({ preventScroll: true });
    // Without smooth scrolling, because it may be thousands of comments away.
    comment.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  /** Shows the comment that the URL's fragment names, and loads pages until it is found. */
  async #showUrlTarget() {
    const id = /^#comment-([0-9A-Z]{26})$/.exec(location.hash)?.[1];
    if (!id || !this.#title.isConnected) return;
    const request = this.#cursor && !this.shown.has(id) ? this.#startRequest() : null;
    try {
      for (let pages = 0; this.#cursor && !this.shown.has(id) && pages < MAX_PAGES; pages += 1) {
        // Comments are in the order of their ids.
        const isNewest = this.#order === "newest";
        if (!request || [...this.shown.keys()].some((known) => known > id !== isNewest && !this.#writer?.isOwn(known))) break;
        this.showMessage(this.text("comments.loading"));
        const page = await this.#fetchPage(this.#cursor, request, this.maxLimit);
        if (this.#request !== request) return;
        this.#add(page);
      }
    } catch (error) {
      if (this.#request !== request) return;
      this.#removeMoreButton();
      this.#showError(error, () => this.#showUrlTarget());
      return;
    }
    this.showMessage(this.shown.has(id) ? "" : this.text("comments.missing"));
    this.focusComment(id);
  }

  // ---- status messages

  /**
   * @param {unknown} error
   * @param {() => Promise<void>} retry
   * @param {boolean} [hadFocus]
   */
  #showError(error, retry, hadFocus = false) {
    this.announceFailure("comments.failed", error);
    const button = this.retryButton(() => {
      button.remove();
      return retry();
    });
    this.#foot.append(button);
    if (hadFocus) button.focus();
  }

  /**
   * Shows a message. A live region must exist before its text changes, so it is never replaced.
   *
   * @param {string} text
   * @param {boolean} [isProblem]
   */
  showMessage(text, isProblem = false) {
    this.announce(text, isProblem ? "problem" : "");
  }
}

/**
 * Returns whether the browser has stored anything for a blog: a draft, or what the visitor wrote.
 *
 * @param {string} origin
 */
function hasStored(origin) {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith("kolom.") && key.includes(origin));
  } catch {
    return false;
  }
}

/** @param {string} text @returns {number} its part before the first character that is not a hexadecimal digit */
function hexadecimal(text) {
  return parseInt(/^[\da-f]*/i.exec(text)?.[0] ?? "", 16) || 0;
}

/**
 * Returns the avatar for an author's seed: a symmetric pattern of five by five squares. Pages draw the same
 * (`kolom/pages/avatar.py`).
 *
 * @param {string} seed
 */
export function avatar(seed) {
  const bits = hexadecimal(seed.slice(0, 7));
  const hue = hexadecimal(seed.slice(7, 10)) % 360;
  let path = "";
  for (let cell = 0; cell < 15; cell += 1) {
    if (!((bits >> cell) & 1)) continue;
    const [x, y] = [cell % 3, Math.trunc(cell / 3)];
    for (const column of new Set([x, 4 - x])) path += `M${column + 1.5} ${y + 1.5}h1v1h-1z`;
  }
  // The markup contains only numbers.
  return fragment(`<svg class="avatar" part="avatar" viewBox="0 0 8 8" aria-hidden="true">
    <path fill="hsl(${hue} 45% 52%)" d="${path}"/></svg>`);
}

if (!customElements.get("kolom-comments")) customElements.define("kolom-comments", KolomComments);
