// @ts-check
/**
 * The base class and helpers of all elements: API requests, translated messages, status and errors.
 *
 * @module
 */

import { LANGUAGES } from "./kolom-catalog.js";

/**
 * @template {string} Name
 * @typedef {Name extends `${infer Common}.other` ? Common : never} Plural the common part of the keys of plural forms
 */

/**
 * @typedef {keyof (typeof import("./messages/en.js"))["LOCALE"]["messages"]
 *   | keyof (typeof import("./messages/forms/en.js"))["MESSAGES"]
 *   | keyof (typeof import("./messages/lists/en.js"))["MESSAGES"]
 *   | keyof (typeof import("./messages/search/en.js"))["MESSAGES"]} Key the key of a message
 * @typedef {Plural<Key>} CountKey the key of a message with a number, which has a form for each plural category of the
 *   language
 * @typedef {{direction: string, months: string[], date: string, dateTime: string, thousands: string,
 *   minimumGroupingDigits: number, messages: Record<string, string>}} Locale
 * @typedef {{LOCALE?: Locale, MESSAGES?: Record<string, string>}} Messages a module with messages
 * @typedef {Record<string, () => Promise<Messages>>} Catalog loads the module of each language
 */

const TIMEOUT_MS = 15_000;
/** The distance from the visible part of the page at which an element loads. */
const NEAR = "800px 0px";
const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|nqo|ps|sd|syr|ug|ur|yi)\b/i;

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * Returns the CSS of the text colour on a background: black or white by its lightness, whichever has more contrast. A
 * mostly transparent background keeps the colour of the surrounding text.
 *
 * @param {string} background a CSS colour. If it is the `var()` of an unset property, the result is invalid, so that a
 *   `var()` of the result uses its fallback
 */
const textOn = (background) => {
  const isOpaque = "clamp(0, (alpha - .5) * 999, 1)";
  const contrast = `lab(from ${background} clamp(0, (49.5 - l) * 999, 100) 0 0 / ${isOpaque})`;
  return `rgb(from color-mix(in srgb, ${contrast} 99.9%, currentcolor) r g b / 1)`;
};

// A page may set only some of the custom properties. The other colours are derived: `--on-paper` is the colour of text
// on the background `--kolom-paper`, and `--derived-paper` a background for the page's own text colour. Older browsers
// use the system colours.
// The direction is that of the interface's language, not that of the page; texts of authors and visitors have their own.
const BASE_STYLES = `
:host > :not(slot) { --derived-paper: Canvas; --on-accent: var(--kolom-paper, Canvas); }
:host([theme="light"]) { --theme-ink: #1c1c1c; --theme-paper: #fff; }
:host([theme="dark"]) { --theme-ink: #eaeaea; --theme-paper: #171717; }
:host(:is([theme="light"], [theme="dark"])) { padding: 1em; border-radius: var(--kolom-radius, 4px); background: var(--kolom-paper, var(--paper-of-ink, var(--theme-paper))); color: var(--kolom-ink, var(--ink-on-paper, var(--theme-ink))); }
@supports (color: lab(from currentcolor l 0 0)) {
  :host { --ink-on-paper: ${textOn("var(--kolom-paper)")}; --paper-of-ink: lab(from var(--kolom-ink) clamp(6, (49.5 - l) * 999, 100) 0 0 / 1); }
  :host > :not(slot) {
    --derived-paper: lab(from currentcolor clamp(6, (49.5 - l) * 999, 100) 0 0 / 1);
    --on-paper: ${textOn("var(--kolom-paper)")};
    --on-shade: ${textOn("var(--kolom-shade)")};
    --on-mark: ${textOn("var(--kolom-mark)")};
    --on-accent: ${textOn("var(--kolom-accent, var(--kolom-ink, CanvasText))")};
  }
}
:host { display: block; direction: ltr; color: var(--kolom-ink, inherit); font: var(--kolom-font, inherit); overflow-wrap: break-word; }
:host([hidden]), [hidden] { display: none !important; }
.probe { position: absolute; visibility: hidden; background: var(--derived-paper); transition: color 1ms; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
* { box-sizing: border-box; }
a { color: var(--kolom-accent, inherit); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--kolom-focus, currentColor); outline-offset: 3px; border-radius: 2px; }
h1, h2, h3, h4, h5, h6 { margin: 0; font-family: var(--kolom-heading-font, inherit); line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
.meta, .status { margin: 0; color: var(--kolom-soft, inherit); font-size: .875em; }
.meta { text-align: -webkit-match-parent; text-align: match-parent; }
.meta > * { unicode-bidi: isolate; }
.meta span::before { content: " · "; }
button { padding: .6em 1.1em; border: 1px solid var(--kolom-line, currentColor); border-radius: var(--kolom-radius, 4px); background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button:hover { border-color: currentColor; }
.content :is(pre, table) { animation: fade linear both; animation-timeline: scroll(self inline); mask: linear-gradient(90deg, #0006, #000 var(--start, 0px) calc(100% - var(--end, 0px)), #0006); }
.content table:dir(rtl) { animation-direction: reverse; }
.content :is(pre, table):focus-visible { outline-offset: -3px; }
@keyframes fade {
  from { --start: 0px; --end: 3em; }
  1%, 99% { --start: 3em; --end: 3em; }
  to { --start: 3em; --end: 0px; }
}
button[aria-disabled="true"] { cursor: progress; opacity: .65; }
.problem { color: var(--kolom-error, color-mix(in srgb, currentColor 35%, #d3302f)); font-size: 1em; font-weight: 600; }
`;

