//! The known name that was probably meant.

/// At most this many candidates are listed.
const MOST_SHOWN: usize = 20;
/// Longer words are no names, and comparing them would take long.
const LONGEST: usize = 200;

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .filter(|candidate| name.len().max(candidate.len()) <= LONGEST)
        .map(|candidate| {
            (
                distance(&name.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, or the list of what is known.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(name, candidates.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if candidates.is_empty() => "there are none".to_owned(),
        None => format!("known are: {}", shortened(&candidates)),
    }
}

/// The first candidates; a list that fills the screen helps nobody.
fn shortened(candidates: &[&str]) -> String {
    let shown = candidates[..candidates.len().min(MOST_SHOWN)].join(", ");
    match candidates.len().saturating_sub(MOST_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns true if a word is near enough to a known one to be meant: a third of the word may be wrong.
///
/// ```
/// use crosscut_suite::is_near;
///
/// assert!(is_near("color", "colour"));
/// assert!(!is_near("size", "colour"));
/// ```
#[must_use]
pub fn is_near(word: &str, known: &str) -> bool {
    distance(word, known) * 3 <= word.len()
}

/// Edits (insert, remove, replace, swap neighbours) between two words.
///
/// ```
/// use crosscut_suite::distance;
///
/// assert_eq!(distance("colour", "color"), 1);
/// ```
#[must_use]
pub fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (row, letter) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let replace = rows[row][column] + usize::from(letter != other);
            let mut best = replace.min(rows[row][column + 1] + 1).min(next[column] + 1);
            let swapped =
                row > 0 && column > 0 && left[row - 1] == *other && right[column - 1] == *letter;
            if swapped {
                best = best.min(rows[row - 1][column - 1] + 1);
            }
            next.push(best);
        }
        rows.push(next);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::nearest;

    #[rstest]
    #[case::swapped("absnet", Some("absent"))]
    #[case::missing_letter("expct", Some("expect"))]
    #[case::case("Apply", Some("apply"))]
    #[case::nothing_near("frobnicate", None)]
    #[case::empty("", None)]
    fn finds_what_was_meant(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(name, ["apply", "absent", "expect"]), expected);
    }
}
