"""The report of a study: figures with their words, numbers with how they were obtained, a page."""
