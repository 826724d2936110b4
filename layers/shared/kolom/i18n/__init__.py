"""The interface languages: messages, plural forms, dates and numbers."""
