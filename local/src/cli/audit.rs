//! `posture audit`: start an audit run and perhaps wait for it, in the store or through a server; or judge the past.

use super::door::{Door, Opened};
use super::progress::Progress;
use super::store::Absent;
use super::web::Web;
use super::{Ending, Failure, instant, print};
use clap::Args;
use posture_shared::audit::{Judgement, Verdict};
use posture_shared::config::Settings;
use posture_shared::dialects::native::jobs as native;
use posture_shared::domain::framework::FrameworkQuery;
use posture_shared::domain::{Error, Instant};
use posture_shared::operations::{get_audit, judge_past, run_audits, start_audit};
use serde_json::{Value, json};
use std::time::Duration;

/// How often it is asked how a run stands.
const PAUSE: Duration = Duration::from_millis(300);

#[derive(Args)]
pub(super) struct Audit {
    #[command(flatten)]
    door: Door,
    /// Only the rules that check controls of this framework
    #[arg(long, value_name = "F")]
    framework: Option<String>,
    /// Wait until the run has ended
    #[arg(long)]
    wait: bool,
    /// Judge the inventory as it was then by today's rules, a verdict a line; nothing is written
    #[arg(long, value_name = "INSTANT", value_parser = instant, conflicts_with = "wait")]
    at: Option<Instant>,
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let unknown = || Failure::usage("--framework", "names no framework; try cis-aws or nist-800-53");
        let framework = self.framework.as_deref().map(|text| FrameworkQuery::parse(text).ok_or_else(unknown));
        let framework = framework.transpose()?;
        match self.door.open(settings, Absent::Fail).await? {
            Opened::Store(open, tenant) => {
                let writer = &open.app.writer;
                if let Some(at) = self.at {
                    let name = self.framework.as_deref();
                    judge_past(writer, &tenant, at, name, &mut |judgement| print(&shown(judgement))).await?;
                    return Ok(Ending::Done);
                }
                let mut run = start_audit(writer, &tenant, framework.as_ref(), "framework").await?;
                // Nobody else works on a store that is not served.
                let tenants = [tenant.clone()].into();
                while self.wait && !run.has_ended() {
                    if run_audits(writer, &tenants, || false).await? == 0 {
                        // Another process has it, or what failed is given time to mend.
                        tokio::time::sleep(PAUSE).await;
                    }
                    run = get_audit(writer, &tenant, &run.id).await?;
                }
                let failed = run.error.is_some() && run.has_ended();
                print(&native::shown_run(&tenant, &run, writer.clock().now()))?;
                Ok(if failed { Ending::ProblemsFound } else { Ending::Done })
            }
            Opened::Server(_) if self.at.is_some() => {
                Err(Failure::usage("--at", "judges a store that is not served: give --data, --endpoint-url or --table"))
            }
            Opened::Server(server) => {
                let body =
                    self.framework.as_ref().map_or_else(|| json!({}), |framework| json!({"framework": framework}));
                let path = server.path("findings/run");
                let mut job = server.web.send("POST", &path, body.to_string().as_bytes()).await?;
                if self.wait {
                    let id = job.get("job_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                    job = wait(&server.web, &server.path(&format!("jobs/{id}"))).await?;
                }
                let failed = job.get("status").and_then(Value::as_str) == Some("failed");
                print(&job)?;
                Ok(if failed { Ending::ProblemsFound } else { Ending::Done })
            }
        }
    }
}

/// Asks until the run has ended.
async fn wait(web: &Web, path: &str) -> Result<Value, Error> {
    let progress = Progress::new("resources judged", 0);
    loop {
        let job = web.send("GET", path, b"").await?;
        if job.get("status").and_then(Value::as_str) != Some("running") {
            return Ok(job);
        }
        let judged = job.pointer("/counts/resources").and_then(Value::as_u64).unwrap_or_default();
        progress.hear(judged, 0);
        tokio::time::sleep(PAUSE).await;
    }
}

fn shown(judgement: &Judgement<'_>) -> Value {
    let Judgement { rule, item, verdict, params } = judgement;
    let reasons: Vec<&str> = match verdict {
        Verdict::Fail(violations) => violations.iter().map(|violation| violation.message.as_str()).collect(),
        Verdict::Unknown(reason) => vec![reason],
        Verdict::Pass | Verdict::NotApplicable => Vec::new(),
    };
    json!({
        "rule_id": rule.metadata.rule_id,
        "rule_version": rule.metadata.version,
        "params": params,
        "resource": item.node(),
        "resource_version": item.digest(),
        "account_id": item.account,
        "captured_at": item.captured_at.to_string(),
        "verdict": verdict.name(),
        "reasons": reasons,
    })
}
