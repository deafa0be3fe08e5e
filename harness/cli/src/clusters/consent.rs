//! A question to the user.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use crosscut_remote::kubeconfig::Ask;
use crosscut_reports::safe;

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
