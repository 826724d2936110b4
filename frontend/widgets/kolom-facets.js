// @ts-check
/**
 * The choices of `<kolom-search>` that narrow a search by label, year and language, and the filters that can be
 * removed.
 *
 * @module
 */

import { element } from "./kolom-element.js";

/**
 * @typedef {{labels: {label: string, count: number}[], years: {year: number, count: number}[],
 *   languages: {language: string, count: number}[]}} FacetCounts
 * @typedef {{name: string, count: number | null, act: () => void}} Choice
 * @typedef {{label: HTMLSelectElement, language: HTMLSelectElement, from: HTMLInputElement, to: HTMLInputElement}} Fields
 * @typedef {import("./kolom-element.js").KolomElement & {fixedFilter(name: "label" | "language"): string | null}} Search
 */

export const FACET_STYLES = `
.facets { display: grid; container-type: inline-size; gap: .65em; margin-block: .75em .25em; font-size: .875em; }
.facet { display: grid; grid-template-columns: 5.5em minmax(0, 1fr); align-items: baseline; }
.facet-name { color: var(--kolom-soft, inherit); }
.choices { display: flex; flex-wrap: wrap; gap: .5em; margin: 0; padding: 0; list-style: none; }
.choices li { min-inline-size: 0; }
.choices button { display: flex; gap: .5em; align-items: baseline; padding: .2em .8em; border: 1px solid transparent; border-radius: 1.2em; background: var(--kolom-shade, #8882); color: var(--kolom-ink, var(--on-shade, inherit)); line-height: 1.4; overflow-wrap: anywhere; text-align: start; }
.choices button:hover { border-color: currentColor; }
.choices .active { border-color: currentColor; background: none; color: var(--kolom-accent, inherit); }
.number { color: var(--kolom-soft, inherit); font-variant-numeric: tabular-nums; }
@container (max-width: 36rem) { .facet { margin-block: -.25em; } .facet .choices { flex-wrap: nowrap; padding: .25em .2em; overflow-x: auto; scrollbar-width: none; } .facet li { flex: none; max-inline-size: 80%; } }
`;

const MAX_LABELS = 8;
const MAX_YEARS = 6;

export class Facets {
  /** The element that shows the choices. */
  nav = element("nav", { class: "facets", part: "facets", hidden: "" });
  /** @type {string[]} the labels that the search requires, besides that of the filter */
  moreLabels = [];
  #host;
  #fields;
  #submit;

  /**
   * @param {Search} host
   * @param {Fields} fields
   * @param {() => void} submit searches after a choice
   */
  constructor(host, fields, submit) {
    this.#host = host;
    this.#fields = fields;
    this.#submit = submit;
  }

