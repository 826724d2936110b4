// @ts-check
/**
 * What the owner of a page reads in the browser's console when an element cannot show its content. Readers see a message in the
 * element. This module is loaded only then.
 *
 * @module
 */

/** The advice that was already shown. @type {Set<string>} */
const told = new Set();

/**
 * Returns whether something is new, and to be told.
 *
 * @param {string} what
 */
function isNew(what) {
  return !told.has(what) && Boolean(told.add(what));
}

/** @param {string} text */
function tell(text) {
  // eslint-disable-next-line no-console -- the only place
  console.error(text);
}

/**
 * Explains why there is no response. A browser hides from scripts that the blog does not allow the page's origin, but not
 * whether the blog can be reached at all.
 *
 * @param {string} name the name of the element
 * @param {string} api
 */
export async function explainNoResponse(name, api) {
  if (!isNew(api)) return;
  const { origin } = location;
  const answer = await fetch(`${api}/api/health`, { mode: "no-cors", credentials: "omit" }).catch(() => null);
  tell(
    answer
      ? `<${name}>: the blog at ${api} does not allow this site. Add ${origin} to its parameter AllowedOrigins, beside the ` +
          `others and separated by commas: kolom deploy --parameter AllowedOrigins=${origin}`
      : `<${name}>: the blog at ${api} cannot be reached. Check the attribute api (data-kolom-api), and connect-src if this ` +
          `page has a Content-Security-Policy.`,
  );
}

/**
 * Explains that the blog does not know the article or the page of an element.
 *
 * @param {import("./kolom-element.js").KolomElement} host
 * @param {string} url the URL of the page
 */
export function explainMissing(host, url) {
  const slug = host.getAttribute("article");
  const what = `<${host.localName}>: the blog at ${host.origin} does not know the ${slug ? "article" : "page"} ${slug || url}.`;
  if (!isNew(what)) return;
  if (slug) tell(`${what} Correct the attribute article, or publish the article.`);
  else tell(`${what} Run kolom sync, so that it knows the pages of this site, or set the attribute article to a slug.`);
}
