"""The parameters for a change set."""

from kolom_cli.deploying.answers import with_previous


def test_parameters_of_another_version_of_the_template_keep_their_values() -> None:
    assert with_previous({"MailFrom": "me@example.com"}, {"MailFrom": "", "FromTheFuture": "1"}) == [
        {"ParameterKey": "MailFrom", "ParameterValue": "me@example.com"},
        {"ParameterKey": "FromTheFuture", "UsePreviousValue": True},
    ]
