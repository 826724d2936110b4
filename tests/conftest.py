"""What every test stands on: settings that are no real deployment's, and no skipped tests where a change lands."""

import os

# Read once, at the first use, by kolom.config and botocore: so before anything of either is imported.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_SERVICE_NAME="kolom",
    POWERTOOLS_METRICS_NAMESPACE="Kolom",
    POWERTOOLS_TRACE_DISABLED="true",
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

import botocore.loaders  # noqa: E402
import pytest  # noqa: E402

# Creating a client mostly means reading botocore's data files: all sessions share one loader, which caches them.
botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """In CI a skipped test is a failure: a check that does not run must not look as if it passed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}"
