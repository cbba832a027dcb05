//! What a request to the table that failed means to the ledger, and in which words the log has it.

use crate::domain::Error;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The error for a table that takes no more requests at the moment.
pub(super) fn throttled() -> Error {
    Error::Throttled { message: "too many requests at once; try again shortly".to_owned(), retry_after: 1 }
}

/// What went wrong, in words for the log.
pub(super) fn describe<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => {
            let meta = service.err();
            format!("{}: {}", meta.code().unwrap_or("no code"), meta.message().unwrap_or("no message"))
        }
        SdkError::TimeoutError(_) => "the request timed out".to_owned(),
        SdkError::DispatchFailure(_) => "the request could not be sent or its answer was lost".to_owned(),
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        _ => "the request could not be built".to_owned(),
    }
}

/// The error for a request of that operation.
pub(super) fn failure<E: ProvideErrorMetadata, R>(operation: &str, error: &SdkError<E, R>) -> Error {
    let throttling = ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"];
    if error.code().is_some_and(|code| throttling.contains(&code)) {
        return throttled();
    }
    Error::internal(format!("{operation}: {}", describe(error)))
}
