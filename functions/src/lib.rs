//! The Lambda functions: one file per endpoint or trigger.
