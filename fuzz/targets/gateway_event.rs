//! A gateway's event as a function gets it, up to the answer. The store cannot be reached, so nothing is ever served.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_functions::{App, ROUTES, event};
use posture_fuzz::{CLOSED, masters};
use posture_shared::clock::Clock;
use posture_shared::domain::TenantId;
use posture_shared::ledger::Writer;
use std::sync::{LazyLock, Once};
use tokio::runtime::{Builder, Runtime};

static ONCE: Once = Once::new();
static WORLD: LazyLock<(App, Runtime)> = LazyLock::new(|| {
    let writer = Writer::connect(&CLOSED, "none", Clock::system(), masters());
    let tenant = TenantId::parse("fuzz").unwrap_or_else(|_| std::process::abort());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap_or_else(|_| std::process::abort());
    (App::new(writer, tenant), runtime)
});

/// Panics in `lambda_http`'s conversion are expected and caught; panics anywhere else are findings.
fn let_only_the_conversion_panic() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or("", |location| location.file());
        if !["lambda_http", "aws_lambda_events", "/http-"].iter().any(|theirs| place.contains(theirs)) {
            abort(info);
        }
    }));
}

fuzz_target!(|text: &str| {
    ONCE.call_once(let_only_the_conversion_panic);
    let (app, runtime) = &*WORLD;
    for route in ROUTES {
        let Ok(request) = event::request_of(text) else { return };
        let answer = runtime.block_on(app.answer(route, request));
        assert!(!answer.status().is_success(), "answered without a key");
    }
});
