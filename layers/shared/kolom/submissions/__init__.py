"""What every comment and contact message passes: validation, idempotency, limits and spam rules."""
