//! The part of the mutants that one of several machines tries.

use std::str::FromStr;

/// One part of several, in the form `1/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The number of the part, from 1.
    number: usize,
    of: usize,
}

impl Part {
    /// Returns every n-th item of n parts, so that neighbours are in different parts.
    pub(crate) fn take<Item>(self, items: Vec<Item>) -> Vec<Item> {
        items
            .into_iter()
            .skip(self.number - 1)
            .step_by(self.of)
            .collect()
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Part, String> {
        let part = text.split_once('/').and_then(|(number, of)| {
            Some(Part {
                number: number.parse().ok()?,
                of: of.parse().ok()?,
            })
        });
        match part {
            Some(part) if (1..=part.of).contains(&part.number) => Ok(part),
            _ => Err("write it as I/N, for example 1/4 for the first of four".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn parts_are_the_whole() {
        let items: Vec<usize> = (0..10).collect();
        let parts = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Part>().expect("a part"));
        let taken = parts.map(|part| part.take(items.clone()));
        assert_eq!(taken, [vec![0, 3, 6, 9], vec![1, 4, 7], vec![2, 5, 8]]);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
    }
}
