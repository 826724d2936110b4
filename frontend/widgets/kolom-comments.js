// @ts-check
/**
 * `<kolom-comments>`: the comments of an article, and the form for more of them, on any page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-comments.js"></script>
 *     <kolom-comments api="https://blog.example" article="a-slug">What is shown without JavaScript</kolom-comments>
 *
 * Attributes: `api` (the blog's origin; the page's own without it), `article` (the slug), `limit` (how many are loaded
 * at once, 1 to 100), `open` (`true` or `false`: whether it takes comments; asked of the API without it), `edit-minutes`
 * (the stack's `EditMinutes`, 15), `heading` (the level of the title, 2 to 5). `lang` of the nearest element chooses the
 * words. Children are shown until the API has answered, and stay if it does not.
 * Events: `kolom-load` after every answer (`detail`: the answer), `kolom-error` (`detail`: the error), `kolom-sent`
 * after a comment was taken (`detail`: `id`, `status`).
 * Style: the custom properties and parts of docs/embed.md.
 *
 * @module
 */

import { ApiError, KolomElement, avatar, element, fragment, webAddress } from "./kolom-element.js";
import { FORM_STYLES, KolomForm, memory } from "./kolom-form.js";

/**
 * @typedef {{id: string, parent_id: string | null, content_html: string, created_at: string, edited_at: string | null,
 *   deleted: boolean, author: {name: string, website: string | null, avatar: string, is_owner: boolean}}} View
 * @typedef {{items: View[], total: number, next_cursor: string | null}} Page
 * @typedef {{slug: string, token: string | null, until: number, at: number, isApproved: boolean,
 *   view: View | null, source: string | null}} Own a comment that was written here: until when it may be changed, what
 *   was typed, and how it looks while the API does not show it; without a token it cannot be changed
 * @typedef {{view: View, item: HTMLLIElement, replies: HTMLOListElement, depth: number, isPending: boolean,
 *   form: KolomForm | null}} Shown
 */

const STYLES = `
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
.badge { padding: .05em .5em; border: 1px solid currentColor; border-radius: 1em; font-weight: 600; }
.pending { margin: .3em 0; padding: .35em .7em; border-inline-start: 3px solid var(--kolom-accent, currentColor); background: var(--kolom-shade, #8881); font-size: .875em; }
.gone { margin: 0; color: var(--kolom-soft, inherit); font-style: italic; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1em; font-size: .875em; }
.tools button { min-block-size: 28px; padding: .2em 0; border: 0; color: var(--kolom-soft, inherit); text-underline-offset: .25em; }
.tools button:hover { color: inherit; text-decoration: underline; }
.comment > .form + .tools button { display: none; }
.tools span { color: var(--kolom-soft, inherit); font-variant-numeric: tabular-nums; }
.thread > .form, .comment > .form { margin-block: .9em .5em; padding: 1em; background: var(--kolom-shade, #8881); border-radius: var(--kolom-radius, 4px); }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: .75em 1.25em; margin-block: .75em 0; }
.foot .problem { order: -1; flex-basis: 100%; }
.foot .status:empty { display: none; }
.write { margin-block-start: 2em; padding-block-start: 1.5em; border-block-start: 1px solid var(--kolom-line, #8886); }
.write :is(h3, h4, h5, h6) { margin-block-end: .8em; font-size: 1.1em; }
`;

const PAGE = "100";
const MAX_PAGES = 40;
const MAX_DEPTH = 60;
const INDENTED = 4;
const DAY_MS = 86_400_000;
const KEPT_DAYS = 30;
const KEPT_OWN = 200;
/** How long the API may be behind: its index follows after a second, the edge's copy after ten. */
const BEHIND_MS = 120_000;

export class KolomComments extends KolomElement {
  static observedAttributes = ["api", "article", "limit", "open", "edit-minutes", "heading"];

