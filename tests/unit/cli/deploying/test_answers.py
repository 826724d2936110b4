"""The parameters for a change set."""

import pytest

from kolom.errors import KolomError
from kolom.i18n.locale import available_languages
from kolom_cli.deploying.answers import check_values, with_previous


def test_parameters_of_another_version_of_the_template_keep_their_values() -> None:
    assert with_previous({"MailFrom": "me@example.com"}, {"MailFrom": "", "FromTheFuture": "1"}) == [
        {"ParameterKey": "MailFrom", "ParameterValue": "me@example.com"},
        {"ParameterKey": "FromTheFuture", "UsePreviousValue": True},
    ]


def test_a_site_may_have_every_language_of_the_interface_and_others() -> None:
    check_values({"Languages": ",".join(sorted(available_languages()))})
    check_values({"Languages": "su,en"})


@pytest.mark.parametrize(("languages", "message"), [("en,pt-BR", "'pt-BR' .*write 'pt'"), ("zh_CN", "write 'zh'")])
def test_a_language_with_a_region_is_explained(languages: str, message: str) -> None:
    with pytest.raises(KolomError, match=f"parameter Languages: .*{message}"):
        check_values({"Languages": languages})
