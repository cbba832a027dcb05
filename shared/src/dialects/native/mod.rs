//! Our own routes under `/api/v1/tenants/{tenantID}`, which copy nobody's wire shapes but Infracast's error envelope.

pub mod error;
pub mod snapshots;
