"""What `make run` does after building: the samples served, with a day of history, and kept for the next time."""

import contextlib
import re
import select
import shlex
import signal
import subprocess

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
