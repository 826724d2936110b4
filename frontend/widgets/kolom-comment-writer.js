// @ts-check
/**
 * What visitors write: the forms of `<kolom-comments>`, and the comments that were written in this browser, with their edits,
 * their deletion, and their display until the API shows them.
 *
 * @module
 */

import { ApiError, element } from "./kolom-element.js";
import { DAY_MS, FORM_STYLES, KolomForm, storage } from "./kolom-form.js";

/**
 * @typedef {import("./kolom-comments.js").KolomComments} Host
 * @typedef {import("./kolom-comments.js").View} View
 * @typedef {import("./kolom-comments.js").Page} Page
 * @typedef {import("./kolom-comments.js").Shown} Shown
 * @typedef {{slug: string, token: string | null, until: number, at: number, isApproved: boolean,
 *   view: View | null, source: string | null}} Own a comment written in this browser. It may be edited until the time
 *   `until`, with its token. `source` is its source text, `view` is null as soon as the API shows the comment
 */

const STYLES = `
.pending { margin: .3em 0; padding: .35em .7em; border-inline-start: 3px solid var(--kolom-accent, currentColor); background: var(--kolom-shade, #8881); color: var(--kolom-ink, var(--on-shade, inherit)); font-size: .875em; }
.comment > .form + .tools button { display: none; }
.tools span { color: var(--kolom-soft, inherit); font-variant-numeric: tabular-nums; }
.thread > .form, .comment > .form { margin-block: .9em .5em; padding: 1em; background: var(--kolom-shade, #8881); color: var(--kolom-ink, var(--on-shade, inherit)); border-radius: var(--kolom-radius, 4px); }
.preview { padding: .9em 1em; border: 1px dashed var(--kolom-line, currentColor); border-radius: var(--kolom-radius, 4px); min-inline-size: 0; overflow-wrap: anywhere; }
.preview > .meta { margin-block-end: .6em; }
`;

const KEPT_DAYS = 30;
const KEPT_OWN = 200;
/** After this time, the API certainly shows an approved comment: its index lags by about 1 s, the CDN's cache by 10 s. */
const BEHIND_MS = 120_000;