  #slot = element("slot", {});
  #main = element("div", {});
  #title = this.heading(0, {});
  #list = element("ol", { class: "list", part: "list", role: "list" });
  /** One's own that the pages loaded so far do not hold. */
  #mine = element("ol", { class: "list", part: "list", role: "list" });
  #foot = element("div", { class: "foot", part: "foot" }, this.status);
  #write = element("section", { class: "write", part: "write" });

  /** @type {Map<string, Shown>} */
  #shown = new Map();
  /** Replies whose comment is not there yet, by its id. @type {Map<string, View[]>} */
  #waiting = new Map();
  /** @type {Record<string, Own>} */
  #own = {};
  /** @type {AbortController | null} */
  #request = null;
  /** @type {string | null} */
  #cursor = null;
  #total = 0;
  #loaded = 0;
  #isOpen = false;
  /** The form at the end, and the one within the thread. @type {KolomForm | null} */
  #form = null;
  /** @type {{form: KolomForm, close: () => void} | null} */
  #inner = null;
  /** @type {ReturnType<typeof setInterval>[]} */
  #timers = [];
  #onHash = () => void this.#followAddress();

  constructor() {
    super(FORM_STYLES + STYLES);
    this.root.append(this.#slot, this.#main, this.#foot, this.#write);
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#onHash);
    this.#timers = [setInterval(() => this.#tick(), 1000), setInterval(() => this.refreshTimes(), 60_000)];
  }

  disconnectedCallback() {
    this.#request?.abort();
    this.#request = null;
    window.removeEventListener("hashchange", this.#onHash);
    for (const timer of this.#timers) clearInterval(timer);
    this.#form?.close();
    this.#inner?.close();
  }

  /** Loads again what the attributes say. @override */
  async reload() {
    this.#inner?.close();
    this.#form?.close();
    this.#shown.clear();
    this.#waiting.clear();
    this.#loaded = 0;
    this.#own = this.#recall();
    this.#offerNoMore();
    if (!this.#slug) return;
    this.#say(this.text("comments.loading"));
    const request = this.#begin();
    try {
      const [page, isOpen] = await Promise.all([this.#ask(null, request), this.#askOpen(request)]);
      if (this.#request !== request) return;
      this.#isOpen = isOpen;
      this.#swap();
      this.#add(page);
      this.#showMine();
      this.#showForm();
      this.#say("");
      await this.#followAddress();
    } catch (error) {
      if (this.#request !== request) return;
      if (error instanceof ApiError && error.isMissing) this.#close();
      else this.#fail(() => this.reload());
    }
  }

  get #slug() {
    return this.getAttribute("article") ?? "";
  }

  get #path() {
    return `/api/articles/${encodeURIComponent(this.#slug)}/comments`;
  }

  /** @param {string} name */
  #key(name) {
    return `kolom.${name}:${this.api}`;
  }

  #begin() {
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
  #ask(cursor, request, limit = this.getAttribute("limit") || PAGE) {
    const query = new URLSearchParams({ limit, ...(cursor ? { cursor } : {}) });
    return this.ask(`${this.#path}?${query}`, { signal: request.signal });
  }

  /**
   * Whether the article takes comments. Beside `<kolom-articles>` a browser has the answer already.
   *
   * @param {AbortController} request
   * @returns {Promise<boolean>}
   */
  async #askOpen(request) {
    const known = this.getAttribute("open");
    if (known) return known !== "false";
    try {
      const article = await this.ask(`/api/articles/${encodeURIComponent(this.#slug)}`, { signal: request.signal });
      return /** @type {{comments_open: boolean}} */ (article).comments_open;
    } catch (error) {
      // Who posts will be told.
      return !(error instanceof ApiError && error.isMissing);
    }
  }

  /** What the page had for readers without JavaScript gives way. */
  #swap() {
    this.#slot.remove();
    this.#list.replaceChildren();
    this.#mine.replaceChildren();
    this.#title = this.heading(0, { class: "title", part: "title", tabindex: "-1" });
    this.#main.replaceChildren(this.#title, this.#list);
    this.#foot.after(this.#mine);
  }

  /** The article is not there, or no longer. */
  #close() {
    this.#isOpen = false;
    this.#slot.remove();
    this.#main.replaceChildren();
    this.#write.replaceChildren();
    this.#mine.replaceChildren();
    this.#say(this.text("comments.closed"));
  }

  // ---- the list

  /** @param {Page} page */
  #add(page) {
    this.#total = page.total;
    this.#cursor = page.next_cursor;
    // Only a long page is worth what it costs a browser to leave out what is not seen.
    this.#list.classList.toggle("many", this.#loaded >= 200);
    this.#loaded += page.items.filter(({ id, deleted }) => !deleted && !this.#shown.has(id)).length;
    for (const view of page.items) this.#show(this.#settled(view), this.#list);
    if (!this.#cursor) {
      // Their comment is gone for good.
      for (const orphans of [...this.#waiting.values()]) for (const view of orphans) this.#show(view, this.#mine, true);
    }
    this.#showCount();
  }

  #showCount() {
    this.#title.textContent = this.#total ? this.count("comments", this.#total) : this.text("comments.none");
    this.#offerNoMore();
    if (!this.#cursor) return;
    const counts = { n: this.number(this.#loaded), total: this.number(Math.max(this.#total, this.#loaded)) };
    this.#foot.prepend(
      this.button(this.text("comments.more"), () => this.#loadMore()),
      element("span", { class: "meta" }, this.text("comments.shown", counts)),
    );
  }

  #offerNoMore() {
    this.#foot.replaceChildren(this.status);
  }

  async #loadMore() {
    const cursor = this.#cursor;
    const request = this.#begin();
    this.#say(this.text("comments.loading"));
    for (const button of this.#foot.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    const hadFocus = this.#foot.contains(this.root.activeElement);
    try {
      const page = await this.#ask(cursor, request);
      if (this.#request !== request) return;
      this.#add(page);
      this.#say("");
      // Whoever asked for more goes on reading there.
      if (hadFocus) this.#lead(page.items[0]?.id);
    } catch {
      if (this.#request !== request) return;
      this.#offerNoMore();
      this.#fail(() => this.#loadMore(), hadFocus);
    }
  }

  /**
   * Shows a comment, or shows it anew.
   *
   * @param {View} view
   * @param {HTMLOListElement} top where it stands if it answers no other
   * @param {boolean} [isOrphan] whether the comment that it answers will not come
   */
  #show(view, top, isOrphan = false) {
    const above = view.parent_id ? this.#shown.get(view.parent_id) : undefined;
    if (view.parent_id && !above && !isOrphan) {
      this.#waiting.set(view.parent_id, [...(this.#waiting.get(view.parent_id) ?? []), view]);
      return;
    }
    const before = this.#shown.get(view.id);
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
    shown.isPending = this.#isPending(view);
    this.#shown.set(view.id, shown);
    shown.item.replaceChildren(this.#comment(shown), shown.replies);
    const list = above?.replies ?? top;
    if (shown.item.parentElement !== list) list.append(shown.item);
    const replies = this.#waiting.get(view.id) ?? [];
    this.#waiting.delete(view.id);
    for (const reply of replies) this.#show(reply, top);
  }

  /** @param {Shown} shown */
  #comment(shown) {
    const { view, isPending } = shown;
    const attributes = { class: "comment", part: "comment", tabindex: "-1", id: `comment-${view.id}` };
    if (view.deleted) return element("article", attributes, element("p", { class: "gone" }, this.text("comments.deleted")));
    const site = view.author.website && webAddress(view.author.website, "about:blank");
    const name = element("bdi", {}, view.author.name);
    const above = view.parent_id && shown.depth > INDENTED ? this.#shown.get(view.parent_id) : null;
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
      ),
      isPending ? element("p", { class: "pending", part: "pending" }, this.text("comments.pending")) : null,
      // The API sanitises it: no script, handler, style or form can be in it. Nothing else ever becomes markup here.
      element("div", { class: "content", part: "content", dir: "auto" }, fragment(view.content_html)),
      this.#tools(shown),
    );
  }

  /** @param {Shown} shown */
  #tools(shown) {
    const { view } = shown;
    const tools = element("div", { class: "tools", part: "actions" });
    if (this.#isOpen && !shown.isPending && shown.depth < MAX_DEPTH) {
      const label = { "aria-label": this.text("comments.reply.to", { name: view.author.name }) };
      tools.append(this.button(this.text("comments.reply"), () => this.#openReply(shown), label));
    }
    const own = this.#own[view.id];
    if (own && own.until > Date.now()) {
      tools.append(
        this.button(this.text("comments.edit"), () => this.#openEdit(shown)),
        this.button(this.text("comments.delete"), () => this.#askRemove(shown, tools)),
        element("span", { "data-until": String(own.until), "data-id": view.id }, this.#left(own.until)),
      );
    }
    return tools;
  }

  // ---- one's own

  /** What is known here of one's own comments; what nobody needs any longer is forgotten. */
  #recall() {
    /** @type {[string, Own][]} */
    const known = Object.entries(memory.get(this.#key("comments")) ?? {});
    for (const [, own] of known) {
      if (own.until < Date.now()) own.source = null;
      if (Date.now() - own.at > (own.isApproved ? BEHIND_MS : KEPT_DAYS * DAY_MS)) own.view = null;
    }
    return Object.fromEntries(known.sort(([, one], [, other]) => other.at - one.at).slice(0, KEPT_OWN));
  }

  #remember() {
    memory.set(this.#key("comments"), this.#own);
  }

  /**
   * The view to show for what the API shows: of one's own, the newer one, until the API has it.
   *
   * @param {View} view
   */
  #settled(view) {
    const own = this.#own[view.id];
    if (!own) return view;
    // Before an edit reaches the index, the API shows the text of before; while it waits, at most a tombstone.
    if (own.view && (view.deleted || own.view.edited_at !== view.edited_at)) return own.view;
    if (view.deleted) delete this.#own[view.id];
    else [own.view, own.isApproved] = [null, true];
    this.#remember();
    return view;
  }

  /** @param {View} view whether only its author sees it */
  #isPending({ id }) {
    return Boolean(this.#own[id]?.view && !this.#own[id].isApproved);
  }

  /** Shows what the API does not, or not yet. */
  #showMine() {
    for (const [id, own] of Object.entries(this.#own).reverse()) {
      if (own.slug === this.#slug && own.view && !this.#shown.has(id)) this.#show(own.view, this.#mine, !this.#cursor);
    }
  }

  /** @param {number} until */
  #left(until) {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const time = `${Math.trunc(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return this.text("comments.left", { time });
  }

  /** Counts down how long one's own may be changed. */
  #tick() {
    for (const note of this.root.querySelectorAll("[data-until]")) {
      const until = Number(note.getAttribute("data-until"));
      note.textContent = this.#left(until);
      if (until > Date.now()) continue;
      const shown = this.#shown.get(note.getAttribute("data-id") ?? "");
      const tools = note.parentElement;
      if (!shown || !tools) continue;
      const hadFocus = tools.contains(this.root.activeElement);
      tools.replaceWith(this.#tools(shown));
      if (shown.form) this.#say(this.text("comments.late"), true);
      if (hadFocus) this.#lead(shown.view.id);
    }
  }

  // ---- forms

  #showForm() {
    this.#form = null;
    if (!this.#isOpen) {
      this.#write.replaceChildren(element("p", { class: "status", part: "status" }, this.text("comments.closed")));
      return;
    }
    const form = this.#postForm(null);
    const heading = this.heading(1, { id: "write" }, this.text("comments.write"));
    form.node.setAttribute("aria-labelledby", "write");
    this.#write.replaceChildren(heading, form.node);
    this.#form = form;
    // The page's own form may answer a comment.
    const plain = this.querySelector("form");
    const parent = plain?.querySelector("[name=parent_id]");
    const answered = parent instanceof HTMLInputElement && this.#shown.get(parent.value);
    if (answered) this.#openReply(answered);
    (answered && this.#inner ? this.#inner.form : form).adopt(plain);
  }

  /**
   * @param {View | null} parent the comment to answer
   * @param {() => void} [cancel]
   */
  #postForm(parent, cancel) {
    const known = memory.get(this.#key("visitor"));
    /** @type {import("./kolom-form.js").Wish[]} */
    const fields = [
      { name: "content", kind: "long", label: this.text("comment.content"), isRequired: true, isDrafted: true },
      { name: "name", isRequired: true, value: known?.name },
      { name: "email", hint: this.text("comment.email.hint"), value: known?.email },
      { name: "website", value: known?.website },
      { name: "notify_replies", kind: "check", label: this.text("comments.notify"), when: "email" },
      { name: "remember", kind: "check", label: this.text("comments.remember"), value: Boolean(known) },
    ];
    return new KolomForm(this, {
      fields,
      draft: `${this.#key("draft")}/${this.#slug}${parent ? `#${parent.id}` : ""}`,
      isGuarded: true,
      isMarkdown: true,
      ...(cancel ? { cancel } : {}),
      send: ({ remember, ...values }, headers) => this.#post(parent ? { ...values, parent_id: parent.id } : values, headers),
      done: (answer, values) => this.#posted(answer, values),
      explain: (error) => this.#explain(error),
    });
  }

  /**
   * Posts a comment. Whoever had one approved proves it by that one's token.
   *
   * @param {Record<string, unknown>} comment
   * @param {Record<string, string>} headers
   * @returns {Promise<unknown>}
   */
  async #post(comment, headers) {
    const proof = Object.values(this.#own).find((own) => own.isApproved && own.token);
    const bearer = proof ? { ...headers, Authorization: `Bearer ${proof.token}` } : headers;
    try {
      return await this.ask(this.#path, { method: "POST", body: JSON.stringify(comment), headers: bearer });
    } catch (error) {
      if (!proof || !(error instanceof ApiError && error.isForbidden)) throw error;
      // The site's secret has changed: its old tokens are worth nothing.
      proof.isApproved = false;
      this.#remember();
      return this.#post(comment, headers);
    }
  }

  /**
   * @param {{comment: View, status: "approved" | "pending", edit_token: string | null}} answer
   * @param {import("./kolom-form.js").Values} values
   */
  #posted({ comment, status, edit_token }, values) {
    const { name, email, website } = values;
    memory.set(this.#key("visitor"), values.remember ? { name, email, website } : null);
    const minutes = Number(this.getAttribute("edit-minutes") ?? 15);
    const isApproved = status === "approved";
    const now = Date.now();
    this.#own = {
      [comment.id]: {
        slug: this.#slug,
        token: edit_token,
        until: edit_token ? now + minutes * 60_000 : 0,
        at: now,
        isApproved,
        view: comment,
        source: String(values.content),
      },
      ...this.#recall(),
    };
    this.#remember();
    this.#inner?.close();
    this.#show(comment, this.#cursor ? this.#mine : this.#list, true);
    if (isApproved) {
      this.#total += 1;
      this.#loaded += 1;
      this.#showCount();
    }
    this.#say(this.text(isApproved ? "comments.published" : "comments.waits"));
    this.#lead(comment.id);
    this.tell("kolom-sent", { id: comment.id, status });
  }

  /** @param {ApiError} error */
  #explain(error) {
    if (error.refuses("parent_id")) return this.text("form.error.parent_id");
    return error.isMissing || error.status === 409 ? this.text("comments.closed") : null;
  }

  /**
   * Opens a form within the thread, one at a time: what was written in another is kept.
   *
   * @param {Shown} shown
   * @param {(close: () => void) => KolomForm} make
   * @param {(form: KolomForm) => void} place
   */
  #open(shown, make, place) {
    this.#inner?.close();
    const close = () => {
      form.close();
      form.node.remove();
      const wasEdited = shown.form !== null;
      shown.form = null;
      this.#inner = null;
      if (wasEdited) this.#update(shown);
    };
    const form = make(() => {
      close();
      this.#update(shown);
      this.#lead(shown.view.id);
    });
    this.#inner = { form, close };
    place(form);
    form.focus();
  }

  /** @param {Shown} shown */
  #openReply(shown) {
    this.#open(
      shown,
      (close) => this.#postForm(shown.view, close),
      ({ node }) => {
        node.setAttribute("aria-label", this.text("comments.reply.to", { name: shown.view.author.name }));
        shown.item.firstElementChild?.after(node);
      },
    );
  }

  /** @param {Shown} shown */
  #openEdit(shown) {
    const { id } = shown.view;
    const own = this.#own[id];
    if (!own) return;
    const path = `${this.#path}/${encodeURIComponent(id)}`;
    const authorization = { Authorization: `Bearer ${own.token}` };
    this.#open(
      shown,
      (close) =>
        new KolomForm(this, {
          fields: [
            { name: "content", kind: "long", label: this.text("comment.content"), isRequired: true, isDrafted: true, value: own.source ?? "" },
          ],
          submit: this.text("comments.save"),
          draft: `${this.#key("draft")}/${this.#slug}#${id}#edit`,
          isMarkdown: true,
          cancel: close,
          send: async ({ content }, headers) =>
            this.ask(path, { method: "PATCH", body: JSON.stringify({ content }), headers: { ...headers, ...authorization } }),
          done: (view, values) => this.#edited(view, String(values.content)),
          explain: (error) => (error.isForbidden ? this.text("comments.late") : this.#explain(error)),
        }),
      (form) => {
        shown.form = form;
        form.node.setAttribute("aria-label", this.text("comments.edit"));
        this.#part(shown, ".content")?.replaceWith(form.node);
      },
    );
  }

  /**
   * @param {View} view
   * @param {string} source
   */
  #edited(view, source) {
    const own = this.#own[view.id];
    this.#inner?.close();
    if (own) Object.assign(own, { view, source, isApproved: false, at: Date.now() });
    this.#remember();
    this.#show(view, this.#list, true);
    this.#say(this.text("comments.saved"));
    this.#lead(view.id);
    // The API does not say whether others have to wait for the new text, but it shows it to them or not.
    setTimeout(() => void this.#check(view.id), 2_500);
  }

  /** @param {string} id */
  async #check(id) {
    const query = new URLSearchParams({ order: "newest", limit: PAGE });
    /** @type {Page | null} */
    const page = await this.ask(`${this.#path}?${query}`, { cache: "no-cache" }).catch(() => null);
    const found = page?.items.find((view) => view.id === id);
    const shown = this.#shown.get(id);
    if (!found || !shown || shown.form || this.#settled(found) !== found) return;
    const hadFocus = this.root.activeElement === this.#part(shown, "");
    shown.view = found;
    this.#update(shown);
    if (hadFocus) this.#lead(id);
  }

  /**
   * @param {Shown} shown
   * @param {HTMLElement} tools
   */
  #askRemove(shown, tools) {
    const keep = this.button(this.text("comments.delete.keep"), async () => {
      this.#update(shown);
      this.#lead(shown.view.id);
    });
    const remove = this.button(this.text("comments.delete"), () => this.#remove(shown, remove));
    tools.replaceChildren(element("strong", { id: `sure-${shown.view.id}` }, this.text("comments.delete.question")), remove, keep);
    remove.setAttribute("aria-describedby", `sure-${shown.view.id}`);
    remove.focus();
  }

  /**
   * @param {Shown} shown
   * @param {HTMLButtonElement} button
   */
  async #remove(shown, button) {
    const { id } = shown.view;
    const own = this.#own[id];
    if (!own) return;
    button.setAttribute("aria-disabled", "true");
    try {
      const headers = { Authorization: `Bearer ${own.token}` };
      await this.ask(`${this.#path}/${encodeURIComponent(id)}`, { method: "DELETE", headers });
    } catch (error) {
      const refusal = error instanceof ApiError ? error : null;
      if (!refusal?.isMissing) {
        button.removeAttribute("aria-disabled");
        this.#say(refusal?.isForbidden ? this.text("comments.late") : this.text("comments.failed"), true);
        return;
      }
    }
    if (!shown.isPending) {
      this.#total -= 1;
      this.#loaded -= 1;
    }
    delete this.#own[id];
    this.#remember();
    if (this.#inner?.form === shown.form) this.#inner?.close();
    const next = /** @type {HTMLElement | null} */ (shown.item.nextElementSibling ?? shown.item.previousElementSibling);
    if (shown.replies.children.length) {
      shown.view = { ...shown.view, deleted: true };
      this.#update(shown);
    } else {
      this.#shown.delete(id);
      shown.item.remove();
    }
    this.#showCount();
    this.#say(this.text("comments.delete.done"));
    const target = shown.item.isConnected ? shown.item : next;
    const focused = /** @type {HTMLElement} */ (target?.firstElementChild ?? this.#title);
    focused.focus();
  }

  /** @param {Shown} shown */
  #update(shown) {
    shown.isPending = this.#isPending(shown.view);
    this.#part(shown, "")?.replaceWith(this.#comment(shown));
  }

  /**
   * @param {Shown} shown
   * @param {string} within a selector; the comment itself without one
   */
  #part(shown, within) {
    return shown.item.querySelector(`:scope > article ${within}`);
  }

