// @ts-check
// `?article=` selects the article, `?label=` filters the list and the search, and `?api=` selects the blog. The search box
// also keeps its state in the URL.

const wanted = new URLSearchParams(location.search);
const article = document.getElementById("article");
const list = document.getElementById("list");
const search = document.getElementById("search");
const comments = document.getElementById("comments");
const contact = document.getElementById("contact");

const api = wanted.get("api");
if (api) {
  for (const widget of [article, comments, contact]) widget?.setAttribute("api", api);
  for (const widget of [list, search]) {
    widget?.setAttribute("api", api);
    widget?.setAttribute("link", `?api=${encodeURIComponent(api)}&article={slug}`);
  }
}
/** @type {[string, HTMLElement | null][]} */
const chosen = [
  ["article", article],
  ["article", comments],
  ["label", list],
];
for (const [name, widget] of chosen) {
  const value = wanted.get(name);
  if (value) widget?.setAttribute(name, value);
}

article?.addEventListener("kolom-load", (event) => {
  if (event instanceof CustomEvent) document.title = `${event.detail.title} · Kolom`;
});
