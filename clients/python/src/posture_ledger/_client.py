"""The client: what can be asked, by the nouns of the API."""

from __future__ import annotations

import time
import uuid
from datetime import date, datetime, timezone
from typing import Dict, Optional, Sequence, Union

from ._errors import JobNotEnded
from ._http import Http, Query, segment
from ._members import Members
from ._models import AuditRun, ComplianceSummary, Finding, Job, Remediation, TerraformPatch
from ._paging import Page, Pages
from ._stream import EventStream

Words = Union[str, Sequence[str]]
AsOf = Union[str, datetime]

MOST_PER_PAGE = 500


class Client:
    """A server, and a key for it.

    A request is sent at most `max_attempts` times: again when the server is busy (429, 503), after as long as it says,
    and when the connection fails or a gateway gives up (502, 504) and the request can do no harm twice. A wait of more
    than `max_wait` seconds is not begun. `timeout`, in seconds, is for connecting and for each time that nothing comes.
    One client serves several threads, but each needs a stream of its own.
    """

    def __init__(
        self,
        api_url: str,
        api_token: str,
        *,
        timeout: float = 30.0,
        max_attempts: int = 5,
        max_wait: float = 120.0,
    ) -> None:
        self._http = Http(api_url, api_token, timeout, max_attempts, max_wait)
        self.findings = FindingsApi(self._http)
        self.compliance = ComplianceApi(self._http)
        self.jobs = JobsApi(self._http)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_url={self._http.url!r})"

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


#: The name in programs that were written for Infracast.
InfracastClient = Client


