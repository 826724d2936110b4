// @ts-check
/**
 * `<kolom-contact>`: a contact form for the blog's owner, on any page.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom-contact.js"></script>
 *     <kolom-contact api="https://blog.example" subject="Your book">Content without JavaScript</kolom-contact>
 *
 * `lang` of the nearest element selects the language of the interface. Style: see docs/embed.md for the custom
 * properties and parts.
 *
 * @module
 */

import { KolomElement, element } from "./kolom-element.js";
import { LANGUAGES } from "./kolom-forms-catalog.js";
import { FORM_STYLES, KolomForm } from "./kolom-form.js";

const STYLES = `
.thanks { padding: 1.1em 1.25em; border-inline-start: 4px solid var(--kolom-accent, currentColor); background: var(--kolom-shade, #8881); color: var(--kolom-ink, var(--on-shade, inherit)); }
.thanks p { margin: 0 0 .5em; overflow-wrap: anywhere; }
.thanks button { margin-block-start: .5em; background: var(--kolom-paper, var(--derived-paper)); color: var(--kolom-ink, var(--on-paper, inherit)); }
`;

/**
 * The contact form.
 *
 * @tagname kolom-contact
 * @attr {string} api - The origin of the blog; by default that of a `data-kolom-api` around the element, or of the script
 * @attr {string} subject - Shows a field for the subject with this value
 * @attr {"auto" | "light" | "dark"} theme - The theme; by default that of the page
 * @fires kolom-load - After each response; `detail` is the response
 * @fires kolom-error - After each failure; `detail` is the error
 * @fires kolom-sent - After a submission was accepted; `detail` has its `id`
 * @csspart form
 * @csspart field
 * @csspart label
 * @csspart input
 * @csspart hint
 * @csspart error
 * @csspart send
 * @csspart thanks
 * @csspart status
 * @csspart button
 */
export class KolomContact extends KolomElement {
  static observedAttributes = ["api", "subject"];

  /** @type {KolomForm | null} */
  #form = null;
  #main = element("div", {}, element("slot", {}));

  constructor() {
    super(FORM_STYLES + STYLES, LANGUAGES);
    this.root.append(this.#main);
  }

  /** @override */
  stop() {
    this.#form?.close();
  }

  /** Shows an empty form, or the saved draft. @override */
  async update() {
    const before = this.#form;
    before?.close();
    const form = this.#createForm();
    this.#main.replaceChildren(form.node);
    if (!before) form.copyInput(this.querySelector("form"));
    this.#form = form;
  }

  #createForm() {
    const subject = this.getAttribute("subject");
    /** @type {import("./kolom-form.js").FieldOptions[]} */
    const fields = [
      { name: "name" },
      { name: "email", hint: this.text("contact.email.hint"), isRequired: true },
      { name: "message", kind: "long", label: this.text("contact.message"), isRequired: true, isDrafted: true },
    ];
    if (subject !== null) {
      fields.splice(2, 0, { name: "subject", kind: "text", label: this.text("contact.subject"), isDrafted: true, value: subject });
    }
    const form = new KolomForm(this, {
      fields,
      draft: `kolom.draft:${this.origin}/contact`,
      isGuarded: true,
      send: (values, headers) => this.fetchJson("/api/contact", { method: "POST", body: JSON.stringify(values), headers }),
      done: ({ id }, values) => this.#showThanks(id, String(values.email)),
    });
    form.node.setAttribute("aria-label", this.text("contact"));
    return form;
  }

  /**
   * @param {string} id
   * @param {string} email
   */
  #showThanks(id, email) {
    const [before, after] = this.text("contact.received.to", { email: "\n" }).split("\n");
    const another = element("button", { type: "button", part: "button" }, this.text("contact.another"));
    const thanks = element(
      "div",
      { class: "thanks", part: "thanks", tabindex: "-1", role: "group", "aria-labelledby": "thanks" },
      element("p", { id: "thanks" }, element("strong", {}, this.text("contact.received.title"))),
      element("p", {}, before ?? "", element("bdi", {}, email), after ?? ""),
      another,
    );
    another.addEventListener("click", async () => {
      await this.reload();
      this.#form?.focus();
    });
    this.#main.replaceChildren(thanks);
    thanks.focus();
    this.emit("kolom-sent", { id });
  }
}

if (!customElements.get("kolom-contact")) customElements.define("kolom-contact", KolomContact);
