//! `posture jobs`: what is under way, how far, and what failed, in the store or through a server.

use super::door::{Door, Opened};
use super::store::Absent;
use super::{Ending, Failure, print, print_all};
use clap::Args;
use posture_shared::config::Settings;
use posture_shared::dialects::native::jobs::All;
use posture_shared::operations::{list_audits, list_hubs, list_jobs, list_telling};

#[derive(Args)]
pub(super) struct Jobs {
    #[command(flatten)]
    door: Door,
}

impl Jobs {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.door.open(settings, Absent::Fail).await? {
            Opened::Store(open, tenant) => {
                let (jobs, now) = list_jobs(&open.app.writer, &tenant).await?;
                let hubs = list_hubs(&open.app.writer, &tenant).await?;
                let telling = list_telling(&open.app.writer, &tenant).await?;
                let runs = list_audits(&open.app.writer, &tenant).await?;
                let all = All { jobs, hubs, telling, runs };
                all.shown(&tenant, now).try_for_each(|job| print(&job))?;
            }
            Opened::Server(server) => print_all(&server.web.send("GET", &server.path("jobs"), b"").await?, "jobs")?,
        }
        Ok(Ending::Done)
    }
}