class FindingsApi:
    """Findings of a tenant. A finding is named by its id, its uid, or RULE-RESOURCE."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(
        self,
        *,
        tenant: str,
        framework: Optional[str] = None,
        severity: Optional[Words] = None,
        status: Optional[Words] = None,
        resource_type: Optional[str] = None,
        control_id: Optional[str] = None,
        search: Optional[str] = None,
        sort: Optional[str] = None,
        per_page: int = MOST_PER_PAGE,
        as_of: Optional[AsOf] = None,
    ) -> Pages[Finding]:
        """Findings, the gravest first unless `sort` says otherwise; open ones, unless `status` does.

        Nothing is asked before the list is walked, and then page by page.
        """
        chosen = _filters(framework, severity, status, resource_type, control_id, search)
        return self._pages(tenant, [], chosen, sort, per_page, as_of)

    def scored(
        self,
        *,
        tenant: str,
        framework: Optional[str] = None,
        severity: Optional[Words] = None,
        status: Optional[Words] = None,
        resource_type: Optional[str] = None,
        control_id: Optional[str] = None,
        search: Optional[str] = None,
        sort: Optional[str] = None,
        per_page: int = MOST_PER_PAGE,
        as_of: Optional[AsOf] = None,
    ) -> Pages[Finding]:
        """The same with what made the risk of each, the greatest first."""
        chosen = _filters(framework, severity, status, resource_type, control_id, search)
        return self._pages(tenant, ["scored"], chosen, sort, per_page, as_of)

    def get(self, *, tenant: str, finding_id: str, as_of: Optional[AsOf] = None) -> Finding:
        """Everything that is known about one finding."""
        body, headers = self._http.get(_of_finding(tenant, finding_id), _query(as_of=_instant(as_of)))
        return Finding.read(Members(body, "the finding"), headers.get("etag"))

    def run(self, *, tenant: str, framework: Optional[str] = None) -> AuditRun:
        """Starts an audit run, of every rule or of one framework's. While one of the same extent runs, that is meant."""
        body = {} if framework is None else {"framework": framework}
        answer, _ = self._http.post(_path(tenant, "findings", "run"), body, {}, repeatable=False)
        return AuditRun.read(Members(answer, "the run"))

    def remediation(self, *, tenant: str, finding_id: str, as_of: Optional[AsOf] = None) -> Remediation:
        """The steps that mend a finding."""
        path = _of_finding(tenant, finding_id) + "/remediation"
        body, _ = self._http.get(path, _query(as_of=_instant(as_of)))
        return Remediation.read(Members(body, "the remediation"))

    def terraform_patch(self, *, tenant: str, finding_id: str) -> TerraformPatch:
        """A patch of the Terraform that was pushed; NotFound says why there is none."""
        body, _ = self._http.get(_of_finding(tenant, finding_id) + "/terraform-patch")
        return TerraformPatch.read(Members(body, "the patch"))

    def accept_risk(
        self,
        *,
        tenant: str,
        finding_id: str,
        justification: str,
        review_date: Optional[Union[str, date]] = None,
        approved_by: Optional[str] = None,
        if_match: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Finding:
        """Accepts the risk of a finding, up to and including its review date; again replaces. The finding as it is then.

        With the `etag` of a finding as `if_match` it is accepted only if it still is as it was read. A call is carried
        out once, however often it had to be sent; a key of your own makes that hold for a call that you repeat.
        """
        body = _query(justification=justification, review_date=_day(review_date), approved_by=approved_by)
        return self._decide(tenant, finding_id, "accept", body, if_match, idempotency_key)

    def resolve(
        self,
        *,
        tenant: str,
        finding_id: str,
        justification: Optional[str] = None,
        if_match: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Finding:
        """Says that a finding is fixed; again changes nothing. Otherwise as `accept_risk`."""
        return self._decide(tenant, finding_id, "resolve", _query(justification=justification), if_match, idempotency_key)

    def stream(
        self,
        *,
        tenant: str,
        last_event_id: Optional[str] = None,
        framework: Optional[str] = None,
        severity: Optional[Words] = None,
        status: Optional[Words] = None,
        resource_type: Optional[str] = None,
        control_id: Optional[str] = None,
        search: Optional[str] = None,
        idle: float = 90.0,
    ) -> EventStream:
        """Changes of findings as they come: from now on, or behind an event that came earlier.

        A connection on which not even a heartbeat comes for `idle` seconds counts as lost.
        """
        chosen = _filters(framework, severity, status, resource_type, control_id, search)
        return EventStream(self._http, _path(tenant, "findings", "stream"), chosen, last_event_id, idle)

    def _pages(
        self,
        tenant: str,
        under: Sequence[str],
        chosen: Query,
        sort: Optional[str],
        per_page: int,
        as_of: Optional[AsOf],
    ) -> Pages[Finding]:
        path, asked = _path(tenant, "findings", *under), _instant(as_of)

        def fetch(number: int, state: Optional[str]) -> Page[Finding]:
            which = _query(sort=sort, page=str(number), per_page=str(per_page), as_of=state or asked)
            body, _ = self._http.get(path, {**chosen, **which})
            page = Members(body, "the page")
            return Page(
                items=tuple(Finding.read(item) for item in page.objects("items")),
                total=page.count("total"),
                page=number,
                total_pages=page.count("total_pages"),
                as_of=page.text_or_none("as_of"),
            )

        return Pages(fetch)

    def _decide(
        self,
        tenant: str,
        finding_id: str,
        what: str,
        body: Query,
        if_match: Optional[str],
        idempotency_key: Optional[str],
    ) -> Finding:
        headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
        if if_match is not None:
            headers["if-match"] = if_match
        path = f"{_of_finding(tenant, finding_id)}/{what}"
        answer, told = self._http.post(path, body, headers, repeatable=True)
        return Finding.read(Members(answer, "the finding"), told.get("etag"))


class ComplianceApi:
    """How a tenant stands."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def summary(
        self, *, tenant: str, framework: Optional[str] = None, as_of: Optional[AsOf] = None
    ) -> ComplianceSummary:
        """Scores, and counts of open findings; of one framework, if it is named."""
        query = _query(framework=framework, as_of=_instant(as_of))
        body, _ = self._http.get(_path(tenant, "compliance", "summary"), query)
        return ComplianceSummary.read(Members(body, "the summary"))


class JobsApi:
    """What runs in the background."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self, *, tenant: str) -> Pages[Job]:
        """A tenant's jobs, audit runs and decisions about many findings, for a key of scope admin; all on one page."""

        def fetch(_number: int, _state: Optional[str]) -> Page[Job]:
            body, _ = self._http.get(_path(tenant, "jobs"))
            jobs = tuple(Job.read(job) for job in Members(body, "the jobs").objects("jobs"))
            return Page(items=jobs, total=len(jobs), page=1, total_pages=1, as_of=None)

        return Pages(fetch)

    def get(self, *, tenant: str, job_id: str) -> Job:
        """How an audit run, or a decision about many findings, stands."""
        body, _ = self._http.get(f"{_path(tenant, 'jobs')}/{segment(job_id, 'job_id')}")
        return Job.read(Members(body, "the job"))

    def wait(self, *, tenant: str, job_id: str, timeout: float = 900.0, every: float = 2.0) -> Job:
        """A run or a decision about many findings as it has ended, well or not; JobNotEnded after `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            job = self.get(tenant=tenant, job_id=job_id)
            if job.ended_at is not None:
                return job
            if time.monotonic() + every > end:
                raise JobNotEnded(f"job {job_id} still runs after {timeout:g} seconds")
            time.sleep(every)


def _path(tenant: str, *under: str) -> str:
    return "/".join(["/api/v1/tenants", segment(tenant, "tenant"), *under])


def _of_finding(tenant: str, finding_id: str) -> str:
    return f"{_path(tenant, 'findings')}/{segment(finding_id, 'finding_id')}"


def _query(**values: Optional[str]) -> Dict[str, str]:
    """What is not None."""
    return {name: value for name, value in values.items() if value is not None}


def _filters(
    framework: Optional[str],
    severity: Optional[Words],
    status: Optional[Words],
    resource_type: Optional[str],
    control_id: Optional[str],
    search: Optional[str],
) -> Query:
    words = {"severity": _words(severity, "severity"), "status": _words(status, "status")}
    rest = {"framework": framework, "resource_type": resource_type, "control_id": control_id, "search": search}
    return _query(**words, **rest)


def _words(words: Optional[Words], name: str) -> Optional[str]:
    if words is None or isinstance(words, str):
        return words
    # The server takes an empty list for none, and would answer with everything.
    if not words:
        raise ValueError(f"{name} must have at least one word, or be None")
    return ",".join(words)


def _instant(at: Optional[AsOf]) -> Optional[str]:
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        raise ValueError("as_of must have a time zone")
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _day(day: Optional[Union[str, date]]) -> Optional[str]:
    # A datetime is a date to Python, but its day depends on a time zone.
    if isinstance(day, datetime):
        raise ValueError("review_date must be a date")
    return day.isoformat() if isinstance(day, date) else day
