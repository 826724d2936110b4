"""Settings for all tests; they belong to no real deployment. In CI, a skipped test fails."""

import os

# kolom.config and botocore read these variables at their first use, so they are set before any import.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_SERVICE_NAME="kolom",
    POWERTOOLS_METRICS_NAMESPACE="Kolom",
    SITE_URL="https://blog.example",
    SITE_TITLE="Blog",
    LANGUAGES="id,en",
    TIME_ZONE="Asia/Jakarta",
    ARTICLES_TABLE="kolom-articles",
    SEARCH_TABLE="kolom-search",
    COMMENTS_TABLE="kolom-comments",
    GUARD_TABLE="kolom-guard",
    MESSAGES_TABLE="kolom-messages",
    OUTBOX_TABLE="kolom-outbox",
    MEDIA_BUCKET="kolom-media",
    SECRET_NAME="kolom-secret",
)
for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
    del os.environ[name]

import functools  # noqa: E402
import gc  # noqa: E402
from typing import Any  # noqa: E402

import botocore.auth  # noqa: E402
import botocore.hooks  # noqa: E402
import botocore.loaders  # noqa: E402
import botocore.useragent  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from hypothesis.internal.conjecture import providers  # noqa: E402

from tests.fuzzing import Fuzzing  # noqa: E402

# `make test` uses the same examples in every run, without deadlines that depend on the load of the machine.
settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# `make fuzz` uses new examples in every run. Add each failing example to its test with @example.
settings.register_profile(
    "fuzz",
    settings.get_profile("fixed"),
    derandomize=False,
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.load_profile("fixed")
# Hypothesis also draws constants from the loaded modules of the project, which depend on the tests that ran before.
providers._get_local_constants = lambda: providers._local_constants


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, help="Run the selected properties again and again for that time")


def pytest_configure(config: pytest.Config) -> None:
    seconds = config.getoption("--fuzz-seconds")
    if seconds is not None:
        config.pluginmanager.register(Fuzzing(config, seconds))


# The tests create few cycles and keep many objects, such as tables and modules, so looking for garbage seldom pays.
gc.set_threshold(50_000, 20, 100)
# Creating a client mostly means reading botocore's data files, so all sessions share one loader with a cache.
botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)
# Each session also registers a hundred handlers. What botocore finds out about their names and signatures never
# changes, so it is cached, too.
_hooks: Any = botocore.hooks
_accepts_kwargs = functools.lru_cache(maxsize=1_000)(_hooks.accepts_kwargs)
_hooks.accepts_kwargs = lambda handler: _accepts_kwargs(getattr(handler, "__func__", handler))
_new_aliaser = _hooks.EventAliaser.__init__
_aliases: dict[str, str] = {}


def _share_aliases(aliaser: Any, *arguments: Any) -> None:
    _new_aliaser(aliaser, *arguments)
    aliaser._alias_name_cache = _aliases


_hooks.EventAliaser.__init__ = _share_aliases
# moto checks no signature, and the parts of the user agent are the same in all requests.
_auth: Any = botocore.auth
_auth.SigV4Auth.canonical_request = lambda *_: ""
_auth.SigV4Auth.signature = lambda *_: "unsigned"
_user_agent: Any = botocore.useragent
_user_agent.sanitize_user_agent_string_component = functools.cache(_user_agent.sanitize_user_agent_string_component)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Fail skipped tests in CI, where a check that does not run must not look as if it passed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}"
