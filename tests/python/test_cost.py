"""COST.md: that it is what `cost/compute.py` prints, of rows that the bench has, and right where a hand has computed it."""

import json
import re
import subprocess
import sys

import pytest

from posture import ROOT

# Behind everything that is installed, because its modules have short names.
sys.path.append(str(ROOT / "cost"))

from bench import Bench, BenchError  # noqa: E402
from bill import Bill, Prices  # noqa: E402
from model import INDEX, ROWS, Model  # noqa: E402
from stack import Stack, StackError  # noqa: E402

COMPUTE = ROOT / "cost" / "compute.py"
PRICES = Prices((ROOT / "cost" / "prices.json").read_text())

HEADER = f"{'':42}  {'target':30}  rounds requests     read    write     bytes       ms  result"


def counted(name, *columns):
    rounds, requests, read, write, size, ms = columns
    return f"{name:42}  {'<= 2 rounds':30}  {rounds:>6} {requests:>8} {read:>8} {write:>8} {size:>9} {ms:>8}  ok"


def figure(name, text):
    return f"{name:42}  {'':30}  {text:>52}"


def bench(*lines):
    return Bench("\n".join([HEADER, *lines, '{"findings":30000,"ok":1,"missed":0,"not_built":0}']))


def given(**values):
    return {name: {"value": value, "why": ""} for name, value in values.items()}


