"""Full-text search on DynamoDB alone.

The modules, from text analysis to results:

* :mod:`.tokenizer`, :mod:`.word_forms`, :mod:`.analyzer`: split a text into words; further forms of words; stems and
  stop words of each language.
* :mod:`.indonesian`: stems of Indonesian and Malay.
* :mod:`.terms`: what the writer and the readers of the index must agree on.
* :mod:`.codec`: frequencies, postings and documents encoded as single numbers.
* :mod:`.document`: the index document that is built from one article; :mod:`.sections`: the sections of long articles.
* :mod:`.forward_index`, :mod:`.vocabulary`, :mod:`.title_index`: the terms that the index may have for each article;
  the words of the site, and the words of its titles.
* :mod:`.posting_blocks`, :mod:`.result_records`: the items of postings and of results.
* :mod:`.index_writer`, :mod:`.reindexing`: update the index to the current articles; it has no other writer.
* :mod:`.query_clauses`, :mod:`.query_filters`, :mod:`.query_parser`: parse a query into words, phrases, exclusions,
  alternatives and conditions.
* :mod:`.function_words`, :mod:`.query_language`: decide which words of a query are stop words.
* :mod:`.article_filters`, :mod:`.date_range`: which articles a search admits.
* :mod:`.matcher`: finds the words of a query in a text.
* :mod:`.phrase_matcher`, :mod:`.phrase_verification`: find phrases in a text, and the articles that have them.
* :mod:`.search_settings`, :mod:`.settings_repository`, :mod:`.settings_cache`, :mod:`.settings_editor`: the owner's
  synonyms and pinned articles.
* :mod:`.synonyms`, :mod:`.pins`: apply them to a query.
* :mod:`.index_reader`, :mod:`.result_cache`: read postings and results, and keep results in memory.
* :mod:`.bm25`: the scores of articles.
* :mod:`.document_table`: the list of all searchable articles, cached in memory while it is valid.
* :mod:`.completion`: completes the last word of a query, for searches and suggestions alike.
* :mod:`.unknown_words`, :mod:`.misspelling`: find the words of a query that no article has, and what may be meant.
* :mod:`.search_request`, :mod:`.query_rewriter`, :mod:`.matches`: the request of a search; the query as it is searched;
  the articles that match it, and their order.
* :mod:`.searcher`, :mod:`.spellcheck`, :mod:`.autocomplete`, :mod:`.more_like_this`: answer requests.
* :mod:`.related_lists`: the stored lists of related articles.
* :mod:`.facets`: how many results have a label, a year or a language.
* :mod:`.result_builder`, :mod:`.matcher`, :mod:`.highlighter`: build the results; find and mark the words of the query
  in titles and snippets.
* :mod:`.recorded_queries`, :mod:`.query_recorder`, :mod:`.query_counts`: count the queries of readers.
* :mod:`.parameters`, :mod:`.schemas`: parameters and schemas of the API.

Pure modules, without storage: tokenizer, word_forms, analyzer, indonesian, terms, codec, document, sections,
query_clauses, query_filters, query_parser, function_words, query_language, matcher, phrase_matcher, bm25, highlighter,
misspelling, date_range, search_settings, synonyms, pins, recorded_queries.
"""
