"""Articles: publishing (:mod:`.publishing`), public reading (:mod:`.public`), and the rules for both."""
