"""What `make run` does after building: the samples served, with a day of history, and kept for the next time."""

import contextlib
import json
import re
import select
import shlex
import signal
import subprocess
import urllib.request

import boto3

from posture import PROGRAM, ROOT, environment


@contextlib.contextmanager
def running(data):
    """The script on a free port; its output up to the hints."""
    process = subprocess.Popen(
        [str(ROOT / "samples" / "run.sh"), str(PROGRAM)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=environment(DATA=str(data), LISTEN="127.0.0.1:0"),
    )
    try:
        said = b""
        while b"Ctrl-C" not in said:
            assert select.select([process.stdout], [], [], 60)[0], said
            line = process.stdout.readline()
            assert line, said
            said += line
        yield said.decode()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


def settings(data):
    lines = (data / "settings.sh").read_text().splitlines()
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def client(values):
    return boto3.session.Session().client(
        "securityhub",
        endpoint_url=values["AWS_ENDPOINT_URL_SECURITYHUB"],
        region_name=values["AWS_DEFAULT_REGION"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )


def audited(values):
    """The audit of the sample account: its findings are there in every dialect, with controls and scores."""

    def get(path):
        request = urllib.request.Request(
            values["POSTURE_URL"] + path, headers={"Authorization": "Bearer " + values["POSTURE_TOKEN"]}
        )
        return json.load(urllib.request.urlopen(request))

    name = "CIS-AWS-5.2-aws:eu-west-1:aws.ec2.security_group:sg-0a22jump"
    finding = get("/api/v1/tenants/default/findings/" + name)
    assert (finding["id"], finding["severity"], finding["status"]) == (name, "HIGH", "open")
    assert finding["risk_score"] > 0
    assert {"framework": "cis-aws", "control_id": "5.2", "version": "3.0"} in finding["framework_mappings"]
    listed = get("/api/v1/tenants/default/findings?control_id=5.2&framework=cis-aws@3.0")["items"]
    assert name in [row["id"] for row in listed]
    check = get("/v1/cspm/checks/" + finding["uid"])["data"]
    assert check["attributes"]["result"] == "fail"
    datadog = get("/api/v2/posture_management/findings/" + finding["uid"])["data"]["attributes"]["finding"]
    assert datadog["evaluation"] == "fail" and "control:5.2" in datadog["tags"]
    product = "arn:aws:securityhub:global::product/posture-ledger/audit"
    asked = {"Id": [{"Value": name, "Comparison": "EQUALS"}], "ProductArn": [{"Value": product, "Comparison": "EQUALS"}]}
    (asff,) = client(values).get_findings(Filters=asked)["Findings"]
    assert asff["Compliance"]["Status"] == "FAILED" and asff["Title"] == finding["title"]
    summary = get("/api/v1/tenants/default/compliance/summary")
    assert summary["by_framework"]["cis-aws"]["findings"] > 10


def test_the_samples_are_served_and_kept(tmp_path):
    data = tmp_path / "data"
    with running(data) as said:
        product, name = re.search(r"ProductArn=([^,]+),Id=(\S+)", said).groups()
        first = settings(data)
        assert first["POSTURE_URL"] in said
        assert (data / "settings.sh").stat().st_mode & 0o077 == 0
        records = client(first).get_finding_history(FindingIdentifier={"Id": name, "ProductArn": product})["Records"]
        assert [record["UpdateTime"].day for record in records] == [3, 2], "two imports, a day apart"
        assert records[0]["Updates"][0]["UpdatedField"] == "Compliance.Status"
        audited(first)
    with running(data) as said:
        assert '"received"' not in said, "the samples are not loaded again"
        second = settings(data)
        assert second["POSTURE_TOKEN"] == first["POSTURE_TOKEN"]
        assert client(second).get_finding_history(FindingIdentifier={"Id": name, "ProductArn": product})["Records"] == records


def test_a_secret_that_spells_url_is_kept(tmp_path):
    data = tmp_path / "data"
    with running(data):
        pass
    kept = data / "settings.sh"
    secret = "xURLx/POSTURE_URL=x"
    lines = [f"{line.split('=')[0]}={secret}" if "SECRET" in line else line for line in kept.read_text().splitlines()]
    kept.write_text("\n".join(lines) + "\n")
    with running(data):
        again = settings(data)
        assert again["AWS_SECRET_ACCESS_KEY"] == secret
        assert kept.read_text().count("export POSTURE_URL=") == 1


def test_another_folder_is_left_alone(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "precious").write_text("x")
    done = subprocess.run(
        [str(ROOT / "samples" / "run.sh"), str(PROGRAM)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(DATA=str(data), LISTEN="127.0.0.1:0"),
    )
    assert done.returncode == 1 and "precious" in " ".join(path.name for path in data.iterdir())
    assert str(data) in done.stderr


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with running(data) as said:
        assert "serves the samples" in said
    assert (data / "samples-loaded").exists()