  // ---- finding one's way

  /**
   * Leads eyes and keyboard to a comment.
   *
   * @param {string | undefined} id
   */
  #lead(id) {
    const shown = this.#shown.get(id ?? "");
    const comment = shown && this.#part(shown, "");
    if (!(comment instanceof HTMLElement)) return;
    comment.focus({ preventScroll: true });
    // At once: it may be thousands of comments away.
    comment.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  /** Shows the comment that the page's address names, and loads until it is there. */
  async #followAddress() {
    const id = /^#comment-([0-9A-Z]{26})$/.exec(location.hash)?.[1];
    if (!id || !this.#title.isConnected) return;
    const request = this.#cursor && !this.#shown.has(id) ? this.#begin() : null;
    try {
      for (let pages = 0; this.#cursor && !this.#shown.has(id) && pages < MAX_PAGES; pages += 1) {
        // They come by age, and so do their ids.
        if (!request || [...this.#shown.keys()].some((known) => known > id && !this.#own[known])) break;
        this.#say(this.text("comments.loading"));
        const page = await this.#ask(this.#cursor, request, PAGE);
        if (this.#request !== request) return;
        this.#add(page);
      }
    } catch {
      if (this.#request !== request) return;
      this.#offerNoMore();
      this.#fail(() => this.#followAddress());
      return;
    }
    this.#say(this.#shown.has(id) ? "" : this.text("comments.missing"));
    this.#lead(id);
  }

  // ---- telling

  /**
   * @param {() => Promise<void>} retry
   * @param {boolean} [hadFocus]
   */
  #fail(retry, hadFocus = false) {
    this.#say(this.text("comments.failed"), true);
    const button = this.retryButton(() => {
      button.remove();
      return retry();
    });
    this.#foot.append(button);
    if (hadFocus) button.focus();
  }

  /**
   * A live region must be in the page before its text changes, so it stays the same.
   *
   * @param {string} text
   * @param {boolean} [isProblem]
   */
  #say(text, isProblem = false) {
    this.announce(text, isProblem ? "problem" : "");
  }
}

if (!customElements.get("kolom-comments")) customElements.define("kolom-comments", KolomComments);
