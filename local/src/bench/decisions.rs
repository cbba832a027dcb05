//! Decisions about one finding that nobody contends for.

use super::Options;
use super::load::Ledger;
use super::report::Report;
use super::world::Answer;
use indicatif::ProgressBar;
use posture_functions::{
    App, Route, infracast_accept_finding as accept, infracast_get_finding as get, infracast_list_findings as list,
    infracast_resolve_finding as resolve,
};
use posture_shared::domain::Error;
use serde_json::{Value, json};

/// Measures accepting and resolving, in a container that knows the tenant and in one that knows nothing.
pub(super) async fn measure(
    ledger: &Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    progress.set_length(4);
    progress.set_position(0);
    let world = &ledger.world;
    // No fold falls due within the few commits that follow.
    world.app.writer.fold(&world.tenant).await?;
    let path = path_of(&list::ROUTE, &world.tenant.to_string(), "");
    let listed = world.get(&world.app, &list::ROUTE, &format!("{path}?per_page=1")).await?.accepted()?;
    let uid = listed.text("/items/0/uid").ok_or_else(|| Error::internal("no finding of the bench is open"))?.to_owned();
    let body = json!({"justification": "The bench accepts it.", "review_date": "2099-12-31"});
    let decisions = [("accept", &accept::ROUTE, body), ("resolve", &resolve::ROUTE, json!({}))];
    for (name, route, body) in &decisions {
        let (answer, wrong) = decide(ledger, &world.app, route, &uid, body).await?;
        report.judge(
            &format!("{name} a finding, warm"),
            options.targets.decided,
            answer.counts,
            Some(answer.ms),
            wrong,
        );
        progress.inc(1);
    }
    for (name, route, body) in &decisions {
        let (answer, wrong) = decide(ledger, &world.container(), route, &uid, body).await?;
        let (rounds, units) = (answer.counts.rounds, answer.counts.write_units);
        report.tell(&format!("{name} a finding, cold"), format!("{rounds} rounds, {units} write"));
        if let Some(wrong) = wrong {
            return Err(Error::internal(wrong));
        }
        progress.inc(1);
    }
    Ok(())
}

/// Decides, and says what is wrong if the very next read does not show it.
async fn decide(
    ledger: &Ledger,
    app: &App,
    route: &Route,
    uid: &str,
    body: &Value,
) -> Result<(Answer, Option<String>), Error> {
    let (world, tenant) = (&ledger.world, ledger.world.tenant.to_string());
    let answer = world.post(app, route, &path_of(route, &tenant, uid), body).await?.accepted()?;
    let shown = world.get(&world.app, &get::ROUTE, &path_of(&get::ROUTE, &tenant, uid)).await?.accepted()?;
    let status = |answer: &Answer| answer.text("/status").map(str::to_owned);
    let wrong = (status(&shown) != status(&answer)).then(|| format!("the next read shows {:?}", status(&shown)));
    Ok((answer, wrong))
}

fn path_of(route: &Route, tenant: &str, uid: &str) -> String {
    route.path.replace("{tenantID}", tenant).replace("{findingID}", uid)
}
