"""Articles: publishing them (:mod:`.publishing`), reading them (:mod:`.reading`), and the rules for both."""
