//! A function that does nothing, beside which others are measured: lambda_http as it comes, and one line of answer.

use lambda_http::{Body, Request, Response, run, service_fn};

fn main() -> Result<(), lambda_http::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(|_: Request| async {
        Ok::<_, lambda_http::Error>(Response::new(Body::Text(String::new())))
    })))
}
