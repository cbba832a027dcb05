"""The official Datadog client, pointed at a server of ours."""

import urllib3
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi

PREFIX = "/datadog"


def api(server, prefix=PREFIX, key=None):
    """A client of the two operations, which it has off until they are asked for."""
    key = key or server.key
    configuration = Configuration(host=server.url + prefix)
    configuration.api_key["apiKeyAuth"] = key["datadog_api_key"]
    configuration.api_key["appKeyAuth"] = key["datadog_application_key"]
    for operation in ("list_findings", "get_finding"):
        configuration.unstable_operations[operation] = True
    return SecurityMonitoringApi(ApiClient(configuration))


def raw(server, path):
    """Status, headers and JSON of an answer to curl with the two headers."""
    headers = {
        "DD-API-KEY": server.key["datadog_api_key"],
        "DD-APPLICATION-KEY": server.key["datadog_application_key"],
        "User-Agent": "curl/8.0",
    }
    answer = urllib3.PoolManager(retries=False).request("GET", server.url + path, headers=headers)
    return answer.status, answer.headers, answer.json()


def assert_parsed(model):
    """Nothing in a model, or below it, is left as the client found it."""
    if isinstance(model, (list, tuple)):
        for item in model:
            assert_parsed(item)
    elif hasattr(model, "_data_store"):
        assert not model._unparsed, model
        unknown = set(model._data_store) - set(model.attribute_map) - {"value"}
        assert not unknown, f"{type(model).__name__} does not know {unknown}"
        for value in model._data_store.values():
            assert_parsed(value)
