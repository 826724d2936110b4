// @ts-check
/**
 * Forms of the elements: fields with errors, and a draft in the browser. `kolom-submission.js` sends them.
 *
 * @module
 */

import { element } from "./kolom-element.js";
import { FIELD_STYLES, makeBox, makeForm } from "./kolom-field.js";
import { FIELD_LIMITS } from "./kolom-limits.js";

/**
 * @typedef {import("./kolom-element.js").KolomElement} Host
 * @typedef {Record<string, string | boolean>} Values
 * @typedef {import("./kolom-field.js").LabelledField & {hint?: string, isDrafted?: boolean, value?: string | boolean,
 *   when?: string}} Field
 * @typedef {Partial<Field> & {name: string}} FieldOptions options of a field; `name`, `email` and `website` have
 *   defaults. `isDrafted`: the text is saved in this browser; `when`: shown only while the field of that name is not empty
 * @typedef {import("./kolom-submission.js").Attempt & {at: number, values: Record<string, string>}} Draft
 * @typedef {import("./kolom-submission.js").Submission} Submission
 * @typedef {import("./kolom-submission.js").Problem} Problem
 */

/**
 * @typedef {object} OwnOptions
 * @property {FieldOptions[]} fields
 * @property {HTMLFormElement} [node] a form to complete, in which somebody may be writing: fields that it has stay as they are
 * @property {string} [submit] the label of the button, if it is not the default
 * @property {string} draft the key of the draft in the browser's storage
 * @property {(answer: any, values: Values) => void} done called after a success
 * @property {() => void} [cancel]
 * @property {boolean} [isMarkdown] whether the long field is Markdown, with a preview
 * @typedef {OwnOptions & import("./kolom-submission.js").Options} FormOptions
 */

/** The defaults of fields that several forms have. */
const COMMON_FIELDS = /** @type {const} */ ({
  name: { kind: "text", label: "comment.name", autocomplete: "name" },
  email: { kind: "email", label: "comment.email", autocomplete: "email" },
  website: { kind: "url", label: "comment.website", autocomplete: "url" },
});

/** The maximum length of each field in characters. @type {Record<string, number>} */
const LIMITS = FIELD_LIMITS;

export const FORM_STYLES = `
${FIELD_STYLES}.form [hidden] { display: none; }
.check { display: flex; gap: .6em; align-items: start; margin-block-start: -.25em; }
.check input { flex: none; inline-size: 1.5rem; block-size: 1.5rem; margin: 0; accent-color: var(--kolom-accent, auto); }
.hint, .error { margin: .3em 0 0; font-size: .875em; }
.hint { color: var(--kolom-soft, inherit); }
.error { color: var(--kolom-error, color-mix(in srgb, currentColor 35%, #d3302f)); font-weight: 600; }
[aria-invalid="true"] { outline: 2px solid var(--kolom-error, #d3302f); outline-offset: -1px; }
[aria-invalid="true"]:focus-visible { outline: 3px solid var(--kolom-focus, currentColor); outline-offset: 3px; }
.trap { position: fixed; inset-inline-start: -200vw; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .6em .9em; }
.send { border-color: transparent; background: var(--kolom-accent, var(--kolom-ink, CanvasText)); color: var(--on-accent); }
.send:hover { border-color: transparent; filter: brightness(1.1); }
.actions .status { flex: 1 1 14rem; }
.actions .status:empty { display: none; }
`;

const DRAFT_DAYS = 30;
export const DAY_MS = 86_400_000;

let formsMade = 0;

let isPressed = false;
addEventListener("pointerdown", () => (isPressed = true), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (isPressed = false), true);

/**
 * Runs `act`, which may shift the layout, when no mouse button is pressed. Otherwise a button could move from under the
 * pointer.
 *
 * @param {() => void} act
 */
function afterPress(act) {
  if (isPressed) addEventListener("pointerup", () => setTimeout(act), { once: true });
  else setTimeout(act);
}

/** JSON values in the browser's storage. Without storage, nothing is saved. */
export const storage = {
  /**
   * @param {string} key
   * @returns {any} null if there is nothing
   */
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "null");
    } catch {
      return null;
    }
  },
  /**
   * @param {string} key
   * @param {unknown} value `null` deletes it
   */
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage may be full or unavailable in private windows.
    }
  },
};

