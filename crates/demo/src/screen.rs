//! What the person at the terminal sees.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The terminal, or a log file when there is none.
pub(crate) struct Screen {
    bar: Mutex<ProgressBar>,
    is_terminal: bool,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let is_terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {msg}"));
        bar.set_message("Starting …");
        bar.enable_steady_tick(Duration::from_millis(100));
        Self {
            bar: Mutex::new(bar),
            is_terminal,
        }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        self.bar().suspend(|| {
            // A terminal that is gone is no reason to stop in disorder.
            writeln!(std::io::stdout(), "{line}").ok();
        });
    }

    /// Something that is up now, or about to come up.
    pub(crate) fn up(&self, what: &str) {
        self.say(&format!("  ✓ {what}"));
    }

    /// The start is over.
    pub(crate) fn settle(&self) {
        self.bar().finish_and_clear();
    }

    pub(crate) fn problem(&self, problem: &anyhow::Error) {
        self.bar().finish_and_clear();
        writeln!(std::io::stderr(), "\ndemo: {problem:#}").ok();
    }

    /// A bar of so many steps. Without a terminal its messages are lines.
    pub(crate) fn begin(&self, steps: u64, done: u64) -> Steps {
        let bar = ProgressBar::new(steps)
            .with_style(style("  {bar:32} {pos:>3}/{len} {wide_msg}"))
            .with_position(done);
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar.clone();
        Steps {
            bar,
            is_terminal: self.is_terminal,
        }
    }

    fn bar(&self) -> ProgressBar {
        self.bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The progress of the story.
pub(crate) struct Steps {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Steps {
    /// What goes on now.
    pub(crate) fn now(&self, what: String) {
        if !self.is_terminal {
            writeln!(std::io::stdout(), "  … {what}").ok();
        }
        self.bar.set_message(what);
    }

    /// One step is done.
    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }

    /// All steps are done.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
