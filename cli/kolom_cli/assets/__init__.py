"""The files of the site's theme: from ``frontend/`` to fingerprinted, deployed assets."""
