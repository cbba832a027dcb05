//! Keys, signatures and the callers they stand for.