  /** The labels that the search requires. */
  get labels() {
    return [this.#fields.label.value, ...this.moreLabels].filter(Boolean);
  }

  set labels([first = "", ...others]) {
    select(this.#fields.label, first, (name) => name);
    this.moreLabels = others.slice(0, MAX_LABELS - 1);
  }

  clear() {
    this.nav.hidden = true;
    this.nav.replaceChildren();
  }

  /**
   * Shows the active filters, and the choices that narrow the search: some results meet them, but not all.
   *
   * @param {FacetCounts | null | undefined} counts
   * @param {number} total
   */
  show(counts, total) {
    const { labels = [], years = [], languages = [] } = counts ?? {};
    this.nav.setAttribute("aria-label", this.#host.text("search.facets"));
    this.#add("", this.#activeFilters());
    this.#add(this.#host.text("search.label"), this.#labelChoices(labels.filter(({ count }) => count < total)));
    this.#add(this.#host.text("search.year"), years.length > 1 ? this.#yearChoices(years) : []);
    this.#add(this.#host.text("search.language"), languages.length > 1 ? this.#languageChoices(languages) : []);
    this.nav.hidden = !this.nav.hasChildNodes();
  }

  /** @returns {Choice[]} */
  #activeFilters() {
    const { language, from, to } = this.#fields;
    const labels = this.#isFree("label") ? this.labels : [];
    /** @type {Choice[]} */
    const active = labels.map((name) => ({
      name,
      count: null,
      act: () => (this.labels = labels.filter((each) => each !== name)),
    }));
    if (from.value || to.value) {
      const name = yearOf(from.value, to.value) ?? `${from.value}–${to.value}`;
      active.push({ name, count: null, act: () => (from.value = to.value = "") });
    }
    if (language.value && this.#isFree("language")) {
      active.push({ name: languageName(this.#host.language, language.value), count: null, act: () => (language.value = "") });
    }
    return active;
  }

  /** @param {FacetCounts["labels"]} labels @returns {Choice[]} */
  #labelChoices(labels) {
    if (!this.#isFree("label")) return [];
    const chosen = this.labels;
    const known = new Set(chosen.map((label) => label.toLowerCase()));
    return labels
      .filter(({ label }) => !known.has(label.toLowerCase()))
      .map(({ label, count }) => ({ name: label, count, act: () => (this.labels = [...chosen, label]) }));
  }

  /** @param {FacetCounts["years"]} years @returns {Choice[]} */
  #yearChoices(years) {
    const { from, to } = this.#fields;
    return years.slice(0, MAX_YEARS).map(({ year, count }) => {
      const digits = String(year).padStart(4, "0");
      return { name: String(year), count, act: () => ([from.value, to.value] = [`${digits}-01-01`, `${digits}-12-31`]) };
    });
  }

  /** @param {FacetCounts["languages"]} languages @returns {Choice[]} */
  #languageChoices(languages) {
    const name = (/** @type {string} */ code) => languageName(this.#host.language, code);
    return languages.map(({ language, count }) => ({
      name: name(language),
      count,
      act: () => select(this.#fields.language, language, name),
    }));
  }

  /** @param {"label" | "language"} name @returns {boolean} whether the reader may change the filter */
  #isFree(name) {
    return this.#host.fixedFilter(name) === null;
  }

  /**
   * Adds a list of choices, if there are any.
   *
   * @param {string} name
   * @param {Choice[]} choices
   */
  #add(name, choices) {
    if (!choices.length) return;
    const list = element("ul", { class: "choices", role: "list", "aria-label": name || null });
    list.append(...choices.map((choice) => element("li", {}, this.#button(choice))));
    const caption = name ? element("div", { class: "facet-name", "aria-hidden": "true" }, name) : null;
    this.nav.append(element("div", { class: name ? "facet" : "", part: "facet" }, caption, list));
  }

  /** @param {Choice} choice */
  #button({ name, count, act }) {
    const isActive = count === null;
    const button = element(
      "button",
      {
        type: "button",
        part: "choice",
        class: isActive ? "active" : null,
        "aria-label": isActive ? this.#host.text("search.remove", { name }) : null,
      },
      element("span", { dir: "auto" }, name),
      isActive
        ? element("span", { "aria-hidden": "true" }, "×")
        : element("span", { class: "number" }, this.#host.number(count)),
    );
    button.addEventListener("click", () => {
      act();
      this.#submit();
    });
    return button;
  }
}

/**
 * Returns the name of a language.
 *
 * @param {string} language the language of the name
 * @param {string} code
 */
export function languageName(language, code) {
  try {
    const name = new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return code;
  }
}

/**
 * Selects a value, ignoring case; a value that is not an option is added.
 *
 * @param {HTMLSelectElement} field
 * @param {string} value
 * @param {(value: string) => string} name
 */
export function select(field, value, name) {
  const offered = [...field.options].find((option) => option.value.toLowerCase() === value.toLowerCase());
  if (!offered && value) field.append(new Option(name(value), value));
  field.value = offered?.value ?? value;
}

/**
 * Returns the year from the first to the last of two days, or null.
 *
 * @param {string} from
 * @param {string} to
 */
function yearOf(from, to) {
  const year = from.slice(0, 4);
  return from === `${year}-01-01` && to === `${year}-12-31` ? year : null;
}
