//! What `/metrics` shows.

use std::{collections::HashMap, time::Duration};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use qun_protocol::{Refusal, all};
use qun_store::{Stats, table::callback::Attempt};

const METADATA: Metadata<'static> = Metadata::new("qun", Level::INFO, None);
/// Seconds.
const BUCKETS: [f64; 10] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1.0, 60.0,
];

/// The server's own registry: several servers in one process stay apart.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    endpoints: HashMap<(&'static str, &'static str), (Counter, Histogram)>,
    lints: Counter,
    queue: Gauge,
    batches: Counter,
    jobs: Counter,
    commit: Gauge,
    callbacks: Callbacks,
}

/// What is counted of telling apps.
struct Callbacks {
    accepted: Counter,
    refused: Counter,
    unanswered: Counter,
    seconds: Histogram,
    waiting: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        let recorder = match builder.set_buckets(&BUCKETS) {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let counter = |name: &'static str, help: &'static str| {
            recorder.describe_counter(name.into(), None, help.into());
            recorder.register_counter(&Key::from_name(name), &METADATA)
        };
        let gauge = |name: &'static str, help: &'static str| {
            recorder.describe_gauge(name.into(), None, help.into());
            recorder.register_gauge(&Key::from_name(name), &METADATA)
        };
        recorder.describe_counter(
            "qun_requests_total".into(),
            None,
            "Requests, by endpoint.".into(),
        );
        recorder.describe_histogram(
            "qun_request_seconds".into(),
            None,
            "Time to the answer, by endpoint.".into(),
        );
        recorder.describe_counter(
            "qun_refusals_total".into(),
            None,
            "Refusals, by endpoint and reason.".into(),
        );
        let attempts = |outcome: &'static str| {
            let labels = vec![Label::new("outcome", outcome)];
            let key = Key::from_parts("qun_callback_attempts_total", labels);
            recorder.register_counter(&key, &METADATA)
        };
        recorder.describe_counter(
            "qun_callback_attempts_total".into(),
            None,
            "Attempts to deliver a callback: accepted, refused (another status than 200), no_answer.".into(),
        );
        recorder.describe_histogram(
            "qun_callback_seconds".into(),
            None,
            "Time of an attempt to deliver a callback, up to its answer.".into(),
        );
        let callbacks = Callbacks {
            accepted: attempts("accepted"),
            refused: attempts("refused"),
            unanswered: attempts("no_answer"),
            seconds: recorder
                .register_histogram(&Key::from_name("qun_callback_seconds"), &METADATA),
            waiting: gauge(
                "qun_callbacks_waiting",
                "Callbacks that wait to be delivered, the same on every node; NaN where the store does not answer.",
            ),
        };
        let endpoints = all::ALL.iter().map(|entry| {
            let labels = vec![
                Label::new("endpoint", entry.meta.path),
                Label::new("method", entry.meta.method.as_str()),
            ];
            let requests = recorder.register_counter(
                &Key::from_parts("qun_requests_total", labels.clone()),
                &METADATA,
            );
            let seconds = recorder
                .register_histogram(&Key::from_parts("qun_request_seconds", labels), &METADATA);
            (
                (entry.meta.path, entry.meta.method.as_str()),
                (requests, seconds),
            )
        });
        Metrics {
            endpoints: endpoints.collect(),
            lints: counter(
                "qun_lints_total",
                "Requests that the cloud of 2026 would treat otherwise.",
            ),
            queue: gauge("qun_writer_queue", "Changes that wait for the writer."),
            batches: counter("qun_writer_batches_total", "Transactions of the writer."),
            jobs: counter(
                "qun_writer_jobs_total",
                "Changes that the writer has ended.",
            ),
            commit: gauge(
                "qun_writer_commit_seconds",
                "Seconds spent in commits altogether.",
            ),
            callbacks,
            handle: recorder.handle(),
            recorder,
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(
        &self,
        path: &'static str,
        method: &'static str,
        refusal: Option<Refusal>,
        took: Duration,
    ) {
        if let Some((requests, seconds)) = self.endpoints.get(&(path, method)) {
            requests.increment(1);
            seconds.record(took.as_secs_f64());
        }
        if let Some(refusal) = refusal {
            let labels = vec![
                Label::new("endpoint", path),
                Label::new("refusal", refusal.name()),
            ];
            self.recorder
                .register_counter(&Key::from_parts("qun_refusals_total", labels), &METADATA)
                .increment(1);
        }
    }

    /// Counts a lint.
    pub(crate) fn lint(&self) {
        self.lints.increment(1);
    }

    /// Counts an attempt to deliver a callback.
    pub(crate) fn attempted(&self, attempt: &Attempt) {
        let count = match (attempt.accepted, attempt.status) {
            (true, _) => &self.callbacks.accepted,
            (false, Some(_)) => &self.callbacks.refused,
            (false, None) => &self.callbacks.unanswered,
        };
        count.increment(1);
        self.callbacks.seconds.record(attempt.took as f64 / 1e3);
    }

    /// The text for a scraper, with how many callbacks wait, where that is known.
    pub(crate) fn render(&self, stats: Stats, waiting: Option<i64>) -> String {
        self.callbacks
            .waiting
            .set(waiting.map_or(f64::NAN, |waiting| waiting as f64));
        self.queue.set(stats.queue as f64);
        self.batches.absolute(stats.batches);
        self.jobs.absolute(stats.jobs);
        self.commit.set(stats.commit_us as f64 / 1e6);
        self.handle.render()
    }

    /// Folds what was recorded, so that nothing gathers between scrapes.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
