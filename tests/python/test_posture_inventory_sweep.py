"""`posture inventory sweep` against AWS Config's published shapes, and what audits make of what could not be read."""

import json
import urllib.request

from aws import ACCOUNT, Aws, Refused, item
from posture import run, serving

GROUP = "AWS::EC2::SecurityGroup"
VOLUME = "AWS::EC2::Volume"
REGIONS = ("ap-south-1", "eu-west-1", "us-east-1")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


def group(region, number, cidr="0.0.0.0/0", **more):
    identifier = f"sg-{number:05}"
    rule = {"fromPort": 22, "toPort": 22, "ipProtocol": "tcp", "ipv4Ranges": [{"cidrIp": cidr}], "ipv6Ranges": []}
    configuration = {
        "groupId": identifier, "groupName": f"g{number}", "vpcId": "vpc-1", "description": "d", "ownerId": ACCOUNT,
        "ipPermissions": [rule], "ipPermissionsEgress": [], "tags": [],
    }
    arn = f"arn:aws:ec2:{region}:{ACCOUNT}:security-group/{identifier}"
    return item(GROUP, identifier, region, configuration, arn=arn, resourceName=f"g{number}", **more)


def volume(region, number, encrypted=False, **more):
    identifier = f"vol-{number:05}"
    configuration = {"volumeId": identifier, "encrypted": encrypted, "state": "in-use", "attachments": [], "size": 8}
    arn = f"arn:aws:ec2:{region}:{ACCOUNT}:volume/{identifier}"
    return item(VOLUME, identifier, region, configuration, arn=arn, **more)


def sweep(aws, data, *arguments):
    """Exit code, the counts of the last line, and what was said."""
    done = run("inventory", "sweep", "--data", data, "--endpoint-url", aws.url, *arguments, **KEYS)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def sweep_regions(aws, data, *regions):
    return sweep(aws, data, *(word for region in regions for word in ("--region", region)))


def audit(data):
    done = run("audit", "--data", data, "--wait")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def findings(data):
    """Rule and resource of each finding: its last status in ASFF and whether it is there."""
    with serving(data, "--new-key") as server:
        pages = server.client().get_paginator("get_findings").paginate()
        found = [finding for page in pages for finding in page["Findings"]]
    key = lambda f: (f["GeneratorId"], f["Region"], f["Resources"][0]["Id"].split("/")[-1].split(":")[-1])
    return {key(f): (f["Compliance"]["Status"], f["RecordState"]) for f in found}


def open_findings(data):
    """Rule and resource of what is open."""
    with serving(data, "--new-key") as server:
        headers = {"authorization": f"Bearer {server.key['token']}"}
        url = f"{server.url}/api/v1/tenants/default/findings?status=open&per_page=500"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            page = json.load(answer)
    assert page["total_pages"] <= 1
    return {row["id"] for row in page["items"]}


SSH = "CIS-AWS-5.2"


def test_regions_are_read_page_by_page_and_once(tmp_path):
    items = [group("eu-west-1", n) for n in range(130)] + [group("us-east-1", 7, "10.0.0.0/8")]
    with Aws(items) as aws:
        aws.slow = {GROUP}
        code, counts, said = sweep_regions(aws, tmp_path / "data", "eu-west-1", "us-east-1")
        # The account's own facts are denied here.
        assert code == 3 and counts["created"] == 131 + 3, (counts, said)
        assert counts["account_id"] == ACCOUNT and counts["rejected"] == 0
        assert not any(GROUP in why for why in counts["unread"]), counts
        assert aws.count("SelectResourceConfig") == 4 + 1
        assert aws.count("BatchGetResourceConfig") == 2 + 1 + 1
        again = sweep_regions(aws, tmp_path / "data", "eu-west-1", "us-east-1")[1]
        assert (again["created"], again["changed"], again["deleted"]) == (0, 0, 0) and again["unchanged"] == 134
        # Nothing new is looked for where everything is as it was.
        assert aws.count("SelectResourceConfig") == 2 * (4 + 1)
    job = audit(tmp_path / "data")
    assert (job["counts"]["failed"], job["counts"]["rejected"]) == (130, 0), job
    assert [scope["region"] for scope in job["covered"]["scopes"]] == ["eu-west-1", "global", "us-east-1"]


