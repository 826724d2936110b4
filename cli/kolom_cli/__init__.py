"""`kolom`: the author's command line, and the local stack."""