export class CommentWriter {
  #host;
  /** @type {Record<string, Own>} */
  #own = {};
  /** The form at the end, and the open form within the thread. @type {KolomForm | null} */
  #form = null;
  /** @type {{form: KolomForm, close: () => void} | null} */
  #innerForm = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    host.addStyles(FORM_STYLES + STYLES);
  }

  /** Stops the timers of the forms, and closes the one within the thread. */
  close() {
    this.#form?.close();
    this.#innerForm?.close();
  }

  /** @param {string} name */
  #key(name) {
    return `kolom.${name}:${this.#host.origin}`;
  }

  // ---- own comments

  /** Loads the own comments from the browser's storage. */
  load() {
    this.#own = this.#loadOwn();
  }

  /** Returns the own comments in the browser's storage without those that are no longer needed. */
  #loadOwn() {
    /** @type {[string, Own][]} */
    const known = Object.entries(storage.get(this.#key("comments")) ?? {});
    for (const [, own] of known) {
      if (own.until < Date.now()) own.source = null;
      if (Date.now() - own.at > (own.isApproved ? BEHIND_MS : KEPT_DAYS * DAY_MS)) own.view = null;
    }
    return Object.fromEntries(known.sort(([, one], [, other]) => other.at - one.at).slice(0, KEPT_OWN));
  }

  #saveOwn() {
    storage.set(this.#key("comments"), this.#own);
  }

  /**
   * Returns the view to show. For an own comment, this is the local view until the API shows the same.
   *
   * @param {View} view
   */
  currentView(view) {
    const own = this.#own[view.id];
    if (!own) return view;
    // Until an edit is indexed, the API shows the old text. While an edit is pending, it shows at most a tombstone.
    if (own.view && (view.deleted || own.view.edited_at !== view.edited_at)) return own.view;
    if (view.deleted) delete this.#own[view.id];
    else [own.view, own.isApproved] = [null, true];
    this.#saveOwn();
    return view;
  }

  /** @param {string} id @returns {boolean} whether the comment was written in this browser */
  isOwn(id) {
    return id in this.#own;
  }

  /** @param {View} view @returns {boolean} whether only its author sees it */
  isPending({ id }) {
    return Boolean(this.#own[id]?.view && !this.#own[id].isApproved);
  }

  /** Shows own comments that the API does not show yet. */
  showOwn() {
    for (const [id, own] of Object.entries(this.#own).reverse()) {
      const isMissing = own.slug === this.#host.slug && own.view && !this.#host.shown.has(id);
      if (isMissing && own.view) this.#host.show(own.view, this.#host.ownAtTop, !this.#host.hasMore);
    }
  }

  /** @param {number} until */
  #remainingTime(until) {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const time = `${Math.trunc(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return this.#host.text("comments.left", { time });
  }

  /** Updates the remaining time for edits. */
  updateRemainingTimes() {
    for (const note of this.#host.root.querySelectorAll("[data-until]")) {
      const until = Number(note.getAttribute("data-until"));
      note.textContent = this.#remainingTime(until);
      if (until > Date.now()) continue;
      const shown = this.#host.shown.get(note.getAttribute("data-id") ?? "");
      const tools = note.parentElement;
      if (!shown || !tools) continue;
      const hadFocus = tools.contains(this.#host.root.activeElement);
      tools.replaceWith(this.#host.tools(shown));
      if (shown.form) this.#host.showMessage(this.#host.text("comments.late"), true);
      if (hadFocus) this.#host.focusComment(shown.view.id);
    }
  }

  // ---- forms

  /**
   * Adds the controls of an own comment, as long as it may be edited.
   *
   * @param {Shown} shown
   * @param {HTMLElement} tools
   */
  addTools(shown, tools) {
    const own = this.#own[shown.view.id];
    if (!own || own.until <= Date.now()) return;
    tools.append(
      this.#host.button(this.#host.text("comments.edit"), () => this.#openEdit(shown)),
      this.#host.button(this.#host.text("comments.delete"), () => this.#confirmDelete(shown, tools)),
      element("span", { "data-until": String(own.until), "data-id": shown.view.id }, this.#remainingTime(own.until)),
    );
  }

  /**
   * Completes the form at the end, in which somebody may be writing, unless it is complete. Of a form that is no longer
   * shown, the text becomes a draft.
   *
   * @param {HTMLFormElement | null} node
   */
  completeForm(node) {
    const draft = node?.dataset.draft;
    if (!node || !draft) return;
    delete node.dataset.draft;
    const form = this.#postForm(null, { node, draft: `kolom.draft:${draft}` });
    if (!node.isConnected) return;
    this.#form = form;
    // The page's own form may be a reply to a comment.
    const plain = this.#host.querySelector("form");
    const parent = plain?.querySelector("[name=parent_id]");
    const answered = parent instanceof HTMLInputElement && this.#host.shown.get(parent.value);
    if (answered) this.openReply(answered);
    (answered && this.#innerForm ? this.#innerForm.form : form).copyInput(plain);
  }

  /**
   * @param {View | null} parent the comment to reply to
   * @param {{node: HTMLFormElement, draft: string} | {cancel: () => void}} options
   */
  #postForm(parent, options) {
    const known = storage.get(this.#key("visitor"));
    /** @type {import("./kolom-form.js").FieldOptions[]} */
    const fields = [
      { ...this.#host.contentField, isDrafted: true },
      { name: "name", isRequired: true, value: known?.name },
      { name: "email", hint: this.#host.text("comment.email.hint"), value: known?.email },
      { name: "website", value: known?.website },
      { name: "notify_replies", kind: "check", label: this.#host.text("comments.notify"), when: "email" },
      { name: "remember", kind: "check", label: this.#host.text("comments.remember"), value: Boolean(known) },
    ];
    return new KolomForm(this.#host, {
      fields,
      draft: `${this.#key("draft")}/${this.#host.slug}${parent ? `#${parent.id}` : ""}`,
      isGuarded: true,
      isMarkdown: true,
      ...options,
      send: ({ remember, ...values }, headers) => this.#post(parent ? { ...values, parent_id: parent.id } : values, headers),
      done: (answer, values) => this.#onPosted(answer, values),
      explain: (error) => this.#explain(error),
    });
  }

  /**
   * Posts a comment. The edit token of an approved comment shows that its author is trusted.
   *
   * @param {Record<string, unknown>} comment
   * @param {Record<string, string>} headers
   * @returns {Promise<unknown>}
   */
  async #post(comment, headers) {
    const trusted = Object.values(this.#own).find((own) => own.isApproved && own.token);
    const allHeaders = trusted ? { ...headers, Authorization: `Bearer ${trusted.token}` } : headers;
    try {
      return await this.#host.fetchJson(this.#host.path, { method: "POST", body: JSON.stringify(comment), headers: allHeaders });
    } catch (error) {
      if (!trusted || !(error instanceof ApiError && error.isForbidden)) throw error;
      // After the site's secret was replaced, old tokens are invalid.
      trusted.isApproved = false;
      this.#saveOwn();
      return this.#post(comment, headers);
    }
  }

  /**
   * @param {{comment: View, status: "approved" | "pending", edit_token: string | null}} answer
   * @param {import("./kolom-form.js").Values} values
   */
  #onPosted({ comment, status, edit_token }, values) {
    const { name, email, website } = values;
    storage.set(this.#key("visitor"), values.remember ? { name, email, website } : null);
    const minutes = Number(this.#host.getAttribute("edit-minutes") ?? 15);
    const isApproved = status === "approved";
    const now = Date.now();
    this.#own = {
      [comment.id]: {
        slug: this.#host.slug,
        token: edit_token,
        until: edit_token ? now + minutes * 60_000 : 0,
        at: now,
        isApproved,
        view: comment,
        source: String(values.content),
      },
      ...this.#loadOwn(),
    };
    this.#saveOwn();
    this.#innerForm?.close();
    this.#host.show(comment, this.#host.hasMore ? this.#host.ownAtTop : this.#host.list, true);
    if (isApproved) {
      this.#host.changeTotal(1);
    }
    this.#host.showCount();
    this.#host.showMessage(this.#host.text(isApproved ? "comments.published" : "comments.waits"));
    this.#host.focusComment(comment.id);
    this.#host.emit("kolom-sent", { id: comment.id, status });
  }

  /** @param {ApiError} error */
  #explain(error) {
    if (error.isAbout("parent_id")) return this.#host.text("form.error.parent_id");
    return error.isNotFound || error.status === 409 ? this.#host.text("comments.closed") : null;
  }

  /**
   * Opens a form within the thread. Only one is open at a time; drafts of the others are kept.
   *
   * @param {Shown} shown
   * @param {(close: () => void) => KolomForm} make
   * @param {(form: KolomForm) => void} place
   */
  #open(shown, make, place) {
    this.#innerForm?.close();
    const close = () => {
      form.close();
      form.node.remove();
      const wasEdited = shown.form !== null;
      shown.form = null;
      this.#innerForm = null;
      if (wasEdited) this.#host.redraw(shown);
    };
    const form = make(() => {
      close();
      this.#host.redraw(shown);
      this.#host.focusComment(shown.view.id);
    });
    this.#innerForm = { form, close };
    place(form);
    form.focus();
  }

  /** @param {Shown} shown */
  openReply(shown) {
    this.#open(
      shown,
      (cancel) => this.#postForm(shown.view, { cancel }),
      ({ node }) => {
        node.setAttribute("aria-label", this.#host.text("comments.reply.to", { name: shown.view.author.name }));
        shown.item.firstElementChild?.after(node);
      },
    );
  }

  /** @param {Shown} shown */
  #openEdit(shown) {
    const { id } = shown.view;
    const own = this.#own[id];
    if (!own) return;
    const path = `${this.#host.path}/${encodeURIComponent(id)}`;
    const authorization = { Authorization: `Bearer ${own.token}` };
    this.#open(
      shown,
      (close) =>
        new KolomForm(this.#host, {
          fields: [
            { ...this.#host.contentField, isDrafted: true, value: own.source ?? "" },
          ],
          submit: this.#host.text("comments.save"),
          draft: `${this.#key("draft")}/${this.#host.slug}#${id}#edit`,
          isMarkdown: true,
          cancel: close,
          send: async ({ content }, headers) =>
            this.#host.fetchJson(path, { method: "PATCH", body: JSON.stringify({ content }), headers: { ...headers, ...authorization } }),
          done: (view, values) => this.#onEdited(view, String(values.content)),
          explain: (error) => (error.isForbidden ? this.#host.text("comments.late") : this.#explain(error)),
        }),
      (form) => {
        shown.form = form;
        form.node.setAttribute("aria-label", this.#host.text("comments.edit"));
        this.#host.partOf(shown, ".content")?.replaceWith(form.node);
      },
    );
  }

  /**
   * @param {View} view
   * @param {string} source
   */
  #onEdited(view, source) {
    const own = this.#own[view.id];
    this.#innerForm?.close();
    if (own) Object.assign(own, { view, source, isApproved: false, at: Date.now() });
    this.#saveOwn();
    this.#host.show(view, this.#host.list, true);
    this.#host.showMessage(this.#host.text("comments.saved"));
    this.#host.focusComment(view.id);
    // The response does not say whether the new text is pending. If it is not, the public list soon contains it.
    setTimeout(() => void this.#refresh(view.id), 2_500);
  }

  /** @param {string} id */
  async #refresh(id) {
    /** @type {Page | null} */
    const page = await this.#host.fetchJson(`${this.#host.path}?${new URLSearchParams({ order: "newest", limit: this.#host.maxLimit })}`, { cache: "no-cache" }).catch(() => null);
    const found = page?.items.find((view) => view.id === id);
    const shown = this.#host.shown.get(id);
    if (!found || !shown || shown.form || this.currentView(found) !== found) return;
    const hadFocus = this.#host.root.activeElement === this.#host.partOf(shown, "");
    shown.view = found;
    this.#host.redraw(shown);
    if (hadFocus) this.#host.focusComment(id);
  }

  /**
   * @param {Shown} shown
   * @param {HTMLElement} tools
   */
  #confirmDelete(shown, tools) {
    const keep = this.#host.button(this.#host.text("comments.delete.keep"), async () => {
      this.#host.redraw(shown);
      this.#host.focusComment(shown.view.id);
    });
    const remove = this.#host.button(this.#host.text("comments.delete"), () => this.#delete(shown, remove));
    tools.replaceChildren(element("strong", { id: `sure-${shown.view.id}` }, this.#host.text("comments.delete.question")), remove, keep);
    remove.setAttribute("aria-describedby", `sure-${shown.view.id}`);
    remove.focus();
  }

  /**
   * @param {Shown} shown
   * @param {HTMLButtonElement} button
   */
  async #delete(shown, button) {
    const { id } = shown.view;
    const own = this.#own[id];
    if (!own) return;
    button.setAttribute("aria-disabled", "true");
    try {
      const headers = { Authorization: `Bearer ${own.token}` };
      await this.#host.fetchJson(`${this.#host.path}/${encodeURIComponent(id)}`, { method: "DELETE", headers });
    } catch (error) {
      const refusal = error instanceof ApiError ? error : null;
      if (!refusal?.isNotFound) {
        button.removeAttribute("aria-disabled");
        if (refusal?.isForbidden) this.#host.showMessage(this.#host.text("comments.late"), true);
        else this.#host.announceFailure("comments.delete.failed", error);
        return;
      }
    }
    if (!shown.isPending) {
      this.#host.changeTotal(-1);
    }
    delete this.#own[id];
    this.#saveOwn();
    if (this.#innerForm?.form === shown.form) this.#innerForm?.close();
    const next = /** @type {HTMLElement | null} */ (shown.item.nextElementSibling ?? shown.item.previousElementSibling);
    if (shown.replies.children.length) {
      shown.view = { ...shown.view, deleted: true };
      this.#host.redraw(shown);
    } else {
      this.#host.shown.delete(id);
      shown.item.remove();
    }
    this.#host.showCount();
    this.#host.showMessage(this.#host.text("comments.delete.done"));
    const target = shown.item.isConnected ? shown.item : next;
    const focused = /** @type {HTMLElement} */ (target?.firstElementChild);
    if (focused) focused.focus();
    else this.#host.focusTitle();
  }
}
