// @ts-check
/**
 * Forms of the elements: fields with errors, a draft in the browser, the form token, proof of work, and
 * idempotent submission.
 *
 * @module
 */

import { FIELD_LIMITS } from "./kolom-catalog.js";
import { ApiError, element, inLanguage } from "./kolom-element.js";

/**
 * @typedef {import("./kolom-element.js").KolomElement} Host
 * @typedef {Record<string, string | boolean>} Values
 * @typedef {{name: string, kind: "text" | "email" | "url" | "long" | "check", label: string, hint?: string,
 *   autocomplete?: string, isRequired?: boolean, isDrafted?: boolean, value?: string | boolean, when?: string}} Field
 * @typedef {Partial<Field> & {name: string}} FieldOptions options of a field; `name`, `email` and `website` have
 *   defaults. `isDrafted`: the text is saved in this browser; `when`: shown only while the field of that name is not empty
 * @typedef {{key?: string, print?: string, at: number, values: Record<string, string>}} Draft
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
.form { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); gap: 1em 1.25em; align-items: start; margin: 0; }
.field { min-inline-size: 0; }
.form [hidden] { display: none; }
.wide, .check { grid-column: 1 / -1; }
.field label { display: block; margin-block-end: .3em; font-weight: 600; }
.required::after { content: " *"; content: " *" / ""; }
.field :is(input, textarea) { display: block; inline-size: 100%; min-block-size: 2.75em; padding: .55em .7em; border: 1px solid var(--kolom-soft, currentColor); border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); font: inherit; }
.field :is(input, textarea):not([dir]) { unicode-bidi: plaintext; }
.field textarea { min-block-size: 7em; max-block-size: 32em; field-sizing: content; resize: vertical; overflow-wrap: anywhere; }
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
.preview { padding: .9em 1em; border: 1px dashed var(--kolom-line, currentColor); border-radius: var(--kolom-radius, 4px); min-inline-size: 0; overflow-wrap: anywhere; }
.preview > .meta { margin-block-end: .6em; }
`;

const DRAFT_DAYS = 30;
const DAY_MS = 86_400_000;

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

/** This browser cannot compute the proof of work. */
class ProofUnavailable extends Error {}

/**
 * Computes the proof of work in a worker.
 *
 * @param {unknown} challenge
 * @returns {Promise<string>}
 * @throws {ProofUnavailable}
 */
async function computeProof(challenge) {
  // `crypto.subtle` only exists in secure contexts.
  if (!globalThis.crypto?.subtle || !globalThis.Worker) throw new ProofUnavailable();
  const script = new URL("./kolom-proof.js", import.meta.url);
  // A worker's script must have the page's origin, but may import modules from others with CORS.
  const isForeign = script.origin !== location.origin;
  const address = isForeign
    ? URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" }))
    : script.href;
  /** @type {Worker | undefined} */
  let worker;
  try {
    worker = new Worker(address, { type: "module" });
    const running = worker;
    return await new Promise((resolve, reject) => {
      running.onmessage = ({ data }) => (data.proof ? resolve(data.proof) : reject(new ProofUnavailable(data.error)));
      running.onerror = () => reject(new ProofUnavailable());
      running.postMessage(challenge);
    });
  } catch (error) {
    throw error instanceof ProofUnavailable ? error : new ProofUnavailable(String(error));
  } finally {
    worker?.terminate();
    if (isForeign) URL.revokeObjectURL(address);
  }
}

