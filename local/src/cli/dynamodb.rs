//! `posture dynamodb`: the embedded store as a DynamoDB of this machine.

use super::Ending;
use super::print;
use crate::embedded::{Embedded, wire};
use clap::Args;
use posture_shared::domain::Error;
use serde_json::json;
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Args)]
pub(super) struct Dynamodb {
    /// Folder of the store; without it nothing is kept
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

impl Dynamodb {
    pub(super) async fn run(self) -> Result<Ending, Error> {
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
        let engine = match &self.data {
            Some(folder) => Embedded::open(Path::new(folder))?,
            None => Embedded::memory()?,
        };
        let (listener, url) = wire::bind().await?;
        print(&json!({"url": url}))?;
        tokio::select! {
            () = wire::serve(listener, engine) => {}
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Ending::Done)
    }
}
