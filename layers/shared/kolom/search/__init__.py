"""Full-text search on DynamoDB alone.

The modules, from text analysis to results:

* :mod:`.tokenizer`, :mod:`.analyzer`: split a text into words; stems and stop words of each language.
* :mod:`.indonesian`: stems of Indonesian and Malay.
* :mod:`.codec`: frequencies, postings and documents encoded as single numbers.
* :mod:`.document`: the index document that is built from one article.
* :mod:`.forward_index`, :mod:`.vocabulary`, :mod:`.title_index`: the terms that the index may have for each article;
  the words of the site, and the words of its titles.
* :mod:`.index_writer`, :mod:`.reindexing`: update the index to the current articles; it has no other writer.
* :mod:`.query_parser`: parses a query into words, phrases and exclusions.
* :mod:`.function_words`, :mod:`.query_language`: decide which words of a query are stop words.
* :mod:`.phrase_matcher`: finds phrases in a text.
* :mod:`.index_reader`: reads postings and results.
* :mod:`.document_table`: the list of all searchable articles, cached in memory while it is valid.
* :mod:`.completion`: completes the last word of a query, for searches and suggestions alike.
* :mod:`.unknown_words`, :mod:`.misspelling`: find the words of a query that no article has, and what may be meant.
* :mod:`.searcher`, :mod:`.spellcheck`, :mod:`.autocomplete`, :mod:`.more_like_this`: answer requests.
* :mod:`.highlighter`: marks matches in titles and snippets.

Pure modules, without storage: tokenizer, analyzer, indonesian, codec, document, query_parser, function_words,
query_language, phrase_matcher, bm25, highlighter, misspelling, date_range.
"""