/** The permission to submit once: the form token, and the proof of work if there is a challenge. */
class SubmissionToken {
  #host;
  /** @type {Promise<{token: string, from: number, proof: Promise<string> | null}> | null} */
  #pending = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
  }

  /** Requests the token, unless it exists or is being requested. */
  prepare() {
    this.#pending ??= this.#get().catch((error) => {
      this.#pending = null;
      throw error;
    });
    return this.#pending;
  }

  /** Discards the token after it was used or rejected. */
  discard() {
    this.#pending = null;
  }

  /**
   * @param {() => void} onWork called before the method waits for a proof of work
   * @returns {Promise<Record<string, string>>} the fields to send, after the minimum age of the token
   */
  async take(onWork) {
    const prepared = await this.prepare();
    /** @type {Record<string, string>} */
    const fields = { form_token: prepared.token };
    if (prepared.proof) {
      onWork();
      try {
        fields.altcha = await prepared.proof;
      } catch (error) {
        this.discard();
        throw error;
      }
    }
    const wait = prepared.from - performance.now();
    if (wait > 0) await new Promise((resolve) => { setTimeout(resolve, wait); });
    return fields;
  }

  async #get() {
    /** @type {{token: string, min_seconds: number, challenge: unknown}} */
    const answer = await this.#host.fetchJson("/api/form-token", { cache: "no-store" });
    const proof = answer.challenge ? computeProof(answer.challenge) : null;
    // `take` handles the proof's error. Until then, this prevents an unhandled rejection.
    proof?.catch(() => {});
    return { token: answer.token, from: performance.now() + answer.min_seconds * 1000, proof };
  }
}

/** A form with its fields, errors, draft and submission. `node` is its element. */
export class KolomForm {
  #host;
  #options;
  #token;
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
  #closePreview = () => {};

