//! What takes longer than a second shows that it goes on.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, tell};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits for something, with a spinner on the terminal once it takes long.
pub(crate) async fn during<T>(output: &Output, what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        result = &mut work => return result,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    let bar = hidden_unless_watched(output, ProgressBar::new_spinner());
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    let result = work.await;
    bar.finish_and_clear();
    result
}

/// A bar over items that are worked on one after the other, shown once it takes long.
pub(crate) struct Steps {
    bar: ProgressBar,
    since: Instant,
    shown: bool,
    watched: bool,
    quiet: bool,
}

impl Steps {
    /// A bar over so many items.
    pub(crate) fn new(output: &Output, items: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(items as u64), ProgressDrawTarget::hidden());
        // The template is a constant; were it wrong, the default would do.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Steps {
            bar,
            since: Instant::now(),
            shown: false,
            watched: watched(output),
            quiet: output.quiet(),
        }
    }

    /// The next item begins.
    pub(crate) fn next(&mut self, what: &str) {
        self.by(1, what);
    }

    /// So many items are done at once.
    pub(crate) fn by(&mut self, items: usize, what: &str) {
        self.bar.inc(items as u64);
        if !self.shown && self.watched && self.since.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
        self.bar.set_message(what.to_owned());
    }

    /// Says something above the bar, to whoever watches or reads it later.
    pub(crate) fn say(&self, what: &str) {
        if !self.quiet {
            self.bar.suspend(|| tell(what));
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Whether somebody sees a bar.
pub(crate) fn watched(output: &Output) -> bool {
    io::stderr().is_terminal() && !output.quiet()
}

fn hidden_unless_watched(output: &Output, bar: ProgressBar) -> ProgressBar {
    if !watched(output) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
