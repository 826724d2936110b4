// @ts-check
/**
 * The URL of the page, also after a script has changed it without loading a document.
 *
 * @module
 */

/** Scripts that replace the page change its URL first, and the canonical URL in its head some moments later. */
const SETTLE_MS = 50;

/** The canonical URL that was found last, and the path where the document was at that time. */
const seen = { canonical: canonicalUrl(), path: location.pathname };

function canonicalUrl() {
  const link = document.querySelector('link[rel~="canonical" i][href]');
  return link instanceof HTMLLinkElement && /^https?:/.test(link.href) ? link.href : null;
}

/**
 * Returns the canonical URL of the page; without one, its own URL without query and fragment. A canonical URL that is
 * still that of the previous page does not count.
 */
export function pageUrl() {
  const canonical = canonicalUrl();
  if (canonical !== seen.canonical) Object.assign(seen, { canonical, path: location.pathname });
  return canonical && location.pathname === seen.path ? withoutFragment(canonical) : location.origin + location.pathname;
}

/** @param {string} url */
export function withoutFragment(url) {
  return url.replace(/#.*$/s, "");
}

/**
 * Calls `changed` when the page gets another URL.
 *
 * @param {() => void} changed
 * @param {AbortSignal} signal ends the observation
 */
export function watchPageUrl(changed, signal) {
  let current = pageUrl();
  let timer = 0;
  const check = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const before = current;
      current = pageUrl();
      if (current !== before) changed();
    }, SETTLE_MS);
  };
  // Browsers without the Navigation API do not announce `pushState`; but the page's title or metadata changes, too.
  const observer = new MutationObserver(() => {
    observeHead();
    check();
  });
  const observeHead = () => {
    observer.observe(document.documentElement, { childList: true });
    observer.observe(document.head, { subtree: true, childList: true, attributeFilter: ["href", "rel"] });
  };
  observeHead();
  /** @type {EventTarget | undefined} */ (Reflect.get(window, "navigation"))?.addEventListener("currententrychange", check, { signal });
  window.addEventListener("popstate", check, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
}

/**
 * Tells the owner of the page that the blog does not know the article or the page of an element.
 *
 * @param {import("./kolom-element.js").KolomElement} host
 */
export async function explainMissing(host) {
  const url = pageUrl();
  const advice = await import("./kolom-advice.js");
  advice.explainMissing(host, url);
}