/** A form with its fields, errors, draft and submission. `node` is its element. */
export class KolomForm {
  #host;
  #options;
  /** What sends the form, from when somebody begins to write. @type {Promise<Submission> | null} */
  #submission = null;
  #id = `form-${(formsMade += 1)}`;
  /** @type {Map<string, {field: Field, input: HTMLInputElement | HTMLTextAreaElement, box: HTMLElement, error: HTMLElement, isTouched: boolean}>} */
  #fields = new Map();
  /** @type {Draft} */
  #draft = { at: Date.now(), values: {} };
  #trap = element("input", { name: "website_url", type: "text", tabindex: "-1", autocomplete: "off" });
  #send = element("button", { type: "submit", class: "send", part: "button send" });
  #status = element("p", { class: "status", part: "status", role: "status" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isBusy = false;
  /** From when it is opened. @type {import("./kolom-preview.js").Preview | null} */
  #preview = null;

  /**
   * @param {Host} host
   * @param {FormOptions} options
   */
  constructor(host, options) {
    this.#host = host;
    this.#options = options;
    const known = storage.get(options.draft);
    if (known && Date.now() - known.at < DRAFT_DAYS * DAY_MS) this.#draft = known;
    this.node = options.node ?? makeForm(host);
    for (const field of options.fields) this.#addField(this.#withDefaults(field));
    this.node.append(this.#honeypot(), ...this.#footer());
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#submit();
    });
    this.node.addEventListener("focusin", () => void this.#prepareSubmission());
    if (this.node.contains(this.#host.root.activeElement)) void this.#prepareSubmission();
    if (options.node) this.#onInput();
    else this.#updateVisibility();
  }

  /** Focuses the first field to fill in. */
  focus() {
    this.#longInput?.focus();
  }

  /**
   * Copies the input of a plain form, which this one replaces.
   *
   * @param {Element | null} form
   */
  copyInput(form) {
    for (const { input } of this.#fields.values()) {
      const typed = form?.querySelector(`[name="${input.name}"]`);
      if (!(typed instanceof HTMLInputElement || typed instanceof HTMLTextAreaElement)) continue;
      if (typed.type !== "checkbox" && typed.value.trim() && !input.value) {
        input.value = typed.value;
        this.#onInput();
      }
      if (typed.matches(":focus")) queueMicrotask(() => input.focus());
    }
  }

  #loadSubmission() {
    this.#submission ??= import("./kolom-submission.js").then(({ Submission }) => new Submission(this.#host, this.#options));
    // A module that could not be loaded is requested again.
    this.#submission.catch(() => (this.#submission = null));
    return this.#submission;
  }

  /** Loads what sends the form, and requests its token, when somebody begins to write. */
  #prepareSubmission() {
    return this.#loadSubmission().then((loaded) => loaded.prepare(), () => {});
  }

