"""Signed tokens, pseudonyms, client addresses, rate limits, bans and single-use records."""
