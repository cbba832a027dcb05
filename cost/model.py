"""What is done in a month, as quantities that AWS charges for: units from the bench, the rest from template and workload."""

import math
from dataclasses import dataclass

from bench import Bench
from bill import Bill, Prices
from stack import Stack

GB = 1e9

# The rows of `posture bench` that prices stand on; a test looks for each in the bench's own sources.
ROWS = {
    "list, Security Hub": "list, warm: no filter",
    "list, Bitdefender": "list, warm: Bitdefender: no filter",
    "list, Datadog": "list, warm: Datadog: no filter",
    "list, Infracast": "list, warm: Infracast: no filter",
    "cold list": "list, cold: Infracast: no filter",
    "single, Bitdefender": "one finding by its uid, warm: Bitdefender",
    "single, Datadog": "one finding by its uid, warm: Datadog",
    "single, Infracast": "one finding by its uid, warm: Infracast",
    "rescan": "rescan of all, nothing changed",
    "unchanged": "import of 100 unchanged, newer timestamps",
    "one changed": "import of one changed finding",
    "new": "import of new findings, requests of 100",
    "new, folding": "import of new findings, requests of 100 / folding",
    "new, reading": "import of new findings, requests of 100 / reading",
    "new, time": "import of new findings, requests of 100 / time",
    "changed": "import of changed findings, requests of 100",
    "changed, folding": "import of changed findings, requests of 100 / folding",
    "changed, reading": "import of changed findings, requests of 100 / reading",
    "changed, time": "import of changed findings, requests of 100 / time",
    "document": "stored document, mean",
    "log of a new finding": "log, a created finding",
    "log of a change": "log, a changed verdict, requests of 100",
}
# Rows that start so are the index, a family of columns each.
INDEX = "segment "
LIST_FUNCTIONS = {
    "Security Hub": "SecurityhubGetFindingsFunction",
    "Bitdefender": "BitdefenderGetChecksFunction",
    "Datadog": "DatadogListFindingsFunction",
    "Infracast": "InfracastListFindingsFunction",
}
SINGLE_FUNCTIONS = {
    "Bitdefender": "BitdefenderGetCheckFunction",
    "Datadog": "DatadogGetFindingFunction",
    "Infracast": "InfracastGetFindingFunction",
}
IMPORT_FUNCTION = "SecurityhubBatchImportFindingsFunction"
EVENTS_FUNCTION = "ImportHubEventsFunction"


