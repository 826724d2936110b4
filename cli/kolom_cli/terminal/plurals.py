"""Numbers with a noun, as reports print them. Pure."""


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 picture``, ``2 pictures``; ``plural`` is needed if the plural is not the noun with an ``s``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def choose(number: int, singular: str, plural: str) -> str:
    """Return the form of a word or phrase for the number, without the number."""
    return singular if number == 1 else plural