  /**
   * @param {Host} host
   * @param {object} options
   * @param {FieldOptions[]} options.fields
   * @param {string} [options.submit] the label of the button, if it is not the default
   * @param {string} options.draft the key of the draft in the browser's storage
   * @param {boolean} [options.isGuarded] whether to send a form token
   * @param {(values: Values, headers: Record<string, string>) => Promise<any>} options.send
   * @param {(answer: any, values: Values) => void} options.done called after a success
   * @param {(error: ApiError) => string | null} [options.explain] returns a specific message for an error
   * @param {() => void} [options.cancel]
   * @param {boolean} [options.isMarkdown] whether the long field is Markdown, with a preview
   */
  constructor(host, options) {
    this.#host = host;
    this.#options = options;
    this.#token = options.isGuarded ? new SubmissionToken(host) : null;
    const known = storage.get(options.draft);
    if (known && Date.now() - known.at < DRAFT_DAYS * DAY_MS) this.#draft = known;
    this.node = element("form", { class: "form", part: "form", novalidate: "", ...inLanguage(host.language) });
    const fields = options.fields.map((field) => this.#field(this.#withDefaults(field)));
    this.node.append(...fields, this.#honeypot(), ...this.#footer());
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#submit();
    });
    // The token is only requested when somebody writes.
    this.node.addEventListener("focusin", () => void this.#token?.prepare().catch(() => {}));
    this.#updateVisibility();
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

  /**
   * Returns the direction of a field. With `auto`, an empty field is left-to-right even in a right-to-left form, so there
   * the styles do the same for text only.
   *
   * @param {Field} field
   */
  #directionOf({ kind }) {
    if (kind === "email" || kind === "url") return "ltr";
    return kind !== "check" && this.#host.direction === "ltr" ? "auto" : null;
  }

  /** @param {Field} field */
  #field(field) {
    const id = `${this.#id}-${field.name}`;
    const input =
      field.kind === "long"
        ? element("textarea", { rows: "5", dir: this.#directionOf(field) })
        : element("input", { type: field.kind === "check" ? "checkbox" : field.kind, dir: this.#directionOf(field) });
    const error = element("p", { class: "error", part: "error", id: `${id}-error`, hidden: "" });
    const hint = field.hint ? element("p", { class: "hint", part: "hint", id: `${id}-hint` }, field.hint) : null;
    input.id = id;
    input.name = field.name;
    input.setAttribute("part", "input");
    if (field.autocomplete) input.setAttribute("autocomplete", field.autocomplete);
    if (hint) input.setAttribute("aria-describedby", hint.id);
    if (input instanceof HTMLInputElement && field.kind === "check") input.checked = field.value === true;
    else input.value = (field.isDrafted && this.#draft.values[field.name]) || String(field.value ?? "");
    if (field.isRequired) {
      input.required = true;
      input.setAttribute("aria-invalid", "false");
    }
    const label = element("label", { for: id, part: "label", class: field.isRequired ? "required" : null }, field.label);
    const entry = { field, input, error, isTouched: false, box: element("div", { part: "field" }) };
    entry.box.className = field.kind === "check" ? "check" : field.kind === "long" ? "field wide" : "field";
    entry.box.append(...(field.kind === "check" ? [input, label] : [label, input, ...(hint ? [hint] : []), error]));
    this.#fields.set(field.name, entry);
    input.addEventListener("input", () => {
      entry.isTouched = true;
      if (!error.hidden) this.#showError(field.name, this.#validate(field.name));
      this.#onInput();
    });
    input.addEventListener("blur", () => {
      if (entry.isTouched) afterPress(() => this.#showError(field.name, this.#validate(field.name)));
    });
    return entry.box;
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
      const [button, panel] = this.#preview();
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

  #preview() {
    const panel = element("div", { class: "preview wide content", part: "preview", hidden: "", id: `${this.#id}-preview` });
    const draw = () => {
      if (!panel.hidden) {
        const note = element("p", { class: "meta" }, this.#host.text("form.preview"));
        panel.replaceChildren(note, renderMarkdown(this.#longInput?.value ?? ""));
      }
    };
    /** @param {boolean} isOpen */
    const show = (isOpen) => {
      panel.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
      draw();
    };
    const state = { "aria-expanded": "false", "aria-controls": panel.id };
    const button = this.#host.button(this.#host.text("form.preview"), () => show(panel.hidden !== false), state);
    this.#closePreview = () => show(false);
    this.node.addEventListener("input", draw);
    return /** @type {const} */ ([button, panel]);
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
    try {
      const answer = await this.#sendOnce(values);
      this.#setBusy(false);
      this.#showMessage("");
      this.#clear();
      this.#options.done(answer, values);
    } catch (error) {
      this.#setBusy(false);
      this.#onError(error);
    }
  }

  /** @param {Values} values */
  async #sendOnce(values) {
    for (let attempt = 1; ; attempt += 1) {
      const fields = (await this.#token?.take(() => this.#showMessage(this.#host.text("form.proving")))) ?? {};
      const headers = { "Content-Type": "application/json", "Idempotency-Key": this.#idempotencyKey(values) };
      this.#showMessage(this.#host.text("form.sending"));
      try {
        return await this.#options.send({ ...values, ...fields }, headers);
      } catch (error) {
        if (attempt === 3 || !this.#discardRejected(error)) throw error;
      }
    }
  }

  /**
   * Returns the idempotency key of these values, which is the same for every retry. Other values have another key.
   *
   * @param {Values} values
   */
  #idempotencyKey(values) {
    // 32-bit FNV-1a of the values.
    let hash = 0x811c9dc5;
    for (const character of JSON.stringify(values)) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
    }
    const fingerprint = String(hash);
    if (!this.#draft.key || this.#draft.print !== fingerprint) {
      const random = crypto.getRandomValues(new Uint8Array(16));
      this.#draft.key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
      this.#draft.print = fingerprint;
      this.#saveDraft();
    }
    return this.#draft.key;
  }

  /**
   * Discards the form token with its proof of work, or the idempotency key, if the API rejected it. Returns whether it
   * did: then the form must be sent again, without asking the user.
   *
   * @param {unknown} error
   */
  #discardRejected(error) {
    if (!(error instanceof ApiError)) return false;
    if (error.isAbout("form_token") || error.isAbout("altcha")) {
      this.#token?.discard();
      return true;
    }
    if (!error.isAbout("Idempotency-Key")) return false;
    delete this.#draft.key;
    return true;
  }

  #clear() {
    this.#token?.discard();
    this.#draft = { at: Date.now(), values: {} };
    storage.set(this.#options.draft, null);
    for (const [name, entry] of this.#fields) {
      entry.isTouched = false;
      if (entry.field.isDrafted) entry.input.value = "";
      this.#showError(name, "");
    }
    this.#send.textContent = this.#submitLabel;
    this.#closePreview();
  }

  /** @param {unknown} error */
  #onError(error) {
    const host = this.#host;
    if (error instanceof ProofUnavailable) return this.#showMessage(host.text("form.unproved"), true);
    if (!(error instanceof ApiError)) return this.#offerRetry(host.text("form.unreachable"));
    const meaning = this.#options.explain?.(error);
    if (meaning) return this.#showMessage(meaning, true);
    if (error.status === 422) {
      for (const { field } of error.problem.errors ?? []) {
        const kind = this.#fields.get(field)?.field.kind;
        this.#showError(field, host.text(kind === "email" ? "form.error.email" : kind === "url" ? "form.error.website" : "form.refused"));
      }
      if (!this.#focusFirstError()) this.#showMessage(`${host.text("form.refused")} ${error.problem.errors?.[0]?.message ?? ""}`, true);
      return;
    }
    if (error.status === 413) return this.#showMessage(host.text("form.problem.413", { limit: host.number(FIELD_LIMITS.content) }), true);
    if (error.status !== 429 || !error.retryAfterSeconds) return this.#offerRetry(host.text("form.busy"));
    const seconds = error.retryAfterSeconds;
    const minutes = Math.ceil(seconds / 60);
    const [value, unit] = minutes > 90 ? [Math.ceil(minutes / 60), "hour"] : seconds > 90 ? [minutes, "minute"] : [seconds, "second"];
    const format = new Intl.NumberFormat(host.intlLocale, { style: "unit", unit: String(unit), unitDisplay: "long" });
    this.#offerRetry(host.text("form.wait", { time: format.format(Number(value)) }));
    this.#timer = setTimeout(() => this.#showMessage(host.text("form.now")), Math.min(seconds, DAY_MS / 1000) * 1000);
  }

  /** @param {string} text */
  #offerRetry(text) {
    this.#showMessage(text, true);
    this.#send.textContent = this.#host.text("form.retry");
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

/**
 * Renders a preview of a comment's Markdown, similar to the API's. It creates nodes, so no text becomes markup.
 *
 * @param {string} text
 * @param {number} [depth]
 */
function renderMarkdown(text, depth = 0) {
  const made = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  /** @param {RegExp} pattern */
  const takeWhile = (pattern) => {
    const taken = [];
    while (pattern.test(lines[0] ?? "")) taken.push(lines.shift() ?? "");
    return taken;
  };
  while (lines.length) {
    const line = lines[0] ?? "";
    const fence = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (!line.trim()) {
      lines.shift();
    } else if (fence) {
      lines.shift();
      const end = lines.findIndex((each) => each.trim().startsWith(fence));
      const code = lines.splice(0, end < 0 ? lines.length : end + 1);
      made.append(element("pre", {}, element("code", {}, (end < 0 ? code : code.slice(0, -1)).join("\n"))));
    } else if (/^ {0,3}>/.test(line) && depth < 9) {
      const quoted = takeWhile(/^ {0,3}>/).map((each) => each.replace(/^ {0,3}> ?/, ""));
      made.append(element("blockquote", {}, renderMarkdown(quoted.join("\n"), depth + 1)));
    } else if (ITEM.test(line)) {
      const isNumbered = /^ {0,3}\d/.test(line);
      const items = takeWhile(ITEM).map((each) => element("li", {}, ...renderLine(each.replace(ITEM, ""))));
      made.append(element(isNumbered ? "ol" : "ul", {}, ...items));
    } else {
      const paragraph = [lines.shift() ?? "", ...takeWhile(/^(?! {0,3}(>|```|~~~|[-*+] ))\s*\S/)];
      made.append(element("p", {}, ...renderLine(paragraph.join("\n"))));
    }
  }
  return made;
}

const ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])\s+/;
const INLINE = /`([^`]+)`|!?\[([^\]\n]*)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>]+[^\s<>.,;:!?)'"])|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\b_([^_\n]+)_\b|\n/;

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function renderLine(text) {
  const made = [];
  for (let rest = text; rest; ) {
    const found = INLINE.exec(rest);
    if (!found) return [...made, rest];
    const [all, code, label, address, bare, strong, ...emphasised] = found;
    const href = address ?? bare;
    const emphasis = emphasised[0] ?? emphasised[1];
    made.push(rest.slice(0, found.index));
    if (code) made.push(element("code", {}, code));
    else if (href) made.push(element("a", { href, rel: "nofollow ugc noopener" }, label || href));
    else if (strong) made.push(element("strong", {}, ...renderLine(strong)));
    else if (emphasis) made.push(element("em", {}, ...renderLine(emphasis)));
    else made.push(element("br", {}));
    rest = rest.slice(found.index + all.length);
  }
  return made;
}
