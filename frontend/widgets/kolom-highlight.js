// @ts-check
/**
 * Highlights the words to which a link of the search leads (`#heading:~:text=…`), in browsers without text fragments.
 * All others do that themselves, and remove the directive from the URL that scripts see.
 *
 * @module
 */

/**
 * Marks the words in the section of the page, and scrolls to the first one, or else to the heading.
 *
 * @param {string} hash
 */
export function highlight(hash) {
  const [id = "", directive] = hash.slice(1).split(":~:");
  if (directive === undefined) return;
  const heading = document.getElementById(decoded(id));
  if (!heading) return;
  const marks = directive.split("&").map((each) => mark(heading, wordOf(each)));
  (marks.find(Boolean) ?? heading).scrollIntoView({ block: marks.some(Boolean) ? "center" : "start" });
}

/**
 * Returns the word of a text directive, without its neighbors.
 *
 * @param {string} directive
 */
function wordOf(directive) {
  const parts = directive.replace(/^text=/, "").split(",");
  return decoded(parts.find((part) => !part.startsWith("-") && !part.endsWith("-")) ?? "");
}

/**
 * Marks the first place of a word after a heading, or in it. Parts of words count if there is no
 * whole word, as in texts without spaces.
 *
 * @param {HTMLElement} heading
 * @param {string} word
 * @returns {HTMLElement | null}
 */
function mark(heading, word) {
  if (!word) return null;
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  // Browsers without text fragments may have no lookbehind either.
  const whole = new RegExp(`(^|[^\\p{L}\\p{M}\\p{N}])(${literal})(?![\\p{L}\\p{M}\\p{N}])`, "iu");
  return markFirst(heading, whole) ?? markFirst(heading, new RegExp(`()(${literal})`, "iu"));
}

/**
 * Marks the second group of the first match after a heading, or in it. The first group is what precedes it.
 *
 * @param {HTMLElement} heading
 * @param {RegExp} pattern
 * @returns {HTMLElement | null}
 */
function markFirst(heading, pattern) {
  const texts = document.createTreeWalker(heading.parentElement ?? heading, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const isBefore = heading.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING;
    const match = isBefore ? null : pattern.exec(node.nodeValue ?? "");
    if (!match) continue;
    const [, before = "", word = ""] = match;
    const range = new Range();
    range.setStart(node, match.index + before.length);
    range.setEnd(node, match.index + before.length + word.length);
    const found = document.createElement("mark");
    found.className = "found";
    range.surroundContents(found);
    return found;
  }
  return null;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

highlight(location.hash);
