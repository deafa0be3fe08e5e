//! Finding a program before it is started.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Returns the path of a program: itself if it has a slash, or else the first of its name in `folders`.
///
/// # Errors
/// [`ErrorKind::NotFound`] if there is none, [`ErrorKind::PermissionDenied`] if it is nothing that can be executed.
pub fn find(
    program: &Path,
    folders: impl IntoIterator<Item = PathBuf>,
) -> std::io::Result<PathBuf> {
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return executable(program).map(|()| program.to_owned());
    }
    let mut outcome = Err(ErrorKind::NotFound.into());
    for folder in folders {
        let path = folder.join(program);
        match executable(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

/// Says why a file cannot be executed, if it cannot.
fn executable(path: &Path) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
        Ok(())
    } else {
        Err(ErrorKind::PermissionDenied.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;

    use super::find;

    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, mode) in [
            ("first/tool", 0o644),
            ("second/tool", 0o755),
            ("third/tool", 0o755),
        ] {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), "").unwrap();
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path(name), permissions).unwrap();
        }
        let folders = || ["first", "second", "third", "none"].map(path);
        assert_eq!(
            find("tool".as_ref(), folders()).unwrap(),
            path("second/tool")
        );
        let kind = |name: &str, folders: &[std::path::PathBuf]| {
            let found = find(name.as_ref(), folders.to_vec());
            found.unwrap_err().kind()
        };
        assert_eq!(kind("other", &folders()), ErrorKind::NotFound);
        assert_eq!(kind("tool", &folders()[..1]), ErrorKind::PermissionDenied);
        assert_eq!(kind("tool", &[]), ErrorKind::NotFound);
        assert_eq!(find(&path("third/tool"), []).unwrap(), path("third/tool"));
        assert_eq!(
            kind(path("third").to_str().unwrap(), &[]),
            ErrorKind::PermissionDenied
        );
    }
}
