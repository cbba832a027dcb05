#!/usr/bin/env python3
"""Writes COST.md: `python cost/compute.py > COST.md`, or `make cost`.

Prices are in prices.json, sizes and assumptions in workload.json, and the units in what `posture bench` printed: bench.txt,
or with --units any other run. Nothing but Python's standard library is needed.
"""

import argparse
import json
import pathlib
import sys
import textwrap

from bench import Bench, BenchError
from bill import Prices
from model import INDEX, LIST_FUNCTIONS, ROWS, SINGLE_FUNCTIONS, Model
from stack import Stack, StackError

HERE = pathlib.Path(__file__).resolve().parent
COMPOSE = "https://github.com/prowler-cloud/prowler/blob/0571c2675561d5aed16a9f018135831063a8d635/docker-compose.yml"
SIZE = "https://github.com/prowler-cloud/prowler/discussions/2977"
RETENTION = "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings.html"
EVENTS = "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html"
POLLS = "https://aws.amazon.com/premiumsupport/knowledge-center/sqs-high-charges/"
KEYS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html"
ITEMS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"
MEMORY = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"


def money(amount):
    """Dollars, with as many digits as say something."""
    if amount == 0:
        return "$0"
    return "< $0.01" if amount < 0.005 else f"${amount:,.2f}"


def number(quantity):
    """A quantity, rounded to what can be read."""
    if quantity >= 1000 or quantity == int(quantity):
        return f"{quantity:,.0f}"
    return f"{quantity:.2f}" if quantity >= 1 else f"{quantity:.2g}"


def rate(each):
    """A price, with two decimals or as many as it has."""
    whole, _, decimals = f"{each:.10f}".partition(".")
    return f"${whole}.{decimals.rstrip('0'):0<2}" if each else "free"


