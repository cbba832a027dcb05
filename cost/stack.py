"""What of template.yaml costs money by being there: functions and their memory, schedules, queues, alarms.

Read line by line, because the standard library has no YAML: resources are indented by two blanks, as cfn-lint and the
house's own hand have them.
"""

import re

MINUTES = {"minute": 1, "hour": 60, "day": 1440}


class StackError(ValueError):
    """The template says something that this does not understand."""


class Stack:
    """The parts of a template that cost money."""

    def __init__(self, text):
        off = absent(text)
        self._resources = {name: lines for name, lines in resources(text) if not off & {line.strip() for line in lines}}
        # As it is by default, where a parameter says it.
        named = re.search(r"(?m)^Globals:\n(?:  .*\n)*?    MemorySize: !Ref (\w+)", text)
        default = named and re.search(rf"(?m)^  {named.group(1)}:\n(?:    .*\n)*?    Default: ([0-9]+)", text)
        fixed = re.search(r"(?m)^Globals:\n(?:  .*\n)*?    MemorySize: ([0-9]+)", text)
        self._memory = int((default or fixed).group(1)) if default or fixed else 128

    def count(self, kind):
        """How many resources of a type there are."""
        return sum(1 for lines in self._resources.values() if f"    Type: {kind}" in lines)

    def memory(self, function):
        """A function's memory, in MB."""
        if function not in self._resources:
            raise StackError(f"template.yaml has no resource {function}")
        sizes = [int(line.split(":")[1]) for line in self._resources[function] if line.strip().startswith("MemorySize:")]
        return sizes[0] if sizes else self._memory

    def schedules(self):
        """Functions that run by themselves, and after how many minutes they run again."""
        for name, lines in self._resources.items():
            for line in lines:
                found = re.match(r"\s+(?:Schedule|ScheduleExpression): ['\"]?(.+?)['\"]?$", line)
                if found:
                    yield name, minutes(name, found.group(1))

    def polled_queues(self):
        """How many queues Lambda polls."""
        events = sum(line.strip() == "Type: SQS" for lines in self._resources.values() for line in lines)
        return events + self.count("AWS::Lambda::EventSourceMapping")


def absent(text):
    """The lines by which resources say that they are there only where a parameter has another value than its default."""
    defaults = dict(re.findall(r"(?m)^  ([A-Za-z0-9]+):\n    Type: String\n    Default: '?([^'\n]*)'?$", text))
    equal = re.findall(r"(?m)^  ([A-Za-z0-9]+): !Equals \[!Ref ([A-Za-z0-9]+), '?([^'\]]*)'?\]$", text)
    return {f"Condition: {name}" for name, parameter, value in equal if defaults.get(parameter, value) != value}


def resources(text):
    """The lines of each resource."""
    name, inside = None, False
    lines = []
    for line in text.splitlines():
        if re.match(r"\S", line) and not line.startswith("#"):
            inside = line.startswith("Resources:")
        found = re.match(r"  ([A-Za-z0-9]+):\s*$", line) if inside else None
        if found or not inside:
            if name:
                yield name, lines
            name, lines = (found.group(1), []) if found else (None, [])
        elif name:
            lines.append(line.rstrip())
    if name:
        yield name, lines


def minutes(name, expression):
    """The minutes between two runs: of a rate, or of a cron that runs once an hour or once a day."""
    rate = re.fullmatch(r"rate\(([0-9]+) (minute|hour|day)s?\)", expression)
    if rate:
        return int(rate.group(1)) * MINUTES[rate.group(2)]
    cron = re.fullmatch(r"cron\([0-9]+ (\*|[0-9]+) \* \* \? \*\)", expression)
    if cron:
        return MINUTES["hour" if cron.group(1) == "*" else "day"]
    raise StackError(f"{name} runs by {expression}, which cost/stack.py does not read yet")
