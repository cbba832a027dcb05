"""template.yaml, as CloudFormation's own schemas see it."""

import pathlib
import subprocess
import sys

from posture import ROOT


def lint(path):
    program = pathlib.Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--regions", "eu-west-1", "us-east-1", "--", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_it_is_clean():
    done = lint(ROOT / "template.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_would_be_found(tmp_path):
    text = (ROOT / "template.yaml").read_text()
    for right, wrong in (("SSEType: KMS", "SSEType: KMX"), ("!GetAtt HubEvents.Arn", "!GetAtt HubEvent.Arn")):
        assert right in text
        broken = tmp_path / "template.yaml"
        broken.write_text(text.replace(right, wrong))
        assert lint(broken).returncode != 0, wrong


def test_nothing_secret_is_in_the_outputs():
    outputs = (ROOT / "template.yaml").read_text().split("\nOutputs:\n")[1]
    assert "resolve:" not in outputs and "POSTURE_MASTER" in outputs