def ssh(region, number):
    return f"{SSH}-aws:{region}:aws.ec2.security_group:sg-{number:05}"


def test_what_is_denied_or_throttled_passes_nothing_and_resolves_nothing(tmp_path):
    data, region = tmp_path / "data", "eu-west-1"
    with Aws([group(region, 1), group(region, 2), volume(region, 1), volume(region, 2, True)]) as aws:
        sweep_regions(aws, data, region)
        audit(data)
        before = open_findings(data)
        assert {ssh(region, 1), ssh(region, 2)} < before
        assert any(finding.endswith("vol-00001") for finding in before), before

        # Both groups are mended, one volume is gone and the other one bad; and nobody is told.
        later = {"captured": 1767225600.5 + 3600}
        aws.items = [group(region, 1, "10.0.0.0/8", **later), volume(region, 2, False, **later)]

        def refuse(operation, region, sent):
            if operation == "SelectResourceConfig":
                raise Refused("AccessDeniedException", "no queries")
            if operation == "ListDiscoveredResources" and sent["resourceType"] == GROUP:
                raise Refused("AccessDeniedException", "not authorized to list")
            if operation == "BatchGetResourceConfig" and sent["resourceKeys"][0]["resourceType"] == VOLUME:
                raise Refused("ThrottlingException", "Rate exceeded")

        aws.refuse = refuse
        code, counts, _ = sweep_regions(aws, data, region)
        place = f"{ACCOUNT}/{region}"
        assert code == 3 and counts["deleted"] == 0
        assert f"{place} {GROUP}: AccessDeniedException: not authorized to list" in counts["unread"]
        assert f"{place} {VOLUME}: ThrottlingException: Rate exceeded" in counts["unread"]
        job = audit(data)
        # What was read is judged: of all this only that the region has a recorder.
        counts = job["counts"]
        assert (counts["passed"], counts["closed"], counts["failed"], counts["created"]) == (1, 0, 0, 0), job
        for kind, why in ((GROUP, "AccessDeniedException"), (VOLUME, "ThrottlingException")):
            assert any(f"{kind} could not be read: {why}" in line for line in job["unread"]), job["unread"]
        assert open_findings(data) == before, "what was open stays open"
        statuses = findings(data)
        assert statuses[(SSH, region, "sg-00001")] == ("NOT_AVAILABLE", "ACTIVE")

        # As soon as they can be read, the run says what is.
        aws.refuse = lambda *_: None
        _, counts, _ = sweep_regions(aws, data, region)
        assert (counts["changed"], counts["deleted"]) == (2, 2), counts
        job = audit(data)
        assert not any("could not be read: Access" in line and GROUP in line for line in job["unread"]), job["unread"]
        after = findings(data)
        assert after[(SSH, region, "sg-00001")] == ("PASSED", "ACTIVE")
        assert after[(SSH, region, "sg-00002")][1] == "ARCHIVED"
        assert {ssh(region, 1), ssh(region, 2)}.isdisjoint(open_findings(data))


def test_a_sweep_of_one_region_closes_nothing_elsewhere(tmp_path):
    data = tmp_path / "data"
    with Aws([group(region, 1) for region in REGIONS]) as aws:
        sweep_regions(aws, data, *REGIONS)
        audit(data)
        assert {ssh(region, 1) for region in REGIONS} <= open_findings(data)
        aws.items = []
        _, counts, _ = sweep_regions(aws, data, "eu-west-1")
        assert counts["deleted"] == 1
        audit(data)
        left = {finding for finding in open_findings(data) if finding.startswith(SSH)}
        assert left == {ssh("ap-south-1", 1), ssh("us-east-1", 1)}


