"""A client of Posture Ledger.

    from posture_ledger import Client

    client = Client(api_url="http://127.0.0.1:9000", api_token="...")
    for finding in client.findings.list(tenant="default", severity=["CRITICAL", "HIGH"]):
        print(finding.id, finding.title)
"""

from ._client import Client, ComplianceApi, FindingsApi, InfracastClient, JobsApi
from ._errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionFailed,
    Forbidden,
    JobNotEnded,
    NotFound,
    PostureLedgerError,
    PreconditionFailed,
    ProtocolError,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    Unauthorized,
)
from ._models import (
    Acceptance,
    AuditRun,
    ComplianceSummary,
    Finding,
    FindingEvent,
    FrameworkMapping,
    FrameworkScore,
    Generated,
    Job,
    Producer,
    Remediation,
    RemediationStep,
    TerraformPatch,
)
from ._paging import Page, Pages
from ._stream import EventStream

__all__ = [
    "Acceptance",
    "ApiError",
    "AuditRun",
    "BadRequest",
    "Client",
    "ComplianceApi",
    "ComplianceSummary",
    "Conflict",
    "ConnectionFailed",
    "EventStream",
    "Finding",
    "FindingEvent",
    "FindingsApi",
    "Forbidden",
    "FrameworkMapping",
    "FrameworkScore",
    "Generated",
    "InfracastClient",
    "Job",
    "JobNotEnded",
    "JobsApi",
    "NotFound",
    "Page",
    "Pages",
    "PostureLedgerError",
    "PreconditionFailed",
    "Producer",
    "ProtocolError",
    "RateLimited",
    "Remediation",
    "RemediationStep",
    "ServerError",
    "ServiceUnavailable",
    "TerraformPatch",
    "Unauthorized",
]
