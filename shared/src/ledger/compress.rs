//! Compression of stored texts: zstd frames that know their size.

use crate::domain::Error;

/// The most that a stored text may unfold to, against damaged or hostile frames: 64 MiB.
pub(super) const UNPACKED_LIMIT: usize = 64 << 20;
/// The level at which documents and entries are compressed.
const LEVEL: i32 = 3;

/// Compresses a text.
pub(super) fn pack(text: &str) -> Result<Vec<u8>, Error> {
    pack_bytes(text.as_bytes(), LEVEL)
}

/// Reads [`pack`] back.
pub(super) fn unpack(bytes: &[u8]) -> Result<String, Error> {
    String::from_utf8(unpack_bytes(bytes)?).map_err(|_| Error::internal("a stored text is not UTF-8"))
}

/// Compresses bytes at a level.
pub(super) fn pack_bytes(bytes: &[u8], level: i32) -> Result<Vec<u8>, Error> {
    zstd::bulk::compress(bytes, level).map_err(Error::internal)
}

/// Reads [`pack_bytes`] back.
pub(super) fn unpack_bytes(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let declared = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let size = declared.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= UNPACKED_LIMIT);
    let size = size.ok_or_else(|| Error::internal("a stored frame does not say its size, or is too large"))?;
    zstd::bulk::decompress(bytes, size).map_err(Error::internal)
}