@dataclass(frozen=True)
class Model:
    """Everything that a price depends on."""

    prices: Prices
    given: dict
    bench: Bench
    stack: Stack

    def value(self, name):
        return self.given[name]["value"]

    def row(self, use):
        return self.bench[ROWS[use]]

    # Pieces

    def invocation(self, function, ms, rounds):
        """One invocation: request, memory and time, log. Time is rounded up to the millisecond, as it is charged."""
        memory = self.stack.memory(function)
        billed = math.ceil(ms * max(1, self.value("vcpu_mb") / memory) + rounds * self.value("round_ms"))
        log = self.value("log_bytes") / GB
        return Bill(
            lambda_request=1,
            lambda_gb_second=billed / 1000 * memory / 1024,
            log_taken_in=log,
            log_kept=log * self.value("log_months"),
        )

    def answer(self, function, row, sent):
        """One request of a client that reads."""
        units = Bill(api_request=1, dynamodb_read=row["read"], dynamodb_write=row["write"], transfer_out=sent / GB)
        return self.invocation(function, row["ms"], row["rounds"]) + units

    def list_of(self, dialect):
        sent = self.value("answer_bytes")[dialect] * 100
        return self.answer(LIST_FUNCTIONS[dialect], self.row(f"list, {dialect}"), sent)

    def single_of(self, dialect):
        return self.answer(SINGLE_FUNCTIONS[dialect], self.row(f"single, {dialect}"), self.value("single_bytes"))

    def dearest(self, kind, dialects):
        """The dialect whose reads cost most."""
        return max(dialects, key=lambda dialect: kind(dialect).cost(self.prices))

    def stored(self, gigabytes):
        return Bill(dynamodb_storage=gigabytes, dynamodb_recovery=gigabytes)

    # Stored bytes

    def index_bytes(self):
        """The index, of one finding."""
        return sum(family.figure() for family in self.bench.starting(INDEX))

    def shared_overhead(self):
        """Of the log entry's own overhead, the part of one finding."""
        return self.value("item_overhead") / self.value("commit_findings")

    def finding_bytes(self):
        """A finding without history: its item, its document, what the log says of it, and its place in the index."""
        items = self.value("finding_item") + self.row("document").figure() + 2 * self.value("item_overhead")
        return items + self.row("log of a new finding").figure() + self.shared_overhead() + self.index_bytes()

    def change_bytes(self):
        """A change: another document, and what the log says of it."""
        document = self.row("document").figure() + self.value("item_overhead")
        return document + self.row("log of a change").figure() + self.shared_overhead()

    def checkpoint_gb_a_year(self):
        """Copies of the index that stay, so that past instants are read from nearby."""
        return 365 * self.value("checkpoints_a_day") * self.value("findings") * self.index_bytes() / GB

    def scans_gb_a_year(self):
        """What a year of daily scans adds: changes, log entries of what did not change, copies of the index."""
        requests = self.value("findings") / self.value("request_findings")
        entries = requests * (self.value("entry_bytes") + self.value("item_overhead"))
        return 365 * (self.changed() * self.change_bytes() + entries) / GB + self.checkpoint_gb_a_year()

    def changes_gb(self):
        """A year's changes, kept."""
        return self.value("changes_a_year") * self.change_bytes() / GB + self.checkpoint_gb_a_year()

    # Months

    def changed(self):
        """Findings that change from one day to the next."""
        return self.value("findings") * self.value("changed_percent") / 100

    def standing(self):
        """What is there all month, whoever asks: secret, keys, alarms, schedules, and Lambda's polls of empty queues."""
        month = self.value("hours") * 60
        bill = Bill(
            secret=self.stack.count("AWS::SecretsManager::Secret"),
            secret_call=self.value("cold_starts"),
            kms_key=self.stack.count("AWS::KMS::Key"),
            alarm=self.stack.count("AWS::CloudWatch::Alarm"),
            dashboard=self.stack.count("AWS::CloudWatch::Dashboard"),
            metric=self.value("custom_metrics"),
            sqs_request=self.stack.polled_queues() * self.value("pollers") * month * 60 / self.value("poll_seconds"),
        )
        for function, minutes in self.stack.schedules():
            look = self.invocation(function, 0, 0) + Bill(schedule=1, dynamodb_read=self.value("job_reads"))
            look.quantities["lambda_gb_second"] = self.value("job_ms") / 1000 * self.stack.memory(function) / 1024
            calls = min(month / minutes, month / self.value("key_refresh_minutes"))
            bill = bill + look * (month / minutes) + Bill(kms_call=calls)
        return bill

    def verifying(self):
        """Going through the whole ledger again and again, whoever asks."""
        findings = self.value("findings")
        rotation = Bill(dynamodb_read=findings * self.value("verify_units"))
        seconds = findings * self.value("verify_ms") / 1000
        rotation.quantities["lambda_gb_second"] = seconds * self.stack.memory("VerifyLedgersFunction") / 1024
        return rotation * (self.value("days") / self.value("rotation_days"))

    def idle(self):
        return self.standing() + self.verifying() + self.stored(self.value("findings") * self.finding_bytes() / GB)

    def reading(self, one):
        """A million reads, and the calls for the table's key that containers make meanwhile."""
        month = self.value("hours") * 60
        calls = self.value("busy_callers") * month / self.value("key_refresh_minutes")
        return one * self.value("reads") + Bill(kms_call=calls)

    def import_units(self, changed):
        """The units of importing a day's scan, and one request's time and rounds. Each changed finding is counted as if it
        had come alone: high, because findings of one request share a commit."""
        requests = self.value("findings") / self.value("request_findings")
        rescan, unchanged, alone = self.row("rescan"), self.row("unchanged"), self.row("one changed")
        units = Bill(
            dynamodb_write=self.value("findings") * (rescan.figure(0) + rescan.figure(1))
            + changed * (alone["write"] + self.row("changed, folding").figure()),
            dynamodb_read=requests * unchanged["read"] + changed * alone["read"],
        )
        each = changed / requests
        return units, unchanged["ms"] + each * alone["ms"], unchanged["rounds"] + each * alone["rounds"]

    def scans(self, changed):
        """A month of daily scans, through the API."""
        units, ms, rounds = self.import_units(changed)
        requests = self.value("findings") / self.value("request_findings")
        day = (self.invocation(IMPORT_FUNCTION, ms, rounds) + Bill(api_request=1)) * requests + units
        return day * self.value("days")

    def events(self, changed):
        """The same by Security Hub's events: rule, queue, function."""
        units, ms, rounds = self.import_units(changed)
        findings = self.value("findings")
        batches = findings / self.value("event_batch")
        queue = findings * (1 + 2 / self.value("receive_messages"))
        size = self.value("event_batch") / self.value("request_findings")
        day = self.invocation(EVENTS_FUNCTION, ms * size, rounds * size) * batches + units
        return (day + Bill(aws_event=findings, sqs_request=queue)) * self.value("days")

    def taking_in(self, use, findings):
        """Findings that are new, or that changed, in requests of 100."""
        requests = findings / self.value("request_findings")
        request = self.invocation(IMPORT_FUNCTION, self.row(f"{use}, time").figure(), self.value("import_rounds"))
        units = Bill(
            dynamodb_write=self.row(use).figure() + self.row(f"{use}, folding").figure(),
            dynamodb_read=self.row(f"{use}, reading").figure(),
        )
        return (request + Bill(api_request=1)) * requests + units * findings

    def whole_month(self):
        """A month of an ordinary tenant, a year after its first import."""
        lists = self.list_of(self.dearest(self.list_of, LIST_FUNCTIONS)) * self.value("month_lists")
        singles = self.single_of(self.dearest(self.single_of, SINGLE_FUNCTIONS)) * self.value("month_singles")
        grown = self.stored(self.scans_gb_a_year())
        return self.idle() + grown + self.scans(self.changed()) + lists + singles

    # Others

    def hub_takes_in(self):
        return Bill(hub_ingestion=self.value("findings") * self.value("days"))

    def hub_checks(self):
        return Bill(hub_check=self.value("findings") * self.value("days"))

    def postgres(self):
        return Bill(postgres_hour=self.value("hours"), postgres_storage=2 * self.value("postgres_gb"))

    def prowler(self):
        sizes = self.value("prowler").values()
        hours = self.value("hours")
        return Bill(fargate_vcpu=hours * sum(cpu for cpu, _ in sizes), fargate_gb=hours * sum(gb for _, gb in sizes))
