//! Settings, read from the environment in this one place.
