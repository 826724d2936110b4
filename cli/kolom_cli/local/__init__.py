"""The local stack: what AWS does for the deployed one, in one process."""