def test_a_query_that_lags_deletes_nothing(tmp_path):
    data, region = tmp_path / "data", "eu-west-1"
    with Aws([group(region, 1), group(region, 2)]) as aws:
        sweep_regions(aws, data, region)
        # Queries leave one out that is there by its key.
        answer = aws.config

        def lagging(operation, region, sent):
            page = answer(operation, region, sent)
            if operation == "SelectResourceConfig":
                page["Results"] = [row for row in page["Results"] if "sg-00001" not in row]
            return page

        aws.config = lagging
        assert sweep_regions(aws, data, region)[1]["deleted"] == 0
        aws.items = [group(region, 2)]
        assert sweep_regions(aws, data, region)[1]["deleted"] == 1
        # What AWS knows as it was before is there again.
        aws.items, aws.config = [group(region, 1), group(region, 2)], answer
        assert sweep_regions(aws, data, region)[1]["created"] == 1


def test_only_what_is_recorded_is_covered(tmp_path):
    data, region = tmp_path / "data", "eu-west-1"
    with Aws([group(region, 1), volume(region, 1)]) as aws:
        sweep_regions(aws, data, region)
        aws.items, aws.recorded = [], {VOLUME}
        _, counts, _ = sweep_regions(aws, data, region)
        # Nobody says that there is no group: none is recorded.
        assert counts["deleted"] == 1
        aws.recorded = set()
        _, _, said = sweep_regions(aws, data, region)
        assert "AWS Config records nothing in eu-west-1" in said


def source(account, region, status="SUCCEEDED", **more):
    return {"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region, "LastUpdateStatus": status, **more}


def test_an_aggregator_tells_of_every_account(tmp_path):
    data, other = tmp_path / "data", "210987654321"
    items = [group("eu-west-1", n) for n in range(50)]
    items += [group("eu-west-1", 1, account=other), group("us-east-1", 1, account=other)]
    with Aws(items) as aws:
        aws.sources = [source(ACCOUNT, "eu-west-1"), source(other, "eu-west-1"), source(other, "us-east-1")]
        aws.slow = {GROUP}
        _, counts, said = sweep(aws, data, "--aggregator", "everything")
        assert counts["created"] == 52 + 2, (counts, said)
        assert aws.count("SelectAggregateResourceConfig") == 2 and aws.count("SelectResourceConfig") == 0
        audit(data)
        accounts = {ssh("us-east-1", 1), ssh("eu-west-1", 49)}
        assert accounts <= open_findings(data)

        # One source fails: what the aggregator has of it is old, and nothing of it is closed.
        aws.items = [group("eu-west-1", 0)]
        why = {"LastErrorCode": "AccessDenied", "LastErrorMessage": "the authorization is gone"}
        aws.sources = [source(ACCOUNT, "eu-west-1"), source(other, "eu-west-1"), source(other, "us-east-1", "FAILED", **why)]
        _, counts, _ = sweep(aws, data, "--aggregator", "everything")
        assert counts["deleted"] == 50, counts
        job = audit(data)
        left = {finding for finding in open_findings(data) if finding.startswith(SSH)}
        assert left == {ssh("eu-west-1", 0), ssh("us-east-1", 1)}
        assert any(f"{other}/us-east-1" in line and "the authorization is gone" in line for line in job["unread"])


def test_without_an_identity_nothing_is_read(tmp_path):
    with Aws([group("eu-west-1", 1)]) as aws:

        def refuse(operation, region, sent):
            if operation == "GetCallerIdentity":
                raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")

        aws.refuse = refuse
        code, counts, said = sweep_regions(aws, tmp_path / "data", "eu-west-1")
        assert (code, counts) == (1, None) and "InvalidClientTokenId" in said
    assert sweep(aws, tmp_path / "data", "--region")[0] == 2