  /** Stops timers. */
  close() {
    clearTimeout(this.#timer);
  }

  /** @param {FieldOptions} options @returns {Field} */
  #withDefaults(options) {
    const { name } = options;
    const known = name === "name" || name === "email" || name === "website" ? COMMON_FIELDS[name] : null;
    const basis = known ? { ...known, label: this.#host.text(known.label) } : {};
    const isMarkdown = options.kind === "long" && this.#options.isMarkdown;
    return /** @type {Field} */ ({ ...basis, ...(isMarkdown ? { hint: this.#host.text("form.markdown") } : {}), ...options });
  }

  /** @param {Field} field */
  #addField(field) {
    const existing = this.node.querySelector(`[name="${field.name}"]`);
    const box = existing?.parentElement ?? makeBox(this.#host, field, `${this.#id}-${field.name}`);
    if (!existing) this.node.append(box);
    const input = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (box.querySelector("input, textarea"));
    const error = element("p", { class: "error", part: "error", id: `${input.id}-error`, hidden: "" });
    const hint = field.hint ? element("p", { class: "hint", part: "hint", id: `${input.id}-hint` }, field.hint) : null;
    if (hint) input.setAttribute("aria-describedby", hint.id);
    if (input instanceof HTMLInputElement && field.kind === "check") input.checked = field.value === true;
    else input.value ||= (field.isDrafted && this.#draft.values[field.name]) || String(field.value ?? "");
    if (field.kind !== "check") box.append(...(hint ? [hint] : []), error);
    const entry = { field, input, error, isTouched: false, box };
    this.#fields.set(field.name, entry);
    input.addEventListener("input", () => {
      entry.isTouched = true;
      if (!error.hidden) this.#showError(field.name, this.#validate(field.name));
      this.#onInput();
    });
    input.addEventListener("blur", () => {
      if (entry.isTouched) afterPress(() => this.#showError(field.name, this.#validate(field.name)));
    });
  }

  /** Creates the honeypot field, which bots fill in and people do not see. */
  #honeypot() {
    this.#trap.id = `${this.#id}-website_url`;
    return element(
      "div",
      { class: "trap", "aria-hidden": "true" },
      element("label", { for: this.#trap.id }, "Website URL"),
      this.#trap,
    );
  }

  #footer() {
    const { isMarkdown, cancel } = this.#options;
    this.#send.textContent = this.#submitLabel;
    const actions = element("div", { class: "actions wide", part: "actions" }, this.#send);
    /** @type {HTMLElement[]} */
    const nodes = [actions];
    if (isMarkdown) {
      const [button, panel] = this.#makePreview();
      actions.append(button);
      nodes.unshift(panel);
    }
    if (cancel) actions.append(this.#host.button(this.#host.text("form.cancel"), cancel));
    // A live region must exist before its text changes.
    actions.append(this.#status);
    return nodes;
  }

  get #submitLabel() {
    return this.#options.submit ?? this.#host.text("form.send");
  }

  /** Returns the button of the preview, and the panel that shows it. */
  #makePreview() {
    const panel = element("div", { class: "preview wide content", part: "preview", hidden: "", id: `${this.#id}-preview` });
    const state = { "aria-expanded": "false", "aria-controls": panel.id };
    const button = this.#host.button(this.#host.text("form.preview"), () => this.#togglePreview(panel, button), state);
    return /** @type {const} */ ([button, panel]);
  }

  /**
   * @param {HTMLElement} panel
   * @param {HTMLButtonElement} button
   */
  async #togglePreview(panel, button) {
    const draft = this.#draft;
    try {
      const { Preview } = await import("./kolom-preview.js");
      // The form may have been sent meanwhile.
      if (this.#draft !== draft) return;
      this.#preview ??= new Preview(this.node, panel, button, this.#host.text("form.preview"));
      this.#preview.toggle();
    } catch {
      this.#showMessage(this.#host.text("form.unreachable"), true);
    }
  }

  /** The input of the long field. */
  get #longInput() {
    return [...this.#fields.values()].find(({ field }) => field.kind === "long")?.input;
  }

  /** Saves the draft, and updates fields that depend on others. */
  #onInput() {
    this.#updateVisibility();
    for (const [name, { field, input }] of this.#fields) {
      if (field.isDrafted) this.#draft.values[name] = input.value;
    }
    this.#saveDraft();
  }

  #saveDraft() {
    const isEmpty = Object.values(this.#draft.values).every((value) => !value.trim());
    storage.set(this.#options.draft, isEmpty ? null : { ...this.#draft, at: Date.now() });
  }

  #updateVisibility() {
    for (const { field, box } of this.#fields.values()) {
      if (field.when) box.hidden = !this.#fields.get(field.when)?.input.value.trim();
    }
  }

  /** @param {string} name @returns {string} the error of the field, empty if it is valid */
  #validate(name) {
    const { field, input } = /** @type {{field: Field, input: HTMLInputElement}} */ (this.#fields.get(name));
    const value = input.value.trim();
    const length = [...value].length;
    if (field.kind === "check") return "";
    if (!value) return field.isRequired ? this.#host.text("form.missing") : "";
    const limit = LIMITS[name];
    if (limit && length > limit) {
      return this.#host.text("form.long", { limit: this.#host.number(limit), n: this.#host.number(length) });
    }
    if (field.kind === "email" && !/^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/.test(value)) return this.#host.text("form.error.email");
    if (field.kind === "url" && !/^(https?:\/\/[^\s/]+|[^\s/:@]+\.[^\s/:@]+)([:/?#]\S*)?$/i.test(value)) return this.#host.text("form.error.website");
    return "";
  }

  /**
   * @param {string} name
   * @param {string} problem
   */
  #showError(name, problem) {
    const entry = this.#fields.get(name);
    if (!entry) return;
    entry.error.textContent = problem;
    entry.error.hidden = !problem;
    const isInvalid = Boolean(problem);
    if (isInvalid || entry.field.isRequired) entry.input.setAttribute("aria-invalid", String(isInvalid));
    else entry.input.removeAttribute("aria-invalid");
    const described = [entry.field.hint ? `${entry.input.id}-hint` : "", isInvalid ? entry.error.id : ""].join(" ").trim();
    if (described) entry.input.setAttribute("aria-describedby", described);
    else entry.input.removeAttribute("aria-describedby");
  }

  /** Returns whether all fields are valid; otherwise focuses the first invalid one. */
  #isValid() {
    for (const name of this.#fields.keys()) this.#showError(name, this.#validate(name));
    return !this.#focusFirstError();
  }

  /** Focuses the first invalid field. @returns {boolean} whether there is one */
  #focusFirstError() {
    const first = [...this.#fields.values()].find(({ error }) => !error.hidden);
    if (first) {
      this.#showMessage(this.#host.text("form.check"), true);
      first.input.focus();
    }
    return first !== undefined;
  }

  /** @returns {Values} */
  #values() {
    /** @type {Values} */
    const values = {};
    for (const [name, { field, input, box }] of this.#fields) {
      if (input instanceof HTMLInputElement && field.kind === "check") {
        if (input.checked && !box.hidden) values[name] = true;
      } else if (input.value.trim()) {
        values[name] = field.kind === "long" ? input.value : input.value.trim();
      }
    }
    if (this.#trap.value) values.website_url = this.#trap.value;
    return values;
  }

  async #submit() {
    if (this.#isBusy) return;
    clearTimeout(this.#timer);
    if (!this.#isValid()) return;
    const values = this.#values();
    this.#setBusy(true);
    this.#showMessage(this.#host.text("form.sending"));
    /** @type {Submission | null} */
    let submission = null;
    try {
      submission = await this.#loadSubmission();
      const answer = await submission.send(values, this.#draft, () => this.#saveDraft(), (text) => this.#showMessage(text));
      this.#setBusy(false);
      this.#showMessage("");
      this.#clear();
      this.#options.done(answer, values);
    } catch (error) {
      this.#setBusy(false);
      const problem = submission?.problem(error, (name) => this.#fields.get(name)?.field.kind);
      this.#showProblem(problem ?? { text: this.#host.text("form.unreachable"), canRetry: true });
    }
  }

  #clear() {
    this.#draft = { at: Date.now(), values: {} };
    storage.set(this.#options.draft, null);
    for (const [name, entry] of this.#fields) {
      entry.isTouched = false;
      if (entry.field.isDrafted) entry.input.value = "";
      this.#showError(name, "");
    }
    this.#send.textContent = this.#submitLabel;
    this.#preview?.close();
  }

  /** @param {Problem} problem */
  #showProblem({ text, fields = [], canRetry, waitSeconds }) {
    for (const [name, problem] of fields) this.#showError(name, problem);
    if (fields.length && this.#focusFirstError()) return;
    this.#showMessage(text, true);
    if (canRetry) this.#send.textContent = this.#host.text("form.retry");
    if (waitSeconds) this.#timer = setTimeout(() => this.#showMessage(this.#host.text("form.now")), waitSeconds * 1000);
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.node.setAttribute("aria-busy", String(isBusy));
    this.#send.setAttribute("aria-disabled", String(isBusy));
    for (const { input } of this.#fields.values()) input.readOnly = isBusy;
  }

  /**
   * @param {string} text
   * @param {boolean} [isProblem]
   */
  #showMessage(text, isProblem = false) {
    this.#status.className = isProblem ? "status problem" : "status";
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}
