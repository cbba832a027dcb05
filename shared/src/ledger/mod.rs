//! The ledger: the only place that knows DynamoDB.
