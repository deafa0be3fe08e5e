//! The source of generated names and uids: the same seed gives the same ones.

/// The characters of generated names, as Kubernetes chooses them so that they do not form words.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A seeded generator of numbers (SplitMix64). Not for secrets.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a uid in the form of a random UUID (version 4).
    pub(crate) fn uid(&mut self) -> String {
        let high = (self.next() & !0xf000) | 0x4000;
        let low = (self.next() & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// Returns the five characters after a generateName.
    pub(crate) fn suffix(&mut self) -> String {
        let mut bits = self.next();
        let letters = ALPHABET.len() as u64;
        std::iter::repeat_with(|| {
            let index = bits % letters;
            bits /= letters;
            char::from(ALPHABET[usize::try_from(index).unwrap_or_default()])
        })
        .take(5)
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_gives_the_same_names_again() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert_eq!(one.uid(), two.uid());
        assert_eq!(one.suffix(), two.suffix());
        assert_ne!(one.uid(), Random::new(8).uid());
    }

    #[test]
    fn uids_are_version_4() {
        let uid = Random::new(1).uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!("89ab".contains(&uid[19..20]), "{uid}");
    }
}
