"""Comments: posting, editing, moderation, import and restore, and public reading."""
