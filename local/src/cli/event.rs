//! `posture event`: hands an event file to a function, as Lambda would, and prints the answer.

use super::store::AnyPlace;
use super::{Ending, print, read_text};
use clap::Args;
use lambda_http::{Body, Response};
use posture_functions::{ROUTES, TRIGGERS, event};
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use serde_json::{Map, Value, json};

#[derive(Args)]
pub(super) struct Event {
    #[command(flatten)]
    place: AnyPlace,
    /// The function's name, for example import-hub-events
    #[arg(value_parser = function)]
    function: String,
    /// The event, as JSON; `-` is stdin
    file: String,
}

impl Event {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Error> {
        let text = read_text(&self.file)?;
        let app = self.place.open(settings).await?.app;
        if let Some(trigger) = TRIGGERS.iter().find(|trigger| trigger.function == self.function) {
            let event = serde_json::from_str(&text)
                .map_err(|error| Error::invalid(self.file.as_str(), format!("is not JSON: {error}")))?;
            print(&app.wake(trigger, event, "local").await?)?;
        } else if let Some(route) = ROUTES.iter().find(|route| route.function == self.function) {
            let response = app.answer(route, event::request_of(&text)?).await;
            print(&answer_of(response))?;
        }
        Ok(Ending::Done)
    }
}

/// A response as a function gives it to its gateway. All bodies of ours are text.
fn answer_of(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let text = |value: &[u8]| Value::String(String::from_utf8_lossy(value).into_owned());
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers.collect::<Map<String, Value>>(),
        "body": text(&body),
    })
}

fn function(text: &str) -> Result<String, String> {
    let names = ROUTES.iter().map(|route| route.function).chain(TRIGGERS.iter().map(|trigger| trigger.function));
    let names: Vec<&str> = names.collect();
    if names.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("is no function; there are {}", names.join(", ")))
    }
}
