//! What the handlers that mute findings have in common.

use crate::{Call, decisions};
use posture_shared::dialects::Reply;
use posture_shared::dialects::datadog::mute_findings::{Generation, is_known, parse, render};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::{check_end, findings_of};

/// Mutes or unmutes findings, as a generation of clients asks for it.
pub(crate) async fn mute(ledger: &Writer, call: Call, generation: Generation) -> Result<Reply, Error> {
    let request = parse(generation, &call.body)?;
    check_end(ledger, call.attempt.as_ref(), &request.ruling, generation.end_path())?;
    let meant = findings_of(ledger, &call.caller, &request.ids, is_known).await?;
    let (rows, stopped) = decisions::decide(ledger, &call, meant, request.ruling.clone(), None).await?;
    Ok(render(&request, &rows, stopped.as_ref()))
}
