"""Fingerprint and deploy the files of the site's theme in ``frontend/``."""
