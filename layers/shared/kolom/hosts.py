"""Host names in ASCII. Pure."""


def ascii_host(host: str) -> str:
    """Return a host name in ASCII, as DNS and browsers use it; names in ASCII are unchanged.

    :raises ValueError: it is not a valid name
    """
    if host.isascii():
        return host
    # Imported here, because its tables add 100 ms to a cold start, and almost all hosts are ASCII.
    import idna

    return idna.encode(host, uts46=True).decode()  # IDNAError is a ValueError
