"""The HTTP interface: routing, caching, errors, request bodies and headers."""
