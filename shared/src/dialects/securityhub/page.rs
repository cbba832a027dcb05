//! `MaxResults` and `NextToken`, the same in every paged operation.

use super::super::members::Members;
use super::limits;
use crate::domain::Error;
use sha2::{Digest, Sha256};

/// `MaxResults`: an integer from 1 to 100, 100 when absent. Stock clients check only the lower end.
pub fn limit(members: &Members<'_>) -> Result<u32, Error> {
    members.integer("MaxResults")?.map_or(Ok(limits::DEFAULT_MAX_RESULTS), limit_of)
}

/// `MaxResults` as a number.
pub fn limit_of(number: i64) -> Result<u32, Error> {
    u32::try_from(number).ok().filter(|_| limits::MAX_RESULTS.contains(&number)).ok_or_else(|| {
        let (least, most) = (limits::MAX_RESULTS.start(), limits::MAX_RESULTS.end());
        Error::invalid("MaxResults", format!("must be an integer from {least} to {most}"))
    })
}

/// `NextToken`; an empty one is the same as none.
pub fn token(members: &Members<'_>) -> Result<Option<String>, Error> {
    Ok(members.any_text("NextToken")?.filter(|token| !token.is_empty()).map(str::to_owned))
}

/// SHA-256 over the parts, each preceded by its length (8 bytes, big endian): what a later page must repeat.
pub fn fingerprint(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