/** The space above an element that directly follows another Kolom element. Styles of the page take precedence. */
const STACKED_SHEET = new CSSStyleSheet();
STACKED_SHEET.replaceSync(":host { margin-block-start: 2em; }");

/** The colour scheme of the browser's own controls. Styles of the page take precedence. */
const SCHEME_SHEETS = { light: new CSSStyleSheet(), dark: new CSSStyleSheet() };
SCHEME_SHEETS.light.replaceSync(":host { color-scheme: light; }");
SCHEME_SHEETS.dark.replaceSync(":host { color-scheme: dark; }");

const RTL_SHEET = new CSSStyleSheet();
RTL_SHEET.replaceSync(":host { direction: rtl; }");

/** An error response: `problem` is its RFC 9457 body, if it has one. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{detail?: string, errors?: {field: string, message: string}[]}} [problem]
   * @param {number | null} [retryAfterSeconds]
   */
  constructor(status, problem = {}, retryAfterSeconds = null) {
    super(problem.detail ?? `the API answered ${status}`);
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the resource does not exist, or no longer exists. */
  get isNotFound() {
    return this.status === 404 || this.status === 410;
  }

  /** Whether the edit token does not allow the request, or no longer allows it. */
  get isForbidden() {
    return this.status === 401 || this.status === 403;
  }

  /** @param {string} field @returns {boolean} whether the error is about that field */
  isAbout(field) {
    return (this.problem.errors ?? []).some((error) => error.field === field);
  }
}

/**
 * Creates an element with attributes and children; strings become text, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | null>} attributes `null` omits one
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * @param {string} address
 * @param {string} base
 * @returns {string | null} the absolute URL, if its scheme is http or https
 */
