"""What stands before everything that a visitor may send: once only, not too often, by a form, from no banned sender."""
