"""Determine the endpoint of DynamoDB once, instead of before every call.

botocore has rules for the endpoint of each call, which take as long as parsing its response. Services without rules
have one endpoint for all calls, from the region and the settings of the environment. It differs only if the endpoint
has the number of the account, which the credentials of a function do not contain.
"""

from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

_RULES: Final = ("dynamodb", "endpoint-rule-set-1")


class OneEndpointLoader(Loader):
    """The data of botocore without the rules for the endpoints of DynamoDB."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Load the data of one type about a service.

        :raises UnknownServiceError: there is none
        """
        if (service_name, type_name) == _RULES:
            raise UnknownServiceError(service_name=service_name, known_service_names="")
        return super().load_service_model(service_name, type_name, api_version)