export function webUrl(address, base) {
  try {
    const url = new URL(address, base);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * Returns whether an element directly follows another Kolom element and needs space above it. In a grid, a row, or a
 * column with gaps, the page determines the space.
 *
 * @param {HTMLElement} host
 */
function isStacked(host) {
  if (!host.parentElement || !host.previousElementSibling?.localName.startsWith("kolom-")) return false;
  const { display, flexDirection, rowGap } = getComputedStyle(host.parentElement);
  if (display.includes("flex")) return flexDirection === "column" && !parseFloat(rowGap);
  return !display.includes("grid");
}

/**
 * Returns the time zone if the browser knows it.
 *
 * @param {string | null} name an IANA name
 */
function knownTimeZone(name) {
  try {
    return name && new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/**
 * Returns the attributes of an element whose text is in a language.
 *
 * @param {string} code
 */
export function inLanguage(code) {
  return { lang: code, dir: RIGHT_TO_LEFT.test(code) ? "rtl" : "ltr" };
}

/**
 * Returns an attribute of the nearest element that has it, as `:lang()` does: also outside of the node's shadow tree.
 *
 * @param {Element} node
 * @param {string} name
 * @returns {string | null}
 */
function nearestAttribute(node, name) {
  const found = node.closest(`[${name}]`);
  if (found) return found.getAttribute(name);
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? nearestAttribute(root.host, name) : null;
}

/**
 * Returns the language of an element: that of the page, otherwise the first of the browser's, otherwise English. Only
 * languages with messages count. The region and the script of a tag such as `pt-BR` or `zh_Hans` are ignored.
 *
 * @param {Element} host
 */
function preferredLanguage(host) {
  const tags = [nearestAttribute(host, "lang") ?? "", ...navigator.languages];
  const codes = tags.map((tag) => tag.split(/[-_]/)[0]?.toLowerCase() ?? "");
  return codes.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
}

/**
 * Returns the origin of the blog of a node: the given one, or that of the nearest `data-kolom-api`, or that of the script.
 * Bundlers replace the script's URL, also by that of a local file: then it is the page's origin.
 *
 * @param {Element} node
 * @param {string | null} [given]
 */
export function apiOf(node, given) {
  const { origin } = new URL(given || nearestAttribute(node, "data-kolom-api") || import.meta.url, document.baseURI);
  return /^https?:/.test(origin) ? origin : location.origin;
}

/**
 * Tells the owner of a page on another site why there is no response.
 *
 * @param {string} name what wanted the response
 * @param {string} api
 * @param {unknown} error
 */
export async function explainFailure(name, api, error) {
  if (!(error instanceof TypeError) || api === location.origin) return;
  const { explainNoResponse } = await import("./kolom-advice.js");
  await explainNoResponse(name, api);
}

/**
 * The base class of all elements. After attributes change, it reloads once: a subclass lists them in
 * `observedAttributes` and overrides `update()`.
 */
export class KolomElement extends HTMLElement {
  /** The visible status, a live region. It must exist before its text changes, so it is never replaced. */
  status = element("p", { class: "status", part: "status", role: "status" });
  /** The language of the interface, and its messages, from before the first `update()`. */
  language = "en";
  /** @type {Locale | null} */
  #locale = null;
  /** @type {Record<string, string>} */
  #messages = {};
  /** @type {Catalog[]} */
  #catalogs;
  /** Requests that were sent while the messages are loaded, by their paths. @type {Map<string, Promise<Response>>} */
  #early = new Map();
  /** The site's time zone: the one that the API's last response named. */
  #timeZone = "UTC";
  /** Exists while the element is in a page: ends requests, listeners, observers and timers. @type {AbortController | null} */
  #lifetime = null;
  /** The lifetime in which a reload is queued. @type {AbortController | null} */
  #queued = null;
  #setNear = () => {};
  #isSpaceReserved = true;
  #sheet = new CSSStyleSheet();
  #spaceSheet = new CSSStyleSheet();
  /** The style sheets of parts that are loaded later. @type {CSSStyleSheet[]} */
  #moreSheets = [];
  /** Its colour changes when that of the element does, whatever the page's theme switch is. */
  #probe = element("span", { class: "probe", "aria-hidden": "true" });

  /**
   * @param {string} styles
   * @param {Catalog[]} catalogs those of the element's own messages
   */
  constructor(styles, ...catalogs) {
    super();
    this.#catalogs = [LANGUAGES, ...catalogs];
    this.#sheet.replaceSync(BASE_STYLES + styles);
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [this.#sheet];
    this.root.append(this.#probe);
    this.#probe.addEventListener("transitionend", () => this.adoptStyles());
  }

  connectedCallback() {
    this.adoptStyles();
    // An element that was moved within the page continues.
    if (this.#lifetime) return;
    this.#lifetime = new AbortController();
    this.start();
    this.queueReload();
  }

  disconnectedCallback() {
    // A script that moves an element inserts it again in the same task.
    queueMicrotask(() => {
      if (this.isConnected || !this.#lifetime) return;
      this.#lifetime.abort();
      this.#lifetime = null;
      this.stop();
    });
  }

  /** Starts what the element does while it is in a page, until `lifetime` ends. */
  start() {}

  /** Ends what does not end with `lifetime`. */
  stop() {}

  /** The signal that is aborted when the element is removed from the page. */
  get lifetime() {
    return this.#lifetime?.signal ?? AbortSignal.abort();
  }

  /** The height that is reserved until the content is loaded, so that it does not move what is below; empty for none. */
  get space() {
    return "";
  }

  /** Reserves the space for other content. */
  reserveSpace() {
    this.#isSpaceReserved = true;
    this.adoptStyles();
  }

  /** Gives back the rest of the reserved space, unless that would move what the reader sees below the element. */
  releaseSpace() {
    this.#isSpaceReserved = this.getBoundingClientRect().top < window.innerHeight;
    this.adoptStyles();
  }

  /** @param {string} styles those of a part that is loaded later @returns {CSSStyleSheet} the sheet, which may change */
  addStyles(styles) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#moreSheets.push(sheet);
    this.adoptStyles();
    return sheet;
  }

  adoptStyles() {
    const sheets = [this.#sheet, ...this.#moreSheets];
    if (this.space && this.#isSpaceReserved) {
      this.#spaceSheet.replaceSync(`:host { min-block-size: ${this.space}; }`);
      sheets.push(this.#spaceSheet);
    }
    // `--derived-paper` in the notation of its definition; a browser that does not support it keeps the page's scheme.
    const lightness = /^lab\(([\d.]+)/.exec(getComputedStyle(this.#probe).backgroundColor)?.[1];
    if (lightness) sheets.push(SCHEME_SHEETS[Number(lightness) > 50 ? "light" : "dark"]);
    if (isStacked(this)) sheets.push(STACKED_SHEET);
    if (this.direction === "rtl") sheets.push(RTL_SHEET);
    this.root.adoptedStyleSheets = sheets;
  }

  /**
   * @param {string} _name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(_name, before, after) {
    if (this.isConnected && before !== after) this.queueReload();
  }

  /** Shows the element's content by its attributes. The messages are loaded. @returns {Promise<void>} */
  async update() {}

  /** Starts to load the modules that `update()` needs, while the messages are loaded. */
  prepare() {}

  /** The paths of the API that `update()` requests first. @returns {string[]} */
  get firstPaths() {
    return [];
  }

  /** Whether to load only when the element is near the visible part of the page. */
  get isLazy() {
    return false;
  }

  /** Loads although the element is far from the visible part of the page. */
  loadNow() {
    this.#setNear();
  }

  /** Loads the messages of the element's language, then updates the element from its attributes. */
  async reload() {
    const lifetime = this.#lifetime;
    try {
      await this.#loadMessages();
    } catch (error) {
      // Without messages, the fallback content stays.
      this.emit("kolom-error", error);
      return;
    } finally {
      this.#queued = null;
    }
    const updated = lifetime && !lifetime.signal.aborted ? this.update() : null;
    this.#early.clear();
    await updated;
  }

  /** Reloads once for several attributes that are set at the same time, as soon as the element is near. */
  queueReload() {
    const lifetime = this.#lifetime;
    if (!lifetime || this.#queued === lifetime) return;
    this.#queued = lifetime;
    queueMicrotask(async () => {
      await this.#waitUntilNear(lifetime.signal);
      if (!lifetime.signal.aborted) await this.reload();
    });
  }

  /**
   * Waits until the element is near the visible part of the page, or is removed.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<void> | undefined}
   */
  #waitUntilNear(signal) {
    if (!this.isLazy || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const observer = new IntersectionObserver(
        (entries) => {
          if (entries.some(({ isIntersecting }) => isIntersecting)) this.#setNear();
        },
        { rootMargin: NEAR },
      );
      this.#setNear = () => {
        observer.disconnect();
        resolve();
      };
      observer.observe(this);
      signal.addEventListener("abort", this.#setNear, { once: true });
    });
  }

  /** Loads the messages of the element's language. At first, the API's responses are requested at the same time. */
  async #loadMessages() {
    this.language = preferredLanguage(this);
    if (!this.#locale) {
      for (const path of this.firstPaths) {
        const answer = this.#request(path, this.#signal());
        answer.catch(() => {}); // handled by `fetchJson`
        this.#early.set(path, answer);
      }
    }
    this.prepare();
    await this.#loadCatalogs();
    this.adoptStyles();
  }

  /**
   * Loads all messages; those in English if one module cannot be loaded. A reload may change the language meanwhile.
   *
   * @returns {Promise<void>}
   */
  async #loadCatalogs() {
    const { language } = this;
    /** @type {Messages[]} */
    let modules = [];
    try {
      modules = await Promise.all(this.#catalogs.map((catalog) => /** @type {Catalog[string]} */ (catalog[language])()));
    } catch (error) {
      if (language === "en") throw error;
      if (language === this.language) this.language = "en";
    }
    if (language !== this.language) return this.#loadCatalogs();
    for (const { LOCALE, MESSAGES } of modules) {
      this.#locale = LOCALE ?? this.#locale;
      Object.assign(this.#messages, LOCALE?.messages, MESSAGES);
    }
    return undefined;
  }

  /**
   * Loads the messages of a part of the element, now and with each reload. If they cannot be loaded, the element stays as
   * it is.
   *
   * @param {Catalog} catalog
   */
  async addMessages(catalog) {
    await catalog[this.language]?.();
    if (!this.#catalogs.includes(catalog)) this.#catalogs.push(catalog);
    await this.#loadCatalogs();
  }

  /** The blog's origin: the attribute `api`, or that of a `data-kolom-api` around it, or that of the script. */
  get origin() {
    return apiOf(this, this.getAttribute("api"));
  }

  /** The direction of the interface's language. */
  get direction() {
    return this.#locale?.direction ?? "ltr";
  }

  /** The locale of `Intl`, with the digits of the other numbers. */
  get intlLocale() {
    return `${this.language}-u-nu-latn`;
  }

  /**
   * Returns a message in the element's language, with its `{placeholders}` filled.
   *
   * @param {Key} key
   * @param {Record<string, string>} [values]
   */
  text(key, values = {}) {
    return formatMessage(this.#messages[key] ?? "", values);
  }

  /**
   * Returns a message with a number, `{n}`.
   *
   * @param {CountKey} key
   * @param {number} n
   * @param {Record<string, string>} [values]
   */
  count(key, n, values = {}) {
    const category = new Intl.PluralRules(this.language).select(n);
    const message = this.#messages[`${key}.${category}`] ?? this.#messages[`${key}.other`] ?? "";
    return formatMessage(message, { n: this.number(n), ...values });
  }

  /**
   * Sends a request to the API and returns its JSON. Dispatches `kolom-load` or `kolom-error`.
   *
   * @template T
   * @param {string} path
   * @param {RequestInit & {signal?: AbortSignal}} [options]
   * @returns {Promise<T>}
   * @throws {ApiError} for an error response; other errors if there is no response
   */
  async fetchJson(path, options = {}) {
    // What was sent is not cancelled: the visitor could not know whether it arrived.
    const lifetime = options.method ? null : this.#lifetime;
    const signal = this.#signal(options.signal, lifetime);
    try {
      const early = this.#early.get(path);
      this.#early.delete(path);
      const answer = await (early ?? this.#request(path, signal, options));
      if (!answer.ok) {
        const retryAfter = Number(answer.headers.get("Retry-After")) || null;
        throw new ApiError(answer.status, await answer.json().catch(() => ({})), retryAfter);
      }
      this.#timeZone = knownTimeZone(answer.headers.get("Kolom-Time-Zone")) ?? this.#timeZone;
      const data = answer.status === 204 ? null : await answer.json();
      this.emit("kolom-load", data);
      return data;
    } catch (error) {
      if (!options.signal?.aborted && !lifetime?.signal.aborted) {
        void explainFailure(this.localName, this.origin, error);
        this.emit("kolom-error", error);
      }
      throw error;
    }
  }

  /**
   * @param {AbortSignal | undefined} [signal]
   * @param {AbortController | null} [lifetime]
   */
  #signal(signal, lifetime = this.#lifetime) {
    const others = [signal, lifetime?.signal].filter((each) => each !== undefined);
    return AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...others]);
  }

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   * @param {RequestInit} [options]
   */
  #request(path, signal, options = {}) {
    return fetch(this.origin + path, { credentials: "omit", ...options, signal });
  }

  /**
   * Shows that something could not be loaded: what, and if there was no response, what a reader can do.
   *
   * @param {Key} key the message that says what could not be loaded
   * @param {unknown} error
   */
  announceFailure(key, error) {
    const advice = error instanceof ApiError ? "" : ` ${this.text("failed.unreachable")}`;
    this.announce(this.text(key) + advice, "problem");
  }

  /**
   * @param {string} name
   * @param {unknown} detail
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * Returns a whole number as the site's pages show it.
   *
   * @param {number} value
   */
  number(value) {
    const { thousands = "", minimumGroupingDigits = 1 } = this.#locale ?? {};
    const digits = String(value);
    return digits.length < 3 + minimumGroupingDigits ? digits : digits.replace(/\B(?=(\d{3})+$)/g, thousands);
  }

  /**
   * Returns a date as the site's pages show it: in the site's time zone, in the element's language.
   *
   * @param {string} moment
   */
  date(moment) {
    const parts = this.#parts("en-u-ca-gregory-nu-latn", { year: "numeric", month: "numeric", day: "numeric" }, moment);
    return formatMessage(this.#locale?.date ?? "", { ...parts, month: this.#locale?.months[Number(parts.month) - 1] ?? "" });
  }

  /**
   * Returns an element with a date.
   *
   * @param {string} moment
   */
  day(moment) {
    return element("time", { datetime: moment }, this.date(moment));
  }

  /**
   * Returns an element with a relative time; its title is the exact time in the site's time zone.
   *
   * @param {string} moment
   */
  timeAgo(moment) {
    const { hour, minute, timeZoneName } = this.#parts(
      this.intlLocale,
      { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" },
      moment,
    );
    const time = element("time", {
      datetime: moment,
      title: formatMessage(this.#locale?.dateTime ?? "", {
        date: this.date(moment),
        time: `${hour}:${minute} ${timeZoneName}`,
      }),
    });
    this.#refreshTime(time);
    return time;
  }

  /**
   * Returns the parts of a moment in the site's time zone, by their names.
   *
   * @param {string} locale
   * @param {Intl.DateTimeFormatOptions} options
   * @param {string} moment
   * @returns {Record<string, string>}
   */
  #parts(locale, options, moment) {
    const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: this.#timeZone });
    return Object.fromEntries(format.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
  }

  /** Updates all relative times. */
  refreshTimes() {
    for (const time of this.root.querySelectorAll("time")) this.#refreshTime(time);
  }

  /** @param {HTMLTimeElement} time an element created by `timeAgo` */
  #refreshTime(time) {
    const seconds = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000);
    const [unit, length] = UNITS.find(([, shortest]) => seconds >= shortest) ?? ["second", Infinity];
    const format = new Intl.RelativeTimeFormat(this.intlLocale, { numeric: "auto" });
    time.textContent = format.format(-Math.trunc(seconds / length), unit);
  }

  /**
   * Shows a message in `status`.
   *
   * @param {string} text
   * @param {string} [kind]
   */
  announce(text, kind = "") {
    this.status.className = `status ${kind}`;
    this.status.textContent = text;
  }

  /**
   * Creates a heading of the level in `heading` (default: 2), or of a lower level.
   *
   * @param {number} below the number of levels below it
   * @param {Record<string, string>} attributes
   * @param {...(Node | string)} text
   */
  makeHeading(below, attributes, ...text) {
    const level = Math.min(6, (Number(this.getAttribute("heading")) || 2) + below);
    return element(/** @type {"h2"} */ (`h${level}`), attributes, ...text);
  }

  /**
   * Creates a button. While it is `aria-disabled`, it keeps the focus and does nothing.
   *
   * @param {string} label
   * @param {() => unknown} act
   * @param {Record<string, string>} [attributes]
   */
  button(label, act, attributes = {}) {
    const button = element("button", { type: "button", part: "button", ...attributes }, label);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") act();
    });
    return button;
  }

  /**
   * Creates a button that retries after a failure.
   *
   * @param {() => unknown} retry
   */
  retryButton(retry) {
    return this.button(this.text("form.retry"), retry);
  }
}

/**
 * Returns the text with its `{placeholders}` filled.
 *
 * @param {string} text
 * @param {Record<string, string>} values
 */
export function formatMessage(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** @param {string} html trusted markup */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // eslint-disable-line no-restricted-syntax -- the only place
  return template.content;
}
