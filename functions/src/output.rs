//! What goes out: an answer that is whole, or one that is made while it is sent.

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use lambda_http::Body;
use posture_shared::dialects::Reply;
use posture_shared::domain::Error;

/// A body on its way. One that fails half way breaks its connection off, so that nobody takes it for whole.
pub type Outgoing = UnsyncBoxBody<Bytes, Error>;

/// What a handler answers with that may take its time.
pub struct Output {
    /// The answer; where more follows, its status is 200 and its body the first piece.
    pub reply: Reply,
    /// What follows.
    pub rest: Option<Rest>,
}

/// What is made while it is sent.
pub struct Rest {
    /// The pieces.
    pub pieces: BoxStream<'static, Result<Bytes, Error>>,
    /// Whether it goes on until somebody ends it, so that a server that stops may end it between two pieces.
    pub is_endless: bool,
}

/// Marks a response whose body goes on until somebody ends it.
#[derive(Debug, Clone, Copy)]
pub struct Endless;

impl From<Reply> for Output {
    fn from(reply: Reply) -> Self {
        Self { reply, rest: None }
    }
}

impl Output {
    /// The same with another reply, or head.
    #[must_use]
    pub(crate) fn map(self, change: impl FnOnce(Reply) -> Reply) -> Self {
        Self { reply: change(self.reply), ..self }
    }
}

/// The body of what is whole.
pub fn whole(body: Body) -> Outgoing {
    let bytes = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// The body of what is made while it is sent.
pub(crate) fn flowing(first: Vec<u8>, pieces: BoxStream<'static, Result<Bytes, Error>>) -> Outgoing {
    let first = futures_util::stream::iter((!first.is_empty()).then(|| Ok(Bytes::from(first))));
    let frames = futures_util::StreamExt::chain(first, pieces).map_ok(Frame::data);
    StreamBody::new(frames).boxed_unsync()
}
