// @ts-check
/**
 * Loads the modules of the elements that a page has, also of those that are added later, and nothing else.
 *
 *     <script type="module" src="https://blog.example/assets/widgets/kolom.js"></script>
 *
 * @module
 */

/** The module of each element, by a selector. @type {Record<string, () => Promise<unknown>>} */
const MODULES = {
  "kolom-articles": () => import("./kolom-articles.js"),
  "kolom-comments": () => import("./kolom-comments.js"),
  "kolom-contact": () => import("./kolom-contact.js"),
  "kolom-count, [data-kolom-count]": () => import("./kolom-count.js"),
  "kolom-recent-comments": () => import("./kolom-recent-comments.js"),
  "kolom-related": () => import("./kolom-related.js"),
  "kolom-search": () => import("./kolom-search.js"),
};

const missing = new Map(Object.entries(MODULES));

const observer = new MutationObserver(load);

/** Loads the modules of elements that are in the page now. */
function load() {
  for (const [selector, importModule] of missing) {
    if (!document.querySelector(selector)) continue;
    missing.delete(selector);
    // After a failure, the next change of the page tries again.
    importModule().catch(() => missing.set(selector, importModule));
  }
  if (!missing.size) observer.disconnect();
}

observer.observe(document, { subtree: true, childList: true });
load();
