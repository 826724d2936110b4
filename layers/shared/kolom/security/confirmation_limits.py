"""Rate limits of confirmation mails: per IP address, network and mailbox, and for the whole site.

Anyone can enter any address, so the recipient of such a mail may have no relation to the site.
"""

from datetime import datetime
from typing import Final

from kolom.models.guard import GuardRecord
from kolom.security import rate_limits
from kolom.security.client_address import ClientId
from kolom.security.rate_limits import HOUR_SECONDS, LimitItem
from kolom.timestamps import SECONDS_PER_DAY

_TO_MAILBOX_A_DAY: Final = 3
_BY_ADDRESS_AN_HOUR: Final = 3
_BY_ADDRESS_A_DAY: Final = 10
_BY_NETWORK_A_DAY: Final = 20
_BY_SITE_AN_HOUR: Final = 20
_BY_SITE_A_DAY: Final = 100

_ADDRESS_DIGITS: Final = 8
"""The number of digits of the hash of an IP address in the names of its counters."""


def count_confirmation(submission_id: str, mailbox: str, client: ClientId | None, *, now: datetime) -> bool:
    """Count a confirmation mail; return whether it is within all limits. The same submission counts once.

    One BatchGetItem, and an UpdateItem for each of client, mailbox and site. If a limit is already reached, nothing is
    written. If concurrent mail reaches one in the meantime, the items before it have counted this mail.

    ``client`` is the client that entered the address; None if it is no longer stored. A client that has reached its
    limit does not use up the limits of the site.
    """

    def item(name: str) -> LimitItem:
        key = f"tally#confirmations#{name}"
        return LimitItem(key, submission_id, ids_seconds=SECONDS_PER_DAY, max_ids=_BY_SITE_A_DAY, now=now)

    by_mailbox, by_site = item(f"mailbox#{mailbox}"), item("site")
    limits = [
        (by_mailbox, {by_mailbox.counter("mailbox", SECONDS_PER_DAY): _TO_MAILBOX_A_DAY}),
        (
            by_site,
            {
                by_site.counter("site", HOUR_SECONDS): _BY_SITE_AN_HOUR,
                by_site.counter("site", SECONDS_PER_DAY): _BY_SITE_A_DAY,
            },
        ),
    ]
    if client is not None:
        by_client, address = item(f"clients#{client.network}"), client.address[:_ADDRESS_DIGITS]
        by_client_maxima = {
            by_client.counter(address, HOUR_SECONDS): _BY_ADDRESS_AN_HOUR,
            by_client.counter(address, SECONDS_PER_DAY): _BY_ADDRESS_A_DAY,
            by_client.counter("network", SECONDS_PER_DAY): _BY_NETWORK_A_DAY,
        }
        limits.insert(0, (by_client, by_client_maxima))
    records = rate_limits.records_by_key(GuardRecord.get_many(item.key for item, _ in limits))
    if any(item.find_reached(records.get(item.key), maxima) for item, maxima in limits):
        return False
    return not any(item.count(records.get(item.key), maxima) for item, maxima in limits)
