//! The numbers of this dialect, each in one place (CONTRACTS 1.2, 1.7 and 1.9).

use std::ops::RangeInclusive;

/// `MaxResults` of every paged operation.
pub const MAX_RESULTS: RangeInclusive<i64> = 1..=100;

/// Rows of a page when `MaxResults` is absent.
pub const DEFAULT_MAX_RESULTS: u32 = 100;

/// Attributes that one `Filters` may name.
pub const FILTER_ATTRIBUTES: usize = 10;

/// Values that one attribute of `Filters` may have.
pub const FILTER_VALUES: usize = 20;

/// `DateRange.Value`, in days; the upper end is that of the model's 32-bit integer.
pub const DATE_RANGE_DAYS: RangeInclusive<i64> = 1..=i32::MAX as i64;

/// Findings of one BatchImportFindings, and identifiers of one BatchUpdateFindings.
pub const BATCH: RangeInclusive<usize> = 1..=100;

/// Bytes of one BatchImportFindings body.
pub const IMPORT_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Characters of a finding's Id.
pub const ID_CHARS: RangeInclusive<usize> = 1..=512;

/// Characters of a ProductArn.
pub const PRODUCT_ARN_CHARS: RangeInclusive<usize> = 12..=2048;

/// Bytes of a history record's old or new value; longer ones are omitted from the answer. The vendor names no
/// number; this is ours.
pub const HISTORY_VALUE_BYTES: usize = 64 * 1024;
