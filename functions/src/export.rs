//! Lists that go out as files, a stretch of rows at a time.

use crate::{Output, Rest};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use posture_shared::dialects::Reply;
use posture_shared::domain::Error;

/// Rows that are still to come.
pub(crate) trait Rows: Send + Sized + 'static {
    /// The text of the next rows; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, Error>> + Send;
}

/// The answer that begins with `head` and has these rows. What fails with the first of them is an error like any other; where
/// reading fails later, the answer breaks off.
pub(crate) async fn export(mut head: Reply, mut rows: impl Rows) -> Result<Output, Error> {
    let first = rows.next().await?;
    head.body.extend(first.iter().flat_map(|text| text.bytes()));
    let rows = first.is_some().then_some(rows);
    let pieces = stream::try_unfold(rows, |rows| async {
        let Some(mut rows) = rows else { return Ok(None) };
        let text = rows.next().await.inspect_err(|error| tracing::error!(%error, "an export broke off"))?;
        Ok(text.map(|text| (Bytes::from(text), Some(rows))))
    });
    Ok(Output { reply: head, rest: Some(Rest { pieces: pieces.boxed(), is_endless: false }) })
}
