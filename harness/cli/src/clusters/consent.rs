//! A question to the user.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use crosscut_reports::safe;

/// A function that asks the user; it returns `None` if there is no terminal.
pub(crate) type Ask = Arc<dyn Fn(&str) -> Option<bool> + Send + Sync>;

/// Asks on the terminal, if there is one. Nothing typed means no.
pub(crate) fn ask() -> Ask {
    Arc::new(|question: &str| {
        let (input, mut output) = (std::io::stdin(), std::io::stderr());
        if !input.is_terminal() || !output.is_terminal() {
            return None;
        }
        write!(output, "{} [y/N] ", safe(question)).ok()?;
        output.flush().ok()?;
        let mut answer = String::new();
        input.lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    })
}
