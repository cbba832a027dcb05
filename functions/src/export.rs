//! Lists that go out as files, a stretch of rows at a time.

use crate::{Flow, Output};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use posture_shared::dialects::Reply;
use posture_shared::domain::Error;

/// Rows that are still to come.
pub(crate) trait Rows: Send + Sized + 'static {
    /// The text of the next rows; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, Error>> + Send;
}

/// The answer that begins with `head` and has these rows. Where reading them fails, it breaks off.
pub(crate) fn export(head: Reply, rows: impl Rows) -> Output {
    let pieces = stream::try_unfold(rows, |mut rows| async {
        let text = rows.next().await.inspect_err(|error| tracing::error!(%error, "an export broke off"))?;
        Ok(text.map(|text| (Bytes::from(text), rows)))
    });
    Output::Flow(Flow { head, pieces: pieces.boxed(), is_endless: false })
}
