//! Rust files and documents as text.

use std::path::Path;

use crate::TaskError;

/// A Rust file or a document.
pub(crate) struct Source {
    /// The path below the folder that was read.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
    /// True if the file is compiled only for tests.
    pub(crate) is_test: bool,
}

/// Reads all Rust files below a folder, sorted by path. Returns none if the folder does not exist.
///
/// # Errors
/// Fails if a folder or file cannot be read.
pub(crate) fn sources(folder: &Path) -> Result<Vec<Source>, TaskError> {
    let mut found = files(folder, "rs")?;
    mark_tests(&mut found);
    Ok(found)
}

/// Reads all files with an extension below a folder, sorted by path. Returns none if the folder does not exist.
///
/// # Errors
/// Fails if a folder or file cannot be read.
pub(crate) fn files(folder: &Path, extension: &str) -> Result<Vec<Source>, TaskError> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, folder, extension, &mut found)?;
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Marks the files of modules that are compiled only for tests.
fn mark_tests(sources: &mut [Source]) {
    let tests: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let parent = source.module();
            source
                .test_modules()
                .map(move |name| match parent.as_str() {
                    "" => name.to_owned(),
                    parent => format!("{parent}::{name}"),
                })
        })
        .collect();
    for source in sources {
        source.is_test = tests.contains(&source.module());
    }
}

fn collect(
    folder: &Path,
    root: &Path,
    wanted: &str,
    found: &mut Vec<Source>,
) -> Result<(), TaskError> {
    let failed = || TaskError::io(format!("read {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.is_dir() {
            collect(&path, root, wanted, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == wanted)
        {
            let name = path.strip_prefix(root).unwrap_or(&path);
            found.push(Source {
                name: name.to_string_lossy().into_owned(),
                text: std::fs::read_to_string(&path).map_err(failed())?,
                is_test: false,
            });
        }
    }
    Ok(())
}

impl Source {
    /// Returns the number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Returns the text before the test module.
    pub(crate) fn product(&self) -> &str {
        if self.is_test {
            return "";
        }
        let tests = self.text.find("#[cfg(test)]\nmod tests {");
        let product = tests.and_then(|at| self.text.get(..at));
        product.unwrap_or(&self.text)
    }

    /// Returns the names of the modules that are compiled only for tests and have their own files.
    fn test_modules(&self) -> impl Iterator<Item = &str> {
        let parts = self.text.split("#[cfg(test)]\nmod ").skip(1);
        parts.filter_map(|rest| rest.lines().next()?.strip_suffix(';'))
    }

    /// Returns the number of lines before the test module.
    pub(crate) fn product_lines(&self) -> usize {
        self.product().lines().count()
    }

    /// Returns the path of the module, such as `read::action`; empty for the crate's root.
    pub(crate) fn module(&self) -> String {
        let path = self.name.trim_end_matches(".rs");
        let path = path.trim_end_matches("/mod");
        match path {
            "lib" | "main" | "mod" => String::new(),
            path => path.replace('/', "::"),
        }
    }
}

/// Returns the first line of each doc comment with its line number, counted from 1.
pub(crate) fn doc_blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_doc = |line: &str| line.starts_with("///") || line.starts_with("//!");
    let mut before = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim_start();
        let begins = is_doc(line) && !before;
        before = is_doc(line);
        begins.then(|| (index + 1, line.get(3..).unwrap_or_default().trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Source, doc_blocks, mark_tests};

    #[test]
    fn files_of_test_modules_are_no_product() {
        let source = |name: &str, text: &str| Source {
            name: name.to_owned(),
            text: text.to_owned(),
            is_test: false,
        };
        let mut sources = [
            source("lib.rs", "mod a;\n#[cfg(test)]\nmod made;\n"),
            source("made.rs", "fn made() {}\n"),
            source("a.rs", "#[cfg(test)]\nmod tests;\n"),
            source("a/tests.rs", "fn test() {}\n"),
        ];
        mark_tests(&mut sources);
        assert_eq!(sources.map(|one| one.is_test), [false, true, false, true]);
    }

    #[test]
    fn a_doc_comment_is_one_block() {
        let text = "//! The crate.\n//! More.\n\n/// Returns a.\n///\n/// # Errors\nfn a() {}\n    /// The b.\n    b: u8,\n";
        let found: Vec<_> = doc_blocks(text).collect();
        assert_eq!(found, [(1, "The crate."), (4, "Returns a."), (8, "The b.")]);
    }

    #[test]
    fn test_modules_are_no_product() {
        let source = Source {
            name: "read/mod.rs".to_owned(),
            text: "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n".to_owned(),
            is_test: false,
        };
        assert_eq!(source.product_lines(), 1);
        assert_eq!(source.module(), "read");
    }
}
