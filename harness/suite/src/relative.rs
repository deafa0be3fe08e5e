//! Paths as they are seen from another folder.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Returns the path that leads to `file` from the folder `from`. Both are absolute and without `.` and `..`; the file's own
/// path is returned if it is not, or if only `/` is above both.
///
/// ```
/// use camino::Utf8Path;
/// use crosscut_suite::relative;
///
/// let shown = relative(Utf8Path::new("/a/project/scenarios/one.yaml"), Utf8Path::new("/a/project"));
/// assert_eq!(shown, "scenarios/one.yaml");
/// ```
#[must_use]
pub fn relative(file: &Utf8Path, from: &Utf8Path) -> Utf8PathBuf {
    let common = file
        .components()
        .zip(from.components())
        .take_while(|(one, other)| one == other)
        .count();
    let is_plain = |path: &Utf8Path| {
        path.is_absolute() && !path.components().any(|one| one == Utf8Component::ParentDir)
    };
    if common < 2 || !is_plain(file) || !is_plain(from) {
        return file.to_owned();
    }
    let up = from.components().skip(common).map(|_| "..");
    let down = file.components().skip(common).map(|one| one.as_str());
    up.chain(down).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::relative;

    #[rstest]
    #[case::below("/a/b/c.yaml", "/a", "b/c.yaml")]
    #[case::here("/a/c.yaml", "/a", "c.yaml")]
    #[case::above("/a/c.yaml", "/a/b/d", "../../c.yaml")]
    #[case::beside("/a/b/c.yaml", "/a/d", "../b/c.yaml")]
    #[case::far_away("/x/c.yaml", "/a/d", "/x/c.yaml")]
    #[case::not_plain("/a/../c.yaml", "/a", "/a/../c.yaml")]
    #[case::not_absolute("c.yaml", "/a", "c.yaml")]
    fn the_way_to_a_file(#[case] file: &str, #[case] from: &str, #[case] expected: &str) {
        assert_eq!(relative(file.into(), from.into()), expected);
    }
}
