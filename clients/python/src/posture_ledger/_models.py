"""What the API answers, as types. `raw` has the whole of an answer, members that are unknown here included."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Dict, Mapping, Optional, Tuple

from ._errors import ProtocolError
from ._members import Members


def _raw() -> Any:
    return field(repr=False, compare=False, default_factory=dict)


@dataclass(frozen=True)
class FrameworkMapping:
    """A control that a finding is about."""

    framework: str
    control_id: Optional[str]
    version: Optional[str]

    @classmethod
    def read(cls, members: Members) -> FrameworkMapping:
        return cls(members.text("framework"), members.text_or_none("control_id"), members.text_or_none("version"))


@dataclass(frozen=True)
class Acceptance:
    """Why a finding's risk is accepted, and until when."""

    justification: str
    approved_by: Optional[str]
    #: The last day on which it holds, in UTC.
    review_date: Optional[date]
    expires_at: Optional[datetime]
    accepted_by: str
    accepted_at: datetime

    @classmethod
    def read(cls, members: Members) -> Acceptance:
        return cls(
            justification=members.text("justification"),
            approved_by=members.text_or_none("approved_by"),
            review_date=members.date_or_none("review_date"),
            expires_at=members.instant_or_none("expires_at"),
            accepted_by=members.text("accepted_by"),
            accepted_at=members.instant("accepted_at"),
        )


@dataclass(frozen=True)
class Producer:
    """What a finding is called by whoever reported it."""

    product_arn: str
    id: str

    @classmethod
    def read(cls, members: Members) -> Producer:
        return cls(members.text("product_arn"), members.text("id"))


@dataclass(frozen=True)
class Finding:
    """A rule that a resource fails, or failed once.

    Rows of lists have long texts cut. `risk_vector` and `risk_reasons` are in scored lists and in a finding that was
    asked for by itself; `resource_arn`, `remediation_url`, `producer`, `as_of` and `etag` in the latter alone.
    """

    id: str
    uid: str
    rule_id: str
    framework: Optional[str]
    control_id: Optional[str]
    framework_mappings: Tuple[FrameworkMapping, ...]
    #: CRITICAL, HIGH, MEDIUM, LOW or INFO.
    severity: str
    #: open, accepted or resolved.
    status: Optional[str]
    title: Optional[str]
    description: Optional[str]
    resource_id: str
    resource_type: str
    resource_name: str
    region: str
    account_id: Optional[str]
    remediation: Optional[str]
    first_seen: datetime
    last_seen: datetime
    created_at: datetime
    #: 0 to 100.
    risk_score: int
    acceptance: Optional[Acceptance] = None
    #: Whether the Terraform that was pushed can be patched; None where that is not known.
    terraform_patch_available: Optional[bool] = None
    risk_vector: Optional[str] = None
    risk_reasons: Tuple[str, ...] = ()
    resource_arn: Optional[str] = None
    remediation_url: Optional[str] = None
    producer: Optional[Producer] = None
    #: The state of the ledger that is shown.
    as_of: Optional[str] = None
    #: Names this state of the finding; `if_match` of a decision takes it.
    etag: Optional[str] = None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members, etag: Optional[str] = None) -> Finding:
        acceptance, producer = members.object_or_none("acceptance"), members.object_or_none("producer")
        return cls(
            id=members.text("id"),
            uid=members.text("uid"),
            rule_id=members.text("rule_id"),
            framework=members.text_or_none("framework"),
            control_id=members.text_or_none("control_id"),
            framework_mappings=tuple(FrameworkMapping.read(one) for one in members.objects("framework_mappings")),
            severity=members.text("severity"),
            status=members.text_or_none("status"),
            title=members.text_or_none("title"),
            description=members.text_or_none("description"),
            resource_id=members.text("resource_id"),
            resource_type=members.text("resource_type"),
            resource_name=members.text("resource_name"),
            region=members.text("region"),
            account_id=members.text_or_none("account_id"),
            remediation=members.text_or_none("remediation"),
            first_seen=members.instant("first_seen"),
            last_seen=members.instant("last_seen"),
            created_at=members.instant("created_at"),
            risk_score=members.count("risk_score"),
            acceptance=Acceptance.read(acceptance) if acceptance else None,
            terraform_patch_available=members.flag_or_none("terraform_patch_available"),
            risk_vector=members.text_or_none("risk_vector"),
            risk_reasons=members.texts("risk_reasons"),
            resource_arn=members.text_or_none("resource_arn"),
            remediation_url=members.text_or_none("remediation_url"),
            producer=Producer.read(producer) if producer else None,
            as_of=members.text_or_none("as_of"),
            etag=etag,
            raw=members.all,
        )


