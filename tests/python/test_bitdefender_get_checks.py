"""GET /v1/cspm/checks, by a client that knows nothing but URLs (CONTRACTS 4.2, 4.3)."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from findings import finding


def fetch(server, url):
    """Status and JSON of an answer; `url` is a path or a link."""
    url = url if url.startswith("http") else server.url + url
    request = urllib.request.Request(url, headers={"x-api-key": server.key["token"]})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def stored(client):
    batch = [
        finding(Compliance={"Status": "PASSED" if n % 4 == 0 else "FAILED"}, Severity={"Label": "HIGH" if n % 3 else "LOW"})
        for n in range(23)
    ]
    client.batch_import_findings(Findings=batch)
    return batch


def test_links_lead_to_every_check(server, client, stored):
    seen, url = [], "/v1/cspm/checks?severities=high,critical&resource_types=S3+Bucket&page_limit=4"
    while url:
        status, page = fetch(server, url)
        assert status == 200, page
        seen += [check["id"] for check in page["data"]]
        assert page["meta"]["elapsed"] == len(seen)
        assert page["links"]["self"].startswith(f"{server.url}/v1/cspm/checks?severities=high%2Ccritical&")
        url = page["links"]["next"]
    filters = {"SeverityLabel": [{"Value": label, "Comparison": "EQUALS"} for label in ("HIGH", "CRITICAL")]}
    known = client.get_paginator("get_findings").paginate(Filters=filters)
    assert page["meta"]["total"] == len(seen) == sum(len(page["Findings"]) for page in known)
    assert seen == sorted(set(seen))


def test_every_check_is_found_by_its_own_link(server, stored):
    _, page = fetch(server, "/cspm/checks?results=pass")
    assert page["meta"]["total"] == 6
    for check in page["data"]:
        assert fetch(server, check["links"]["self"]) == (200, {"data": check})
        assert check["attributes"]["status"] is None


def test_changes_of_today_are_all_first_seen(server, stored):
    _, page = fetch(server, "/v1/cspm/finding_changes?type=new&from_date=2024-01-01")
    assert page["meta"]["total"] == 17
    assert {change["attributes"]["change_reason"] for change in page["data"]} == {"first_seen"}


def test_refusals_have_their_form(server):
    status, body = fetch(server, "/v1/cspm/checks?severities=" + urllib.parse.quote("sehr hoch"))
    assert (status, body["errors"][0]["source"]) == (400, {"parameter": "severities"})
    request = urllib.request.Request(server.url + "/v1/cspm/checks")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert (refused.value.code, json.load(refused.value)) == (403, {"message": "Forbidden"})
