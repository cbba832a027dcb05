//! The log of a function: a line of JSON for each event, with what the spans around it say.
//!
//! The lines are those of `tracing_subscriber`'s `json`, but for the milliseconds of their timestamps. They are made here because a tenth
//! of all that a function does until its first answer was its registry of spans, made for thousands of them in hundreds of threads. A
//! function has two at a time: the invocation's, and its own.

use posture_shared::clock::Clock;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{NoSubscriber, SetGlobalDefaultError, set_global_default};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

thread_local! {
    /// The spans that this thread is in, outermost first.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// What writes the lines.
struct Log<W> {
    filter: Targets,
    spans: Mutex<Spans>,
    /// Takes a line with its break.
    write: W,
}

/// The spans that somebody holds.
#[derive(Default)]
struct Spans {
    last: u64,
    open: BTreeMap<u64, Span>,
}

struct Span {
    name: &'static str,
    fields: Fields,
    holders: usize,
}

/// Logs to standard output from now on what a filter lets through, in the whole process. It is an error to ask for it twice.
pub(crate) fn begin(filter: Targets) -> Result<(), SetGlobalDefaultError> {
    // What cannot be written nobody would read.
    let write = |line: &str| drop(io::stdout().lock().write_all(line.as_bytes()));
    set_global_default(Log::new(filter, write))
}

impl<W> Log<W> {
    fn new(filter: Targets, write: W) -> Self {
        Self { filter, spans: Mutex::default(), write }
    }

    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Fn(&str) + 'static> Subscriber for Log<W>
where
    Self: Send + Sync,
{
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<NoSubscriber>::max_level_hint(&self.filter)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut spans = self.spans();
        spans.last += 1;
        let id = spans.last;
        spans.open.insert(id, Span { name: attributes.metadata().name(), fields, holders: 1 });
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if let Some(span) = self.spans().open.get_mut(&span.into_u64()) {
            values.record(&mut span.fields);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut line = json!({
            "timestamp": Clock::machine().to_string(),
            "level": metadata.level().as_str(),
            "fields": fields.0,
            "target": metadata.target(),
        });
        let spans = self.around();
        if let (Value::Object(line), Some(innermost)) = (&mut line, spans.last()) {
            line.insert("span".to_owned(), innermost.clone());
            line.insert("spans".to_owned(), Value::Array(spans));
        }
        (self.write)(&format!("{line}\n"));
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(place) = entered.iter().rposition(|id| *id == span.into_u64()) {
                entered.remove(place);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().open.get_mut(&id.into_u64()) {
            span.holders += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(span) = spans.open.get_mut(&id.into_u64()) else { return false };
        span.holders -= 1;
        let is_last = span.holders == 0;
        if is_last {
            spans.open.remove(&id.into_u64());
        }
        is_last
    }
}

impl<W> Log<W> {
    /// The spans that this thread is in, as lines have them.
    fn around(&self) -> Vec<Value> {
        let spans = self.spans();
        let shown = |id: &u64| {
            let Span { name, fields, .. } = spans.open.get(id)?;
            let mut members = fields.0.clone();
            members.insert("name".to_owned(), json!(name));
            Some(Value::Object(members))
        };
        ENTERED.with_borrow(|entered| entered.iter().filter_map(shown).collect())
    }
}

/// What an event or a span says.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::Log;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};
    use tracing::subscriber::with_default;

    /// The lines that `what` logs through a filter, without their timestamps, and how many spans are left.
    fn logged(filter: &str, what: impl FnOnce()) -> (Vec<Value>, usize) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let write = |lines: &Arc<Mutex<Vec<Value>>>| {
            let lines = Arc::clone(lines);
            move |line: &str| {
                assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line:?}");
                let mut line: Value = serde_json::from_str(line).unwrap();
                let at = line.as_object_mut().unwrap().remove("timestamp").unwrap();
                assert!(at.as_str().unwrap().ends_with('Z') && at.as_str().unwrap().len() == 24, "{at}");
                lines.lock().unwrap().push(line);
            }
        };
        let log = Arc::new(Log::new(filter.parse().unwrap(), write(&lines)));
        with_default(Arc::clone(&log), what);
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        (lines, log.spans().open.len())
    }

    #[test]
    fn a_line_has_what_the_event_and_its_spans_say() {
        let (lines, open) = logged("info", || {
            let outer = tracing::info_span!("outer", id = 7, late = tracing::field::Empty);
            let _outer = outer.enter();
            tracing::info_span!("inner", text = "a\"b").in_scope(|| {
                outer.record("late", true);
                tracing::warn!(error = %"line\nbreak", ms = 1.5, minus = -1_i64, ?outer, "said {}", "twice");
            });
            tracing::info!("after");
        });
        let target = module_path!();
        let outer = json!({"name": "outer", "id": 7, "late": true});
        let inner = json!({"name": "inner", "text": "a\"b"});
        let mut first = lines[0].clone();
        let shown = first["fields"].as_object_mut().unwrap().remove("outer").unwrap();
        assert!(shown.as_str().unwrap().starts_with("Span"), "{shown}");
        assert_eq!(
            first,
            json!({
                "level": "WARN",
                "target": target,
                "fields": {"message": "said twice", "error": "line\nbreak", "ms": 1.5, "minus": -1},
                "span": inner,
                "spans": [outer, inner],
            })
        );
        assert_eq!(
            lines[1],
            json!({"level": "INFO", "target": target, "fields": {"message": "after"}, "span": outer, "spans": [outer]})
        );
        assert_eq!((lines.len(), open), (2, 0));
    }

    #[test]
    fn what_the_filter_holds_back_is_not_there() {
        let (lines, _) = logged("warn,posture_functions::log=debug,other=off", || {
            tracing::debug!("mine");
            tracing::trace!("too fine");
            tracing::error!(target: "other", "not asked for");
            tracing::info!(target: "another", "not bad enough");
            let _debug = tracing::trace_span!("no span").entered();
            tracing::error!(target: "another", "bad");
        });
        let messages: Vec<&str> = lines.iter().filter_map(|line| line["fields"]["message"].as_str()).collect();
        assert_eq!(messages, ["mine", "bad"]);
        assert!(lines.iter().all(|line| line.get("span").is_none()));
    }

    /// A span that is left before the one that was entered after it, and one that is entered twice.
    #[test]
    fn spans_may_be_left_in_any_order() {
        let (lines, open) = logged("info", || {
            let (a, b) = (tracing::info_span!("a"), tracing::info_span!("b"));
            let (in_a, again, in_b) = (a.enter(), a.enter(), b.enter());
            drop(again);
            tracing::info!("both");
            drop(in_a);
            tracing::info!("one");
            drop(in_b);
            let b = b.clone();
            drop(a);
            tracing::info!(parent: &b, "none");
        });
        let names = |line: &Value| -> Vec<String> {
            let spans = line["spans"].as_array().into_iter().flatten();
            spans.filter_map(|span| span["name"].as_str().map(str::to_owned)).collect()
        };
        let names: Vec<Vec<String>> = lines.iter().map(names).collect();
        assert_eq!(names, [vec!["a", "b"], vec!["b"], vec![]]);
        assert_eq!(open, 0);
    }
}