@dataclass(frozen=True)
class FindingEvent:
    """A change of a finding, out of the stream."""

    #: The place in the log; a stream that is given it goes on behind this event.
    id: Optional[str]
    #: finding.created, finding.updated, finding.resolved or finding.accepted.
    event: str
    finding_id: str
    #: By which a finding is known however its producer names it.
    uid: Optional[str]
    #: The finding, in events that show it.
    finding: Optional[Finding]
    resolved_at: Optional[datetime]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members, id: Optional[str]) -> FindingEvent:
        shown = members.object_or_none("finding")
        finding = Finding.read(shown) if shown else None
        finding_id = members.text_or_none("finding_id") or (finding.id if finding else None)
        if finding_id is None:
            raise ProtocolError(f"event {id} names no finding")
        resolved_at = members.instant_or_none("resolved_at")
        uid = members.text_or_none("uid") or (finding.uid if finding else None)
        return cls(id, members.text("event"), finding_id, uid, finding, resolved_at, members.all)


@dataclass(frozen=True)
class RemediationStep:
    """One thing to do; some have no command."""

    order: int
    action: str
    command: Optional[str]

    @classmethod
    def read(cls, members: Members) -> RemediationStep:
        return cls(members.count("order"), members.text("action"), members.text_or_none("command"))


@dataclass(frozen=True)
class Generated:
    """That a model worded some members of an answer."""

    members: Tuple[str, ...]
    model: str
    at: datetime

    @classmethod
    def read(cls, members: Members) -> Generated:
        return cls(members.texts("members"), members.text("model"), members.instant("at"))


@dataclass(frozen=True)
class Remediation:
    """How to mend a finding."""

    finding_id: str
    summary: str
    steps: Tuple[RemediationStep, ...]
    #: None where that was not found out.
    terraform_patch_available: Optional[bool]
    rationale: Optional[str]
    url: Optional[str]
    #: Who says so.
    source: Optional[str]
    #: Which model worded summary and rationale, if one did. Steps are never a model's.
    generated: Optional[Generated] = None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members) -> Remediation:
        generated = members.object_or_none("generated")
        return cls(
            finding_id=members.text("finding_id"),
            summary=members.text("summary"),
            steps=tuple(RemediationStep.read(step) for step in members.objects("steps")),
            terraform_patch_available=members.flag_or_none("terraform_patch_available"),
            rationale=members.text_or_none("rationale"),
            url=members.text_or_none("url"),
            source=members.text_or_none("source"),
            generated=None if generated is None else Generated.read(generated),
            raw=members.all,
        )


@dataclass(frozen=True)
class TerraformPatch:
    """A patch of the Terraform that was pushed, as a unified diff for `git apply` or `patch -p1`."""

    finding_id: str
    patch: str
    #: The push that it is of.
    root: Optional[str]
    #: What to know before it is applied.
    caution: Optional[str]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members) -> TerraformPatch:
        optional = members.text_or_none
        return cls(members.text("finding_id"), members.text("patch"), optional("root"), optional("caution"), members.all)


@dataclass(frozen=True)
class AuditRun:
    """An audit run that was started; `jobs.get` tells how it goes on."""

    job_id: str
    #: running, done or failed.
    status: str
    frameworks: Tuple[str, ...]
    started_at: datetime
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members) -> AuditRun:
        status, frameworks = members.text("status"), members.texts("frameworks")
        return cls(members.text("job_id"), status, frameworks, members.instant("started_at"), members.all)


@dataclass(frozen=True)
class FrameworkScore:
    """A framework's score from 0 to 100, None without data, and its open findings."""

    score: Optional[float]
    findings: int

    @classmethod
    def read(cls, members: Members) -> FrameworkScore:
        return cls(members.number_or_none("score"), members.count("findings"))


@dataclass(frozen=True)
class ComplianceSummary:
    """Scores, and counts of open findings."""

    overall_score: Optional[float]
    total_findings: int
    by_severity: Dict[str, int]
    by_framework: Dict[str, FrameworkScore]
    as_of: Optional[str]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members) -> ComplianceSummary:
        by_framework = members.object("by_framework")
        return cls(
            overall_score=members.number_or_none("overall_score"),
            total_findings=members.count("total_findings"),
            by_severity=members.counts("by_severity"),
            by_framework={name: FrameworkScore.read(by_framework.object(name)) for name in by_framework.all},
            as_of=members.text_or_none("as_of"),
            raw=members.all,
        )


@dataclass(frozen=True)
class Job:
    """Work in the background. What only audit runs and decisions about many findings have is None or empty for others."""

    kind: str
    state: str
    started_at: Optional[datetime]
    ended_at: Optional[datetime]
    error: Optional[str]
    job_id: Optional[str] = None
    #: Of an audit run or a decision: running, done or failed.
    status: Optional[str] = None
    frameworks: Tuple[str, ...] = ()
    counts: Dict[str, int] = field(default_factory=dict)
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def read(cls, members: Members) -> Job:
        return cls(
            kind=members.text("kind"),
            state=members.text("state"),
            started_at=members.instant_or_none("started_at"),
            ended_at=members.instant_or_none("ended_at"),
            error=members.text_or_none("error"),
            job_id=members.text_or_none("job_id"),
            status=members.text_or_none("status"),
            frameworks=members.texts("frameworks"),
            counts=members.counts("counts") if "counts" in members.all else {},
            raw=members.all,
        )
