//! The patterns: openings of doc comments, and words.

use crate::house::doc_blocks;

/// Words that no doc comment begins with: they name a thing by a clause instead of a noun, or describe what a function
/// does by anything but a verb.
const OPENINGS: [&str; 24] = [
    "Everything",
    "How",
    "If",
    "It",
    "Its",
    "Nobody",
    "Nothing",
    "Somebody",
    "Such",
    "That",
    "These",
    "They",
    "This",
    "Told",
    "Until",
    "What",
    "When",
    "Where",
    "Whether",
    "Which",
    "Who",
    "Whoever",
    "Whose",
    "Why",
];

/// Words that have a plain one: the word, and the plain one.
const WORDS: [(&str, &str); 11] = [
    ("anew", "again"),
    ("answers", "returns, or: responses"),
    ("anybody", "any user, or name the thing"),
    ("in vain", "without a result"),
    ("nobody", "no user, or name the thing"),
    ("nothing where", "nothing if"),
    ("somebody", "a user, or name the thing"),
    ("to be had", "available"),
    ("where there is no", "if there is no"),
    ("where there is none", "if there is none"),
    ("whoever", "the user that"),
];

/// Returns the number and the description of each line that breaks a rule.
pub(crate) fn findings(text: &str, is_rust: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if is_rust {
        for (line, opening) in doc_blocks(text) {
            let word = opening.split(' ').next().unwrap_or_default();
            let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            if OPENINGS.contains(&word) {
                let what = format!("begins with {word}: name the thing, or begin with a verb");
                found.push((line, what));
            }
        }
    }
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if !is_rust && line.starts_with("```") {
            is_code = !is_code;
        }
        if is_code || (is_rust && !line.starts_with("//")) {
            continue;
        }
        let lower = line.to_lowercase();
        let used = WORDS.iter().filter(|(word, _)| has_word(&lower, word));
        found.extend(used.map(|(word, plain)| (index + 1, format!("\"{word}\": {plain}"))));
    }
    found.sort();
    found
}

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !is_letter(before) && !is_letter(after)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::findings;

    #[rstest]
    #[case::noun("/// The name.", 0)]
    #[case::verb("/// Returns the name.", 0)]
    #[case::clause("/// What it is called.", 1)]
    #[case::in_code("let what = 1; // nobody reads this", 0)]
    #[case::word("// Nobody reads this.", 1)]
    #[case::part_of_a_word("// The answersheet.", 0)]
    #[case::second_line("/// The name\n/// What follows is no opening.", 0)]
    fn comments(#[case] text: &str, #[case] expected: usize) {
        assert_eq!(findings(text, true).len(), expected);
    }

    #[rstest]
    #[case::prose("What it is: nobody knows.", 1)]
    #[case::code("```sh\necho nobody\n```", 0)]
    fn documents(#[case] text: &str, #[case] expected: usize) {
        assert_eq!(findings(text, false).len(), expected);
    }
}
