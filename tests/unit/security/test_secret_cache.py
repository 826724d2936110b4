"""How long a process uses a secret that it has fetched."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from kolom.errors import ConfigurationError
from kolom.security.secret_cache import MAX_AGE_SECONDS, MAX_OUTAGE_SECONDS, RETRY_SECONDS, CachedSecret

UNREACHABLE = EndpointConnectionError(endpoint_url="https://secretsmanager")
INVALID = ConfigurationError("the secret must be a key, or JSON with current and keys")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "GetSecretValue")


class Store:
    """Secrets Manager with a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.value: str | Exception = "old"
        self.seconds = 1_000.0
        self.fetched = 0
        monkeypatch.setattr("kolom.security.secret_cache.time.time", lambda: self.seconds)

    def fetch(self) -> str:
        self.fetched += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(monkeypatch)


def test_a_process_uses_a_replaced_secret_for_at_most_five_minutes(store: Store) -> None:
    secret = CachedSecret(store.fetch)
    assert secret() == "old"
    store.value = "new"
    store.seconds += MAX_AGE_SECONDS - 1
    assert (secret(), store.fetched) == ("old", 1)
    store.seconds += 1
    assert (secret(), store.fetched) == ("new", 2)


@pytest.mark.parametrize("error", [UNREACHABLE, INVALID], ids=["unreachable", "invalid"])
def test_while_no_valid_secret_can_be_fetched_the_older_one_stays_in_use(store: Store, error: Exception) -> None:
    secret = CachedSecret(store.fetch)
    secret()
    store.value = error
    store.seconds += MAX_AGE_SECONDS
    assert [secret(), secret()] == ["old", "old"]
    assert store.fetched == 2, "it is not asked again by each request"
    store.value = "new"
    store.seconds += RETRY_SECONDS
    assert secret() == "new"


@pytest.mark.parametrize("error", [UNREACHABLE, INVALID], ids=["unreachable", "invalid"])
def test_an_older_secret_is_used_for_less_than_an_hour(store: Store, error: Exception) -> None:
    """Otherwise a revoked key would stay valid, and a process would refuse tokens of a key that it does not know."""
    secret = CachedSecret(store.fetch)
    secret()
    store.value = error
    for _ in range(int((MAX_OUTAGE_SECONDS - 1) // RETRY_SECONDS)):
        store.seconds += RETRY_SECONDS
        assert secret() == "old"
    store.seconds += 2 * RETRY_SECONDS
    with pytest.raises(type(error)):
        secret()


@pytest.mark.parametrize("error", [UNREACHABLE, DENIED], ids=["unreachable", "denied"])
def test_a_process_without_a_secret_asks_for_it_again_at_the_next_call(store: Store, error: Exception) -> None:
    secret = CachedSecret(store.fetch)
    store.value = error
    with pytest.raises(type(error)):
        secret()
    store.value = "old"
    assert secret() == "old"


def test_a_permission_that_was_removed_is_reported(store: Store) -> None:
    secret = CachedSecret(store.fetch)
    secret()
    store.value = DENIED
    store.seconds += MAX_AGE_SECONDS
    with pytest.raises(ClientError):
        secret()
