//! An error and its causes as text.

use std::error::Error;

/// Returns an error and each of its causes, the error first.
///
/// ```
/// let error = std::io::Error::other(std::fmt::Error);
/// assert_eq!(crosscut_errors::causes(&error).count(), 1);
/// ```
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| (*cause).source())
}

/// Returns an error and its causes in one line, with colons between them.
///
/// Some errors name their cause themselves. A cause whose text the line has already is left out.
///
/// ```
/// use std::fmt;
///
/// #[derive(Debug)]
/// struct Start(std::io::Error);
///
/// impl fmt::Display for Start {
///     fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
///         to.write_str("start the program")
///     }
/// }
///
/// impl std::error::Error for Start {
///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
///         Some(&self.0)
///     }
/// }
///
/// let error = Start(std::io::Error::other("no such file"));
/// assert_eq!(crosscut_errors::chain(&error), "start the program: no such file");
/// ```
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}
