"""The submission pipeline of comments and contact messages: validation, idempotency, rate limits, spam rules."""
