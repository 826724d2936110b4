"""The rate limits of submissions: what counts, what a refusal costs, and how large their items become."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import boto3
import pytest

from benchmarks.capacity import item_bytes, metered
from kolom.errors import RateLimited
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security.client_address import ClientId
from kolom.security.submission_limits import SubmissionLimits
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure
from tests.integration.handlers import stored

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PER_MINUTE = 10

pytestmark = pytest.mark.usefixtures("tables")


def limits_of(
    number: int,
    *,
    address: str = "a0",
    network: str = "n",
    now: datetime = NOW,
    is_message: bool = False,
    per_minute: int = PER_MINUTE,
) -> SubmissionLimits:
    """Return the limits of the submission with that number."""
    submission_id = sha256(str(number).encode()).hexdigest()[:12]
    return SubmissionLimits(ClientId(address, network), submission_id, per_minute, is_message=is_message, now=now)


def count(limits: SubmissionLimits) -> bool:
    """Count a submission; return whether it was within the limits."""
    try:
        limits.check(GuardRecord.get_many(limits.keys))
        transaction = Transaction()
        limits.stage(transaction)
        if len(transaction):
            transaction.commit()
    except RateLimited:
        return False
    return True


def store_clients(ids: Mapping[str, Mapping[str, list[str]]] | None = None, /, **counters: int) -> None:
    """Store the item of a network with these ids, and these counters of the current minute."""
    minute = int(NOW.timestamp()) // 60
    item = {f"{name}#60#{minute}": {"N": str(value)} for name, value in counters.items()}
    key = {"key": {"S": "tally#clients#n"}, "expires_at": {"N": str(2**31)}}
    boto3.client("dynamodb").put_item(TableName="kolom-guard", Item={**key, **item, **(ids or {})})


def test_an_address_has_a_limit_per_minute_and_per_hour() -> None:
    accepted = [
        sum(count(limits_of(minute * 12 + n, now=NOW + timedelta(minutes=minute))) for n in range(12))
        for minute in (*range(11), 60)
    ]
    assert accepted == [10] * 10 + [0, 10]


def test_a_network_has_a_limit_for_all_its_addresses() -> None:
    store_clients(network=199)
    assert [count(limits_of(n, address=f"{n:08x}")) for n in range(3)] == [True, False, False]
    assert count(limits_of(9, network="other"))


def test_messages_have_daily_limits_that_comments_do_not_use_up() -> None:
    def hour(number: int) -> datetime:
        return NOW.replace(hour=0) + timedelta(hours=number)

    assert all(count(limits_of(n, now=hour(n // 10))) for n in range(30))
    messages = [count(limits_of(100 + n, now=hour(4 + n // 8), is_message=True)) for n in range(24)]
    assert messages == [True] * 20 + [False] * 4
    assert count(limits_of(200, now=hour(24), is_message=True))


def test_the_error_says_when_all_reached_limits_have_ended() -> None:
    """Waiting for the minute only would not help a client that has also reached the limit of the hour."""
    for minute in range(10):
        for n in range(10):
            assert count(limits_of(minute * 10 + n, now=NOW + timedelta(minutes=minute)))
    limits = limits_of(999, now=NOW + timedelta(minutes=9, seconds=30))
    records = GuardRecord.get_many(limits.keys)
    with pytest.raises(RateLimited) as raised:
        limits.check(records)
    assert raised.value.retry_after_seconds == 3600 - 570


def test_a_repeated_submission_counts_once_even_if_the_limit_is_reached() -> None:
    assert all(count(limits_of(n)) for n in range(10))
    with metered() as bill:
        for n in range(10):
            limits = limits_of(n, now=NOW + timedelta(seconds=30))
            limits.check(GuardRecord.get_many(limits.keys))
    assert bill.write_units == 0
    assert not count(limits_of(10))


def test_a_repetition_in_the_next_period_of_ids_counts_once() -> None:
    assert count(limits_of(1, now=NOW - timedelta(seconds=1)))
    assert count(limits_of(1, now=NOW + timedelta(seconds=1)))
    (item,) = (each for each in stored("guard") if "clients" in each["key"]["S"])
    assert {value["N"] for name, value in item.items() if name.startswith("a0#")} == {"1"}


@pytest.mark.parametrize("is_same", [True, False], ids=["copies", "different"])
def test_concurrent_submissions_count_exactly(is_same: bool) -> None:
    """Fifty copies of one submission count once. Of fifty different ones, exactly ten are accepted."""
    submissions = [limits_of(0 if is_same else n) for n in range(50)]
    records = GuardRecord.get_many(submissions[0].keys)

    def is_counted(limits: SubmissionLimits) -> bool:
        try:
            limits.check(records)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        accepted = sum(pool.map(is_counted, submissions))
    (item,) = stored("guard")
    counters = {value["N"] for name, value in item.items() if name.startswith("a0#")}
    assert (accepted, counters) == ((50, {"1"}) if is_same else (10, {"10"}))


def test_a_refused_submission_writes_nothing() -> None:
    assert all(count(limits_of(n)) for n in range(10))
    with metered() as bill:
        assert not count(limits_of(99))
    assert (bill.total_requests, bill.write_units) == (1, 0)


def is_in_sample(limits: SubmissionLimits) -> bool:
    """Return whether the site counts the submission."""
    transaction = Transaction()
    limits.stage(transaction)
    return len(transaction) == 1


def test_the_site_counts_a_sample_of_a_high_limit() -> None:
    """Of the default limit of a thousand in a minute, about a hundred are counted, each as ten."""
    submissions = [limits_of(n, network=f"n{n}") for n in range(2_000)]
    sample, rest = ([each for each in submissions if is_in_sample(each) == wanted] for wanted in (True, False))
    assert 150 < len(sample) < 250
    site = submissions[0].keys[1]
    GuardRecord(site, total=980, expires_at=2**31).save()
    assert [count(each) for each in (rest[0], *sample[:3], rest[1])] == [True, True, True, False, False]
    assert GuardRecord.get(site).total == 1_000


def test_a_low_limit_of_the_site_is_exact(blog: Blog, configure: Configure, one_minute: None) -> None:
    configure(comments_per_minute=1)
    blog.post("The first.")
    (site,) = (each["key"]["S"] for each in stored("guard") if "site" in each["key"]["S"])
    GuardRecord(site, total=99, expires_at=2**31).save()
    assert [blog.post(f"Number {n}.").status for n in range(2)] == [201, 429]


@pytest.mark.moto
@pytest.mark.parametrize("per_minute", [1, 100], ids=["lowest", "highest"])
def test_counting_a_new_sender_costs_three_units_at_any_limit(per_minute: int) -> None:
    """Two of them are those of the site, which counts in a transaction."""
    number = next(n for n in range(999) if is_in_sample(limits_of(n, per_minute=per_minute)))
    limits = limits_of(number, per_minute=per_minute)
    GuardRecord(limits.keys[1], total=per_minute * 99, expires_at=2**31).save()
    with metered() as bill:
        assert count(limits)
    (site,) = (item for item in stored("guard") if "site" in item["key"]["S"])
    assert (bill.write_units, site["total"]["N"], item_bytes(site) < 100) == (3, str(per_minute * 100), True)
    assert not count(limits_of(number, network="other", address="b0", per_minute=per_minute))


def test_new_senders_write_nothing_when_the_site_has_reached_its_limit(
    blog: Blog, configure: Configure, one_minute: None
) -> None:
    configure(comments_per_minute=1)
    blog.post("The first.")
    (site,) = (each["key"]["S"] for each in stored("guard") if "site" in each["key"]["S"])
    GuardRecord(site, total=100, expires_at=2**31).save()
    with metered() as bill:
        assert {blog.post(f"Number {n}.", address=f"10.0.{n}.1").status for n in range(5)} == {429}
    assert (bill.total_requests, bill.read_units, bill.write_units) == (1 + 5 * 2, 0.5 + 5 * 5.5, 0)


def test_the_addresses_of_a_crowded_network_share_counters() -> None:
    """From 24 counters on. The limit of a shared counter is that of four addresses."""
    store_clients(**{f"{n:08x}": 1 for n in range(23)}, network=1)
    accepted = [count(limits_of(n, address=f"f{n:07x}", per_minute=1)) for n in range(6)]
    assert accepted == [True] * 4 + [False] * 2
    assert count(limits_of(99, address="e0000000", per_minute=1))


def test_counters_of_ended_periods_do_not_make_a_network_crowded() -> None:
    store_clients(**{f"{n:08x}": 1 for n in range(40)})
    later = NOW + timedelta(minutes=1)
    assert all(count(limits_of(n, address=f"f{n:07x}", now=later)) for n in range(8))
    (item,) = (each for each in stored("guard") if "clients" in each["key"]["S"])
    assert len([name for name in item if name.startswith("f00000")]) == 2 * 8


@pytest.mark.moto
def test_counting_a_sender_of_a_crowded_network_costs_at_most_two_units() -> None:
    """The item has the ids of many submissions, and counters that are shared and not shared."""
    minute = int(NOW.timestamp()) // 60
    ids = {f"ids#600#{minute // 10 - ago}": {"SS": [f"{ago}{n:05}" for n in range(50)]} for ago in (0, 1)}
    store_clients(ids, **{f"message-{n:08x}": 99 for n in range(22)}, network=99)
    units = []
    for n in range(60):
        limits = limits_of(n, address=f"{n % 16:x}{n:07x}", is_message=n % 2 == 0)
        records = GuardRecord.get_many(limits.keys)
        with metered() as bill:
            limits.check(records)
        units.append(bill.write_units)
    assert set(units) == {2}


def test_counters_of_ended_periods_are_removed() -> None:
    for number in range(5):
        assert count(limits_of(number, now=NOW + timedelta(hours=number)))
    (item,) = (each for each in stored("guard") if "clients" in each["key"]["S"])
    assert len([name for name in item if "#" in name]) == 4
    assert item_bytes(item) < 200


def test_hashes_of_clients_expire_soon_after_the_end_of_the_day() -> None:
    assert count(limits_of(1, now=datetime(2026, 11, 30, 0, 1, tzinfo=UTC)))
    assert count(limits_of(2, now=datetime(2026, 11, 30, 23, 59, tzinfo=UTC)))
    (item,) = stored("guard")
    assert int(item["expires_at"]["N"]) == datetime(2026, 12, 1, 0, 10, tzinfo=UTC).timestamp()
