"""From ``frontend/`` and its settings to the files that the site shows."""
