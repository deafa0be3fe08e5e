//! Texts from outside, made safe for display. Only this module defines which characters are safe.
//!
//! Names and messages come from scenarios, programs and control planes. Without a check, such a text could
//! colour, move or clear a terminal, reverse the direction of the text after it, or be invalid XML.

use std::borrow::Cow;

/// Returns the text with each unsafe character as `\u{…}` with its code point. Line feeds and tabs stay.
/// Colours (`ESC [ numbers m`) are removed, because many programs print them.
///
/// ```
/// use crosscut_reports::safe;
///
/// assert_eq!(safe("plain"), "plain");
/// // An escape sequence must not reach the terminal.
/// assert!(!safe("\x1b[31mred").contains('\x1b'));
/// ```
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = behind_colour(rest).or_else(|| behind_carriage_return(rest)) {
            rest = after;
            continue;
        }
        if is_safe(letter) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_unicode());
        }
        rest = &rest[letter.len_utf8()..];
    }
    Cow::Owned(shown)
}

/// Returns true if a character is safe for display.
#[must_use]
pub fn is_safe(letter: char) -> bool {
    let is_harmful = match letter {
        '\n' | '\t' => false,
        // Marks, embeddings, overrides and isolates of the Unicode Bidirectional Algorithm.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        // The separators of lines and paragraphs.
        '\u{2028}' | '\u{2029}' => true,
        // Invisible characters: the byte order mark, annotations, tags.
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        '\u{fdd0}'..='\u{fdef}' => true,
        // The last two code points of each plane are no characters.
        other => other.is_control() || u32::from(other) & 0xfffe == 0xfffe,
    };
    !is_harmful
}

/// Returns the text after a colour sequence at the beginning, if there is one.
fn behind_colour(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let rest =
        rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || ";:".contains(letter));
    rest.strip_prefix('m')
}

/// Returns the text from the line feed of a carriage return and a line feed at the beginning, if there is
/// one.
fn behind_carriage_return(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('\r')?;
    rest.starts_with('\n').then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{is_safe, safe};

    #[rstest]
    #[case::plain("as it is\n\tÄ 漢字 👩\u{200d}🚀", "as it is\n\tÄ 漢字 👩\u{200d}🚀")]
    #[case::colours("\u{1b}[1;31mred\u{1b}[0m", "red")]
    #[case::clearing("\u{1b}[2Jx", "\\u{1b}[2Jx")]
    #[case::a_title_without_end("\u{1b}]0;title", "\\u{1b}]0;title")]
    #[case::one_inside_another("\u{1b}\u{1b}[1m[31mx", "\\u{1b}[31mx")]
    #[case::c1("\u{9b}31m", "\\u{9b}31m")]
    #[case::lines_of_windows("a\r\nb\rc", "a\nb\\u{d}c")]
    #[case::direction("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}")]
    #[case::separators("a\u{2028}b", "a\\u{2028}b")]
    #[case::no_characters("\u{fffe}\u{ffff}\u{1fffe}", "\\u{fffe}\\u{ffff}\\u{1fffe}")]
    #[case::delete("\u{7f}\u{0}", "\\u{7f}\\u{0}")]
    fn what_could_do_harm_is_seen(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(safe(text), expected);
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            let once = safe(&text).into_owned();
            prop_assert!(once.chars().all(is_safe), "{once:?}");
            prop_assert_eq!(safe(&once), once.as_str());
        }
    }
}
