"""What the functions may read and send, and which settings they know."""

from pathlib import Path

import pytest

from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import Function, Template
from tests.integration.conftest import Configure
from tests.integration.contracts.recorder import recorded
from tests.integration.contracts.scenarios import blog, post, use_fetch_comments

pytestmark = pytest.mark.usefixtures("tables")


@pytest.mark.parametrize("function", ["search_articles", "serve_pages"])
def test_only_a_function_that_counts_searches_knows_the_guard_table(function: str, template: Template) -> None:
    counting = load(Path("template.yaml"), {"SiteUrl": "https://blog.example", "SearchReport": "on"})
    environment = counting.functions[function].environment
    assert (environment["SEARCH_REPORT"], environment["GUARD_TABLE"]) == ("on", "kolom-guard")
    assert "GUARD_TABLE" not in template.functions[function].environment


def test_mail_is_only_sent_from_the_sites_own_addresses() -> None:
    parameters = {"SiteUrl": "https://blog.example", "OwnerEmail": "me@home.example", "MailFrom": "blog@site.example"}
    function = load(Path("template.yaml"), parameters).functions["send_mail"]
    (statement,) = (each for each in function.policies if "ses:SendEmail" in each.actions)
    assert statement.actions == ("ses:SendEmail",)
    assert {resource.split(":123456789012:")[1] for resource in statement.resources} == {
        *("configuration-set/kolom-mailsettings", "identity/blog@site.example", "identity/site.example"),
        "identity/me@home.example",
    }


def test_only_the_mail_function_may_read_messages_and_send_mail(template: Template) -> None:
    readers = {
        name
        for name, function in template.functions.items()
        for statement in function.policies
        if any("kolom-messages" in resource for resource in statement.resources)
        and "dynamodb:PutItem" not in statement.actions
    }
    senders = {
        name
        for name, function in template.functions.items()
        if any("ses:SendEmail" in statement.actions for statement in function.policies)
    }
    assert readers == senders == {"send_mail"}


def test_public_reads_of_comments_use_only_counts_and_public_indexes(
    template: Template, secret: str, configure: Configure
) -> None:
    blog()
    post(content="first")
    with recorded() as asked:
        use_fetch_comments()
    on_comments = {operation for operation in asked.operations if operation[1].startswith("kolom-comments")}
    assert on_comments == {
        ("dynamodb:Query", "kolom-comments/index/public"),
        ("dynamodb:Query", "kolom-comments/index/recent"),
        ("dynamodb:BatchGetItem", "kolom-comments"),
    }


def resources_named(function: Function) -> set[str]:
    """Return the tables and secrets in the function's environment."""
    return {
        value
        for name, value in function.environment.items()
        if value and name.endswith(("_TABLE", "SECRET_NAME", "_BUCKET"))
    }


def resources_permitted(function: Function) -> set[str]:
    """Return the tables and secrets in the function's policies: a table by name, a secret by ARN."""
    permitted = {resource for statement in function.policies for resource in statement.resources}
    tables = {resource.split(":table/")[1].split("/")[0] for resource in permitted if ":table/" in resource}
    return tables | {resource for resource in permitted if ":secret:" in resource}


@pytest.mark.parametrize("cdn", ["on", "off"])
def test_an_environment_names_exactly_the_permitted_tables_and_secrets(cdn: str) -> None:
    """A name is useless without permission, and a permission is useless without the name."""
    functions = load(Path("template.yaml"), {"SiteUrl": "https://blog.example", "Cdn": cdn}).functions
    for function in functions.values():
        assert resources_named(function) == resources_permitted(function), function.name


def test_globals_contain_no_table_secret_bucket_or_mail_address() -> None:
    shared = read_document(Path("template.yaml"))["Globals"]["Function"]["Environment"]["Variables"]
    private = ("_TABLE", "SECRET_NAME", "_BUCKET", "OWNER_EMAIL", "MAIL_FROM", "CONFIGURATION_SET")
    assert not [name for name in shared if name.endswith(private)]


def test_no_function_repeats_a_variable_of_globals() -> None:
    document = read_document(Path("template.yaml"))
    shared = document["Globals"]["Function"]["Environment"]["Variables"].keys()
    for name, entry in document["Resources"].items():
        own = entry.get("Properties", {}).get("Environment", {}).get("Variables", {})
        assert not own.keys() & shared, name


def test_only_functions_that_write_or_send_mail_have_mail_addresses(template: Template) -> None:
    knowing = {name for name, function in template.functions.items() if "OWNER_EMAIL" in function.environment}
    assert knowing == {"write_comments", "submit_contact", "serve_mail_links", "send_mail"}


def test_no_public_read_function_may_read_the_secret(template: Template) -> None:
    readers = [
        name
        for name, function in template.functions.items()
        if any("secretsmanager:GetSecretValue" in statement.actions for statement in function.policies)
    ]
    assert set(readers) == {
        *("preview_article", "write_comments", "submit_contact", "serve_mail_links", "send_mail", "handle_bounces")
    }