def compute(*arguments):
    command = [sys.executable, str(COMPUTE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


# The page


def test_the_page_is_what_the_program_prints():
    printed = compute()
    assert printed.returncode == 0, printed.stderr
    assert (ROOT / "COST.md").read_text() == printed.stdout, "run `make cost`"


def test_another_run_of_the_bench_gives_another_page(tmp_path):
    other = tmp_path / "run.txt"
    text = (ROOT / "cost" / "bench.txt").read_text()
    other.write_text(re.sub(r"(list, warm: no filter .* )52( )", r"\g<1>99\2", text))
    printed = compute("--units", other)
    assert "| list, warm: no filter | 2 rounds, 99 read" in printed.stdout
    assert printed.stdout != compute().stdout


@pytest.mark.parametrize("text, wrong", [("nothing at all", "no line of it names the columns"), (HEADER, "the run did not end")])
def test_what_is_no_run_of_the_bench_is_refused(tmp_path, text, wrong):
    other = tmp_path / "run.txt"
    other.write_text(text)
    printed = compute("--units", other)
    assert printed.returncode == 1 and wrong in printed.stderr and not printed.stdout


def test_prices_name_their_source_or_are_called_an_assumption():
    page = (ROOT / "COST.md").read_text()
    for key, price in PRICES.of.items():
        assert price["official"].startswith("https://aws.amazon.com/"), key
        line = next(line for line in page.splitlines() if line.startswith(f"| {price['what']} |") and "[AWS]" in line)
        if price["source"] is None:
            assert "an assumption to check" in line, key
        else:
            assert price["source"].startswith("https://") and price["as_of"] and f"({price['source']})" in line, key


# The rows that it stands on


def literals(*folders):
    text = "\n".join(path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.rs")))
    return set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', text))


def printed_by(name, formats, words):
    """Whether the bench can print this name: some format of its own fits, and what fills the gaps is said somewhere too."""
    for written in formats:
        parts = re.split(r"\{[^{}]*\}", written.strip())
        if len("".join(parts).strip()) < 4:
            continue
        fits = re.fullmatch("(.*)".join(map(re.escape, parts)), name)
        if fits and all(not piece or piece.isdigit() or piece in words for gap in fits.groups() for piece in gap.split(": ")):
            return True
    return False


def test_the_bench_prints_the_rows_that_are_used():
    formats, words = literals("local/src/bench"), literals("local/src", "shared/src/ledger")
    for name in ROWS.values():
        # What stands in the row's name before its figures is left out of the name here.
        for part in name.split(" / "):
            whole = [part, f"{part} (design: about 200)"]
            found = any(printed_by(one, formats, words) for one in whole)
            assert found, f"no source in local/src/bench prints `{part}`; edit ROWS in cost/model.py"
    assert any(f'"{INDEX.strip()}' in f'"{word}' for word in formats), "the bench tells no sizes of segments any more"


def test_a_row_that_the_bench_does_not_print_is_noticed():
    formats, words = literals("local/src/bench"), literals("local/src", "shared/src/ledger")
    assert not printed_by("list, warm: Infracast: no such filter", formats, words)
    assert not printed_by("import of findings by owl", formats, words)


# Computed by hand


def test_a_million_lists():
    template = "Globals:\n  Function:\n    MemorySize: 512\n\nResources:\n  InfracastListFindingsFunction:\n    Properties: {}\n"
    assumed = given(
        vcpu_mb=1024, round_ms=10, log_bytes=1000, log_months=2, answer_bytes={"Infracast": 1000}, reads=1_000_000,
        busy_callers=1, hours=720, key_refresh_minutes=5,
    )
    row = counted("list, warm: Infracast: no filter", 2, 3, 52, 1, 145000, "19.6")
    model = Model(PRICES, assumed, bench(row), Stack(template))
    bill = model.reading(model.list_of("Infracast"))
    # 19.6 ms on half a core are 39.2, with two rounds 59.2, charged as 60: 0.03 GB-seconds.
    assert bill.quantities["lambda_gb_second"] == pytest.approx(30_000)
    by_hand = {
        "api_request": 3.50,
        "lambda_request": 0.20,
        "lambda_gb_second": 0.500001,
        "dynamodb_read": 52 * 0.125,
        "dynamodb_write": 0.625,
        "transfer_out": 100 * 0.09,
        "log_taken_in": 0.50,
        "log_kept": 0.06,
        "kms_call": 8_640 / 10_000 * 0.03,
    }
    for key, cost in by_hand.items():
        assert PRICES.cost(key, bill.quantities[key]) == pytest.approx(cost), key
    assert bill.cost(PRICES) == pytest.approx(20.910921)
    # 100 GB, a million requests, 30,000 GB-seconds, 1 GB of logs taken in and all calls to KMS are free.
    assert bill.cost(PRICES, free=True) == pytest.approx(3.50 + 6.50 + 0.625 + 0.06)


def test_a_month_of_scans():
    template = (
        "Resources:\n  SecurityhubBatchImportFindingsFunction:\n    Properties:\n      MemorySize: 1024\n"
        "  ImportHubEventsFunction:\n    Properties:\n      MemorySize: 1024\n"
    )
    assumed = given(
        findings=30_000, request_findings=100, days=30, vcpu_mb=1024, round_ms=10, log_bytes=1000, log_months=2,
        event_batch=100, receive_messages=10,
    )
    model = Model(
        PRICES,
        assumed,
        bench(
            figure("rescan of all, nothing changed", "0.040 + 0.010 write a finding, 23 ms a request"),
            counted("import of 100 unchanged, newer timestamps", 4, 4, 102, 4, 47673, "20.0"),
            counted("import of one changed finding", 5, 5, 4, 8, 6597, "15.0"),
            figure("import of changed findings, requests of 100", "4.12 write a finding"),
            figure("  folding", "0.50 write a finding"),
        ),
        Stack(template),
    )
    bill = model.scans(600)
    # 300 requests a day, 9,000 a month, two changed findings in each: 20 + 30 ms and 4 + 10 rounds are 190 ms.
    assert bill.quantities["api_request"] == 9_000
    assert bill.quantities["lambda_gb_second"] == pytest.approx(9_000 * 0.19)
    assert bill.quantities["dynamodb_write"] == pytest.approx(30 * (1_500 + 600 * 8.5))
    assert bill.quantities["dynamodb_read"] == pytest.approx(30 * (300 * 102 + 600 * 4))
    by_hand = 0.0315 + 0.0018 + 1_710 * 0.0000166667 + 0.198 * 0.625 + 0.99 * 0.125 + 0.009 * 0.50 + 0.018 * 0.03
    assert bill.cost(PRICES) == pytest.approx(by_hand)
    # By events: 900,000 are sent, and received and deleted ten at a time.
    events = model.events(600)
    assert events.quantities["sqs_request"] == pytest.approx(1_080_000)
    assert events.cost(PRICES) == pytest.approx(by_hand - 0.0315 + 0.432)


def test_prices_in_steps():
    # 100,000 at 0.001, 400,000 at 0.0008, 400,000 at 0.0005; and all but 10,000 at 0.00003.
    assert Bill(hub_check=900_000).cost(PRICES) == pytest.approx(100 + 320 + 200)
    assert Bill(hub_check=60_000).cost(PRICES) == pytest.approx(60)
    assert Bill(hub_ingestion=900_000).cost(PRICES) == pytest.approx(26.70)
    assert Bill(hub_ingestion=9_000).cost(PRICES) == 0


def test_what_is_stored():
    assumed = given(
        item_overhead=100, commit_findings=50, finding_item=200, findings=30_000, checkpoints_a_day=1, changes_a_year=1_000_000
    )
    rows = [
        figure("stored document, mean", "1000 bytes"),
        figure("segment core, largest", "12 bytes a finding"),
        figure("segment seen, largest", "8 bytes a finding"),
        figure("log, a created finding (design: about 200)", "150 bytes"),
        figure("log, a changed verdict, requests of 100", "20 bytes"),
    ]
    model = Model(PRICES, assumed, bench(*rows), Stack(""))
    assert model.finding_bytes() == pytest.approx(200 + 1000 + 200 + 150 + 2 + 20)
    assert model.change_bytes() == pytest.approx(1000 + 100 + 20 + 2)
    # 1.122 GB of changes, and 365 copies of 600 KB.
    assert model.changes_gb() == pytest.approx(1.341)
    assert model.stored(model.changes_gb()).cost(PRICES) == pytest.approx(1.341 * 0.45)


# What is read


def test_rows_are_read_as_they_are_printed():
    read = bench(
        counted("list, warm: no filter", 2, 3, "2.50", 0, 142717, "14.3"),
        figure("import of new findings", "4.39 write a finding  ok"),
        figure("  folding", "0.16 write a finding"),
        counted("import of 10 unchanged, and a fold of 44", 7, 9, 13, 4, 65444, ""),
    )
    assert read.findings == 30_000
    assert (read["list, warm: no filter"]["read"], read["list, warm: no filter"]["ms"]) == (2.5, 14.3)
    assert read["import of new findings / folding"].figure() == 0.16
    assert read["import of 10 unchanged"]["write"] == 4
    with pytest.raises(BenchError):
        read["folding"]
    with pytest.raises(BenchError):
        read["import of 10 unchanged"]["ms"]
    with pytest.raises(BenchError):
        read["list, warm: no filter"].figure()


def test_the_stack_is_read_as_it_is_written():
    stack = Stack((ROOT / "template.yaml").read_text())
    schedules = dict(stack.schedules())
    assert schedules["RecordExpiriesFunction"] == 15 and schedules["StartAuditsFunction"] == 1440
    assert stack.memory("SecurityhubBatchImportFindingsFunction") == 1024 and stack.memory("InfracastListFindingsFunction") == 512
    assert stack.count("AWS::SecretsManager::Secret") == 1
    text = (ROOT / "template.yaml").read_text()
    # One is there only where somebody wants Security Hub to be told.
    assert "TellHubsFunction" not in schedules and "SynchroniseHubsFunction" in schedules
    assert len(list(stack.schedules())) == len(re.findall(r"(?m)^\s+Schedule(?:Expression)?: ", text)) - 1
    assert stack.polled_queues() == len(re.findall(r"(?m)^\s+Type: SQS$", text))


@pytest.mark.parametrize(
    "expression, minutes", [("rate(1 minute)", 1), ("rate(6 hours)", 360), ("cron(5 * * * ? *)", 60), ("'cron(0 3 * * ? *)'", 1440)]
)
def test_schedules(expression, minutes):
    stack = Stack(f"Resources:\n  AFunction:\n    Properties:\n      Schedule: {expression}\n")
    assert list(stack.schedules()) == [("AFunction", minutes)]


def test_a_schedule_that_is_not_understood_is_refused():
    with pytest.raises(StackError, match="cost/stack.py"):
        list(Stack("Resources:\n  AFunction:\n    Properties:\n      Schedule: cron(0/5 8-17 ? * MON-FRI *)\n").schedules())


def test_the_files_that_people_edit_are_whole():
    for entry in json.loads((ROOT / "cost" / "workload.json").read_text()).values():
        assert set(entry) == {"value", "why"} and entry["why"]