def prose(text, indent=""):
    return textwrap.fill(text, 125, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(head, rows, right=()):
    line = "|" + "|".join("--:" if place in right else "---" for place in range(len(head))) + "|"
    return "\n".join(["| " + " | ".join(head) + " |", line, *("| " + " | ".join(row) + " |" for row in rows)])


class Page:
    """COST.md, section by section."""

    def __init__(self, model):
        self.model = model
        self.prices = model.prices
        self.list_dialect = model.dearest(model.list_of, LIST_FUNCTIONS)
        self.single_dialect = model.dearest(model.single_of, SINGLE_FUNCTIONS)
        self.lists = model.reading(model.list_of(self.list_dialect))
        self.singles = model.reading(model.single_of(self.single_dialect))

    def count(self, name):
        return number(self.model.value(name))

    def cost(self, bill, free=False):
        return bill.cost(self.prices, free)

    def write(self):
        front = [self.head(), self.first_table(), self.beside(), self.dearer()]
        details = [self.breakdown(), self.storage(), self.units(), self.assumptions(), self.price_list()]
        return "\n\n".join(front + details) + "\n"

    def head(self):
        m = self.model
        return (
            "# What it costs\n\n"
            "<!-- `make cost` writes this page from cost/prices.json, cost/workload.json, cost/bench.txt and template.yaml. -->\n\n"
        ) + prose(
            f"In US dollars, in {self.prices.region}, before tax. These are no figures of a bill: `cost/compute.py` computes them "
            f"from the units that `posture bench` counts over {number(m.bench.findings)} findings, from `template.yaml`, and from "
            "the prices and assumptions at the end of this page. Put your own into `cost/prices.json` and `cost/workload.json`, and "
            "run `make cost`."
        )

    def first_table(self):
        m = self.model
        million = number(m.value("reads"))
        changed, findings = f"{m.value('changed_percent')} %", self.count("findings")
        changes = m.value("changes_a_year")
        bills = [
            (f"**Idle for a month**, {findings} findings stored", m.idle()),
            (f"**{million} lists** of 100 rows, warm, in {self.list_dialect}'s dialect, the dearest", self.lists),
            (f"**{million} single findings**, warm, in {self.single_dialect}'s dialect, the dearest", self.singles),
            (f"**A daily scan** of {findings} findings for a month, through the API, nothing changed", m.scans(0)),
            (f"the same, {changed} changed each day", m.scans(m.changed())),
            ("the same, by Security Hub's events", m.events(m.changed())),
            (f"**The first import** of {findings} findings, once", m.taking_in("new", m.value("findings"))),
            (f"**{number(changes)} changes**: taking them in, once", m.taking_in("changed", changes)),
            ("keeping them, each month from then on", m.stored(m.changes_gb())),
            (
                f"**A whole month** of that tenant, a year on: daily scans with {changed} changed, "
                f"{self.count('month_lists')} lists, {self.count('month_singles')} single findings",
                m.whole_month(),
            ),
        ]
        rows = [(what, money(self.cost(bill)), money(self.cost(bill, free=True))) for what, bill in bills]
        return table(("", "list price", "within free allowances"), rows, right=(1, 2)) + "\n\n" + prose(
            "*Within free allowances*: less what AWS gives every account each month without an end, taken off each line by itself "
            "and as if nothing else in the account used it. What is free for a first year only is not taken off. "
            f"{money(self.cost(self.lists.only('transfer_out')))} of the lists is data out to the internet, uncompressed; a client in the "
            "same region does not pay that."
        )

    def beside(self):
        m = self.model
        apart = m.value("findings") * m.value("days") * self.prices.of["hub_check"]["tiers"][0][1]
        findings = self.count("findings")
        rows = [
            ("**Posture Ledger**, the whole month above", money(self.cost(m.whole_month())), "every change, without an end"),
            (
                f"**Security Hub CSPM**, taking in the same {findings} findings of another product each day",
                money(self.cost(m.hub_takes_in())),
                f"a finding, [90 days]({RETENTION}) after its last update, 30 once archived",
            ),
            (
                f"**Security Hub CSPM**, making {findings} checks of its own each day",
                f"{money(self.cost(m.hub_checks()))} in one account and region, up to {money(apart)} over many",
                "the same",
            ),
            (
                f"**PostgreSQL on RDS**, db.t4g.small, Multi-AZ, {self.count('postgres_gb')} GB, always on",
                money(self.cost(m.postgres())),
                "what you write a program to keep",
            ),
            (
                f"**Prowler's own app** on Fargate, the {len(m.value('prowler'))} containers of its "
                f"[docker-compose.yml]({COMPOSE}), always on",
                money(self.cost(m.prowler())),
                "what its database holds",
            ),
        ]
        return "## Beside it\n\n" + table(("", "a month", "what is kept"), rows, right=(1,)) + "\n\n" + prose(
            "These are not the same thing. Security Hub makes checks, and so does Prowler; the ledger keeps what they find, and finds "
            "some of it by audits of its own. Whoever has Security Hub feed the ledger pays for both. PostgreSQL is a database "
            "without the program before it. Prowler's containers are counted in one copy each, and without a load balancer, a file "
            "system and NAT. Security Hub also has a newer plan, with prices by resource; we found none of those in a text to quote."
        )

    def dearer(self):
        m = self.model
        single, one, standing = m.single_of(self.single_dialect), m.list_of(self.list_dialect), m.standing()
        share = 100 * self.cost(single.only("api_request")) / self.cost(single)
        http = self.prices.cost("http_api_request", m.value("reads"))
        warm, cold = m.row("list, Infracast")["read"], m.row("cold list")["read"]
        even = (self.cost(m.postgres()) - self.cost(standing)) / self.cost(one.without("transfer_out"))
        storage = m.idle().only("dynamodb_storage", "dynamodb_recovery")
        metrics = m.value("custom_metrics")
        times = self.cost(m.taking_in("new", m.value("findings"))) / self.cost(m.scans(0)) * m.value("days")
        points = [
            f"**REST API requests** are {money(self.prices.cost('api_request', m.value('reads')))} a million, {share:.0f} % of a "
            f"single finding's price. An HTTP API takes {money(http)}, but cannot stream.",
            "**Writing.** A commit is a transaction, and DynamoDB charges what is written in one twice: "
            f"{m.row('new').figure():g} units for a new finding, {m.row('changed').figure():g} for a changed one, "
            f"{m.row('one changed')['write']:g} for one that changes alone. A day on which every finding is new costs "
            f"{times:.0f} times one on which nothing changed.",
            f"**Rows.** A list pays for each document that it shows, {warm:g} units for 100 rows; a database that is paid by the "
            f"hour answers for nothing more. From about {number(round(even, -4))} lists a month on, the PostgreSQL above would be "
            "cheaper, if it can bear them and the program before it costs nothing.",
            f"**The first list of a container** reads {cold:g} units instead of {warm:g}, and more in a larger tenant, up to 2,400 "
            "at a million findings. The prices above are of warm containers.",
            f"**Idle is not storage alone.** Storage and its recovery are {money(self.cost(storage))} of it. Jobs look for work "
            f"{number(standing.quantities['lambda_request'])} times a month, Lambda polls the queues, and a secret has its price: "
            f"together {money(self.cost(standing))}. Going through everything once in {m.value('rotation_days')} days, to verify "
            f"it, is {money(self.cost(m.verifying()))}.",
            f"**Metrics of our own** would be {money(self.prices.cost('metric', 1))} a month each, and one with a dimension counts "
            f"once for each of its values. {f'There are {metrics}' if metrics else 'There are none'} in the prices above.",
        ]
        return "## Where we are dearer\n\n" + "\n".join(prose(f"- {point}", "  ") for point in points)

    def breakdown(self):
        m = self.model
        changed = f"{m.value('changed_percent')} %"
        bills = [
            ("Idle, a month", m.idle()),
            (f"{number(m.value('reads'))} lists, {self.list_dialect}", self.lists),
            (f"{number(m.value('reads'))} single findings, {self.single_dialect}", self.singles),
            (f"Daily scans through the API, {changed} changed, a month", m.scans(m.changed())),
            (f"Daily scans by events, {changed} changed, a month", m.events(m.changed())),
            ("The first import", m.taking_in("new", m.value("findings"))),
            (f"{number(m.value('changes_a_year'))} changes, taken in", m.taking_in("changed", m.value("changes_a_year"))),
            ("The whole month, a year on", m.whole_month()),
            ("PostgreSQL, a month", m.postgres()),
            ("Prowler's containers, a month", m.prowler()),
        ]
        lists = [
            (dialect, self.each(m.list_of(dialect)), self.each(m.single_of(dialect)) if dialect in SINGLE_FUNCTIONS else "a list")
            for dialect in LIST_FUNCTIONS
        ]
        reads = table(("a million, without data out", "lists", "single findings"), lists, right=(1, 2))
        parts = [f"### {name}: {money(self.cost(bill))}\n\n{self.lines(bill)}" for name, bill in bills]
        return "## What it is made of\n\n" + "\n\n".join([reads, *parts])

    def each(self, bill):
        return money(self.cost(bill.without("transfer_out") * self.model.value("reads")))

    def lines(self, bill):
        rows = []
        for key, price in self.prices.of.items():
            quantity = bill.quantities.get(key, 0)
            if quantity:
                rows.append((price["what"], number(quantity), self.rate(price), money(self.prices.cost(key, quantity))))
        return table(("", "quantity", "price", ""), rows, right=(1, 3))

    def rate(self, price):
        if "tiers" in price:
            parts = [rate(each) + (f" up to {number(upto)}" if upto else " beyond") for upto, each in price["tiers"]]
            return ", ".join(parts) + f", per {price['unit']}"
        return rate(price["each"]) + (f" per {price['unit']}" if price["each"] else "")

    def storage(self):
        m = self.model
        rows = [
            ("a finding without history", f"{m.finding_bytes():,.0f} bytes"),
            ("a change", f"{m.change_bytes():,.0f} bytes"),
            (f"copies of the index in a year, {self.count('findings')} findings", f"{m.checkpoint_gb_a_year():.2f} GB"),
            (f"a year of daily scans, {m.value('changed_percent')} % changed", f"{m.scans_gb_a_year():.2f} GB"),
            (f"{number(m.value('changes_a_year'))} changes in a year, with copies of the index", f"{m.changes_gb():.2f} GB"),
        ]
        year = m.changes_gb()
        return "## What is stored\n\n" + table(("", "stored"), rows, right=(1,)) + "\n\n" + prose(
            f"No finding, document or entry of the log is ever deleted. With {number(m.value('changes_a_year'))} changes a year the bill for "
            f"storage and recovery grows by {money(self.cost(m.stored(year)))} a month each year, to {money(self.cost(m.stored(10 * year)))} a "
            "month after ten years."
        )

    def units(self):
        rows = []
        for row in [self.model.bench[name] for name in ROWS.values()] + self.model.bench.starting(INDEX):
            text = row.text
            if row.counts:
                text = f"{row['rounds']:g} rounds, {row['read']:g} read, {row['write']:g} write, {row['ms']:g} ms"
            rows.append((row.name, text))
        return "## The units\n\n" + prose(
            "Rows of `posture bench`, from `cost/bench.txt`. Units are counted and hold anywhere; milliseconds are those of the machine "
            "that it ran on. To take them anew, on a machine that does nothing else: `target/release/posture bench > cost/bench.txt`, then "
            "`make cost`. `python3 cost/compute.py --units FILE` prints this page by another run."
        ) + "\n\n" + table(("row", "counted"), rows)

    def assumptions(self):
        rows = []
        for name, entry in self.model.given.items():
            value = entry["value"]
            if isinstance(value, dict):
                shown = {key: " / ".join(map(str, of)) if isinstance(of, list) else number(of) for key, of in value.items()}
                value = ", ".join(f"{key} {of}" for key, of in shown.items())
            else:
                value = number(value)
            rows.append((f"`{name}`", value, entry["why"]))
        return "## The assumptions\n\nFrom `cost/workload.json`.\n\n" + table(("", "value", "why"), rows) + "\n\n" + prose(
            f"Where they come from: Security Hub sends [one event for each finding and each update]({EVENTS}), Lambda [polls idle queues "
            f"and that is charged]({POLLS}), DynamoDB's [keys]({KEYS}) and [sizes of items]({ITEMS}), Lambda's [memory and CPU]({MEMORY}), "
            f"[what a scan with Prowler needs]({SIZE}). Not counted: a WAF, a domain of your own, AWS Config's recorder, which Security "
            "Hub needs as well as our sweeps and audits, a model's words, and what audits and sweeps do."
        )

    def price_list(self):
        rows = []
        for price in self.prices.of.values():
            source = f"[{price['as_of']}]({price['source']})" if price["source"] else "**not found**: an assumption to check"
            free = number(price["free"]) if price.get("free") else ""
            rows.append((price["what"], self.rate(price), free, source, f"[AWS]({price['official']})"))
        return "## The prices\n\n" + prose(
            "From `cost/prices.json`. Each was read in the text that is linked, as it stood then; AWS's own pages fill in many of theirs in "
            "the browser, so that others are quoted. Compare with AWS before you decide by them."
        ) + "\n\n" + table(("", "price", "free each month", "as of", "to compare"), rows)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Prints COST.md.")
    parser.add_argument("--units", default=HERE / "bench.txt", help="what `posture bench` printed (cost/bench.txt)")
    parser.add_argument("--prices", default=HERE / "prices.json", help="the price list (cost/prices.json)")
    parser.add_argument("--workload", default=HERE / "workload.json", help="sizes and assumptions (cost/workload.json)")
    parser.add_argument("--template", default=HERE.parent / "template.yaml", help="the stack (template.yaml)")
    given = parser.parse_args(arguments)
    text = {name: pathlib.Path(path).read_text(encoding="utf-8") for name, path in vars(given).items()}
    try:
        model = Model(Prices(text["prices"]), json.loads(text["workload"]), Bench(text["units"]), Stack(text["template"]))
        sys.stdout.write(Page(model).write())
    except (BenchError, StackError) as error:
        sys.exit(f"cost/compute.py: {error}")


if __name__ == "__main__":
    main()
