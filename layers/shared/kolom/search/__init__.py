"""Full text search with nothing but DynamoDB.

Reading a search from the outside in:

* :mod:`.words`, :mod:`.languages`: texts become words, words become stems; stop words.
* :mod:`.codes`: frequencies, postings and documents as single numbers.
* :mod:`.entries`: what one article contributes to the index.
* :mod:`.held`, :mod:`.vocabulary`, :mod:`.titles`: what the index may hold of an article; the words of the site, and
  those of its titles.
* :mod:`.indexing`: the only writer; brings the index to what the articles are now.
* :mod:`.queries`: what a reader typed becomes words, phrases and exclusions.
* :mod:`.phrases`: whether a text has a phrase.
* :mod:`.reading`: postings and results, as they are read.
* :mod:`.documents`: the list of all searchable articles, kept in memory while it is valid.
* :mod:`.searching`, :mod:`.correcting`, :mod:`.suggesting`, :mod:`.relating`: the answers.
* :mod:`.highlighting`: titles and snippets with what was found marked.

Rules without storage: words, languages, codes, entries, queries, phrases, ranking,
highlighting, periods.
"""
