//! An embedded DynamoDB behind the ordinary SDK client: requests are handed over in process, without a socket.
//!
//! What differs from the service: nothing expires until [`Embedded::sweep`] runs; there is no throttling and no
//! transaction conflict, because one request runs at a time; the edges of pages near 1 MB may lie elsewhere.

mod dispatch;
#[cfg(test)]
mod tests;
pub mod wire;

use crate::folder::Folder;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use bytes::Bytes;
use dynoxide::Database;
use http_body_util::BodyExt;
use posture_shared::domain::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The engine's file in a data folder.
pub const FILE: &str = "ledger.db";

const TARGET: &str = "x-amz-target";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// The engine. Clones share it; the data folder is let go with the last one.
#[derive(Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
}

/// Fields are dropped in order: the folder is held until the file is closed.
struct Engine {
    database: Database,
    folder: Option<Folder>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("folder", &self.engine.folder).finish()
    }
}

impl Embedded {
    /// An engine that keeps nothing.
    pub fn memory() -> Result<Self, Error> {
        let database = Database::memory().map_err(|error| Error::internal(format!("the store: {error}")))?;
        Ok(Self { engine: Arc::new(Engine { database, folder: None }) })
    }

    /// The engine over `ledger.db` in a data folder, which is made if it is not there.
    /// [`Error::Conflict`] that names the folder when another process holds it.
    ///
    /// What was answered survives the end of the process, however it ends.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Folder::hold(path)?;
        let file = folder.file(FILE);
        let failed = |why: String| Error::internal(format!("the store {}: {why}", file.display()));
        folder.keep_private(FILE, &["-wal", "-shm"]).map_err(|error| failed(error.to_string()))?;
        let name = file.to_str().ok_or_else(|| failed("its path is no UTF-8".to_owned()))?;
        let database = Database::new(name).map_err(|error| failed(error.to_string()))?;
        Ok(Self { engine: Arc::new(Engine { database, folder: Some(folder) }) })
    }

    /// The data folder, if there is one.
    pub fn folder(&self) -> Option<&Folder> {
        self.engine.folder.as_ref()
    }

    /// Runs one operation in the service's JSON, past any client and meter. Blocks while it runs.
    pub(crate) fn perform(&self, operation: &str, request: &serde_json::Value) -> Result<serde_json::Value, Error> {
        match dispatch::run(&self.engine.database, operation, request.to_string().as_bytes()) {
            (200, answer) => serde_json::from_str(&answer).map_err(Error::internal),
            (status, answer) => Err(Error::internal(format!("{operation} was answered {status}: {answer}"))),
        }
    }

    /// Deletes what has expired, and says how many items that were. Blocks while it runs.
    pub fn sweep(&self) -> Result<usize, Error> {
        self.engine.database.sweep_ttl().map_err(|error| Error::internal(format!("the sweep: {error}")))
    }
}

/// A configuration that speaks to an in-process store. Nothing is sent twice behind the caller's back.
pub fn config(http: impl HttpClient + 'static) -> SdkConfig {
    let keys = Credentials::from_keys("embedded", "embedded", None);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url("http://embedded.invalid")
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::disabled())
        // An answer in memory does not stall, however long a busy machine takes to look at it.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http)
        .build()
}

impl HttpClient for Embedded {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = Arc::clone(&self.engine);
        HttpConnectorFuture::new(async move {
            let operation = operation_of(&request).to_owned();
            let body = bytes_of(request.into_body()).await?;
            // The engine runs one request at a time and waits for the disk, which must not hold up the server.
            let work = tokio::task::spawn_blocking(move || dispatch::run(&engine.database, &operation, &body));
            let (status, json) = work.await.map_err(|error| ConnectorError::io(error.into()))?;
            response(status, json)
        })
    }
}

/// The operation's name, empty when there is none.
pub(crate) fn operation_of(request: &HttpRequest) -> &str {
    request.headers().get(TARGET).and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default()
}

/// A body's bytes, without a copy when they are in memory already.
pub(crate) async fn bytes_of(body: SdkBody) -> Result<Bytes, ConnectorError> {
    match body.bytes() {
        Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        None => Ok(body.collect().await.map_err(ConnectorError::io)?.to_bytes()),
    }
}

pub(crate) fn response(status: u16, json: String) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(json));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
