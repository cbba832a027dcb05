//! The log of a function: a line of JSON for each event, with what the spans around it say.
//!
//! The lines are those of `tracing_subscriber`'s `json`, but for the milliseconds of their timestamps. They are made here because a tenth
//! of all that a function does until its first answer was its registry of spans, made for thousands of them in hundreds of threads. A
//! function has two at a time: the invocation's, and its own.

use posture_shared::clock::Clock;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
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
use tracing_core::span::Current;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

thread_local! {
    /// The spans that this thread has entered, the last one last.
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
    metadata: &'static Metadata<'static>,
    fields: Fields,
    /// The span in which it was made, which it holds.
    parent: Option<u64>,
    holders: usize,
}

/// A line, in the order of its members.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    fields: Fields,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Fields>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spans: Vec<Fields>,
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

/// The span that this thread is in.
fn innermost() -> Option<u64> {
    ENTERED.try_with(|entered| entered.borrow().last().copied()).ok()?
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
        let inner = attributes.is_contextual().then(innermost).flatten();
        let parent = attributes.parent().map(Id::into_u64).or(inner);
        let mut spans = self.spans();
        let parent = parent.filter(|parent| spans.hold(*parent));
        spans.last += 1;
        let id = spans.last;
        spans.open.insert(id, Span { metadata: attributes.metadata(), fields, parent, holders: 1 });
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        // Before the lock: a value may log while it is written.
        values.record(&mut fields);
        if let Some(span) = self.spans().open.get_mut(&span.into_u64()) {
            fields.0.into_iter().for_each(|(name, value)| span.fields.put(name, value));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let inner = event.is_contextual().then(innermost).flatten();
        let spans = self.spans().chain(event.parent().map(Id::into_u64).or(inner));
        let metadata = event.metadata();
        let line = Line {
            timestamp: Clock::machine().to_string(),
            level: metadata.level().as_str(),
            fields,
            target: metadata.target(),
            span: spans.last().cloned(),
            spans,
        };
        if let Ok(mut line) = serde_json::to_string(&line) {
            line.push('\n');
            (self.write)(&line);
        }
    }

    fn enter(&self, span: &Id) {
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(place) = entered.iter().rposition(|id| *id == span.into_u64()) {
                entered.remove(place);
            }
        });
    }

    fn current_span(&self) -> Current {
        let Some(id) = innermost() else { return Current::none() };
        let metadata = self.spans().open.get(&id).map(|span| span.metadata);
        metadata.map_or_else(Current::none, |metadata| Current::new(Id::from_u64(id), metadata))
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans().hold(id.into_u64());
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans().release(id.into_u64())
    }
}

impl Spans {
    /// One holder more; `false` for a span that is not there.
    fn hold(&mut self, id: u64) -> bool {
        let span = self.open.get_mut(&id);
        span.map(|span| span.holders += 1).is_some()
    }

    /// One holder less; whether it was the last. Then its parent has one less, too.
    fn release(&mut self, id: u64) -> bool {
        let (mut next, mut has_ended) = (Some(id), false);
        while let Some(span) = next.and_then(|id| self.open.get_mut(&id)) {
            span.holders -= 1;
            if span.holders > 0 {
                break;
            }
            let ended = next.and_then(|id| self.open.remove(&id));
            has_ended = true;
            next = ended.and_then(|span| span.parent);
        }
        has_ended
    }

    /// A span and those around it, outermost first, as lines have them.
    fn chain(&self, innermost: Option<u64>) -> Vec<Fields> {
        let spans =
            std::iter::successors(self.open.get(&innermost.unwrap_or_default()), |span| self.open.get(&span.parent?));
        let mut shown: Vec<Fields> = spans
            .map(|span| {
                let mut fields = span.fields.clone();
                fields.put("name", json!(span.metadata.name()));
                fields
            })
            .collect();
        shown.reverse();
        shown
    }
}

/// What an event or a span says, in the order in which it does.
#[derive(Clone, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::Log;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};
    use tracing::Instrument;
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
            let a = tracing::info_span!("a");
            let (in_a, again) = (a.enter(), a.enter());
            let b = tracing::info_span!("b");
            let in_b = b.enter();
            drop(again);
            tracing::info!("both");
            drop(in_a);
            drop(a);
            tracing::info!("b lies in a still");
            drop(in_b);
            tracing::info!("none");
            let b = b.clone();
            tracing::info!(parent: &b, "both again");
            tracing::info_span!(parent: None, "apart").in_scope(|| tracing::info!("one"));
        });
        let names: Vec<Vec<String>> = lines.iter().map(names).collect();
        assert_eq!(names, [vec!["a", "b"], vec!["a", "b"], vec![], vec!["a", "b"], vec!["apart"]]);
        assert_eq!(open, 0);
    }

    /// What goes on in a task of its own belongs to whatever asked for it.
    #[test]
    fn tasks_are_in_the_span_that_they_were_made_in() {
        let (lines, open) = logged("info", || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let asked = async {
                let work = async { tracing::info!("in a task") };
                let task = tokio::spawn(work.in_current_span());
                tracing::info!("before it");
                task.await.unwrap();
            };
            let asked = asked.instrument(tracing::info_span!("request")).instrument(tracing::info_span!("invocation"));
            runtime.block_on(asked);
        });
        let messages: Vec<&str> = lines.iter().filter_map(|line| line["fields"]["message"].as_str()).collect();
        assert_eq!(messages, ["before it", "in a task"]);
        assert_eq!(names(&lines[0]).last().map(String::as_str), Some("request"));
        assert_eq!(names(&lines[1]), names(&lines[0]));
        assert_eq!(open, 0);
    }

    fn names(line: &Value) -> Vec<String> {
        let spans = line["spans"].as_array().into_iter().flatten();
        spans.filter_map(|span| span["name"].as_str().map(str::to_owned)).collect()
    }

    /// In the order in which people read it.
    #[test]
    fn members_are_in_order() {
        let line = Arc::new(Mutex::new(String::new()));
        let write = {
            let line = Arc::clone(&line);
            move |text: &str| line.lock().unwrap().push_str(text)
        };
        with_default(Log::new("info".parse().unwrap(), write), || tracing::info!(z = 1, a = 2, "said"));
        let line = line.lock().unwrap().clone();
        let rest = line.split_once("Z\"").unwrap().1;
        let target = module_path!();
        let wanted = format!(r#","level":"INFO","fields":{{"message":"said","z":1,"a":2}},"target":"{target}"}}"#);
        assert_eq!(rest.trim_end(), wanted);
    }
}
