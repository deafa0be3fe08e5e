//! The files of reports: checked before anything runs, and written whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_reports::{Collected, json, junit};

use crate::CommandError;
use crate::arguments::{ReportFile, ReportFormat};
use crate::inputs::{Inputs, identity};

/// The number of links that may lead to each other, as on Linux.
const MOST_LINKS: usize = 40;

/// Refuses reports that would be written over an input or over each other, and takes away those of an earlier run: they
/// must not be taken for reports of this one. What cannot be written is better known before the trials than after them.
///
/// # Errors
/// [`CommandError::ReportOverInput`], [`CommandError::SameReport`] and [`CommandError::WriteReport`].
pub(crate) fn prepare(reports: &[ReportFile], inputs: &Inputs) -> Result<(), CommandError> {
    for (index, report) in reports.iter().enumerate() {
        let file = report.file.to_string();
        if inputs.contain(&report.file) {
            return Err(CommandError::ReportOverInput { file });
        }
        if reports[..index]
            .iter()
            .any(|other| is_same(&other.file, &report.file))
        {
            return Err(CommandError::SameReport { file });
        }
    }
    for report in reports {
        begin(&report.file).map_err(|source| not_written(report, source))?;
    }
    Ok(())
}

/// Writes every report.
///
/// # Errors
/// [`CommandError::Report`] and [`CommandError::WriteReport`].
pub(crate) fn write(reports: &[ReportFile], run: &Collected) -> Result<(), CommandError> {
    for report in reports {
        let text = match report.format {
            ReportFormat::Junit => junit::render(run),
            ReportFormat::Json => json::render(run),
        }
        .map_err(|source| CommandError::Report {
            file: report.file.to_string(),
            source,
        })?;
        whole(&report.file, &text).map_err(|source| not_written(report, source))?;
    }
    Ok(())
}

fn not_written(report: &ReportFile, source: io::Error) -> CommandError {
    CommandError::WriteReport {
        file: report.file.to_string(),
        source,
    }
}

/// Returns true if two paths lead to one file, which need not be there yet.
fn is_same(left: &Utf8Path, right: &Utf8Path) -> bool {
    match (identity(left), identity(right)) {
        (Some(left), Some(right)) => left == right,
        (None, None) => {
            let name = left.file_name();
            let folder = |file| identity(folder_of(file));
            left == right
                || (name.is_some()
                    && name == right.file_name()
                    && folder(left).is_some()
                    && folder(left) == folder(right))
        }
        _ => false,
    }
}

fn folder_of(file: &Utf8Path) -> &Utf8Path {
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty());
    folder.unwrap_or(Utf8Path::new("."))
}

/// Makes the folder, takes away an earlier report, and tries whether one can be written.
fn begin(file: &Utf8Path) -> io::Result<()> {
    if is_special(file) {
        return OpenOptions::new().write(true).open(file).map(drop);
    }
    let file = &behind_links(file);
    std::fs::create_dir_all(folder_of(file))?;
    let aside = aside(file);
    File::create(&aside)?;
    std::fs::remove_file(&aside)?;
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file aside and puts it in its place, so that it is never there by half. A device or a pipe is written to.
fn whole(file: &Utf8Path, text: &str) -> io::Result<()> {
    if is_special(file) {
        return OpenOptions::new()
            .write(true)
            .open(file)?
            .write_all(text.as_bytes());
    }
    let file = &behind_links(file);
    let aside = aside(file);
    let written = File::create(&aside)
        .and_then(|mut aside| aside.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&aside, file));
    if written.is_err() {
        // The error that is told is the first one.
        let _ = std::fs::remove_file(&aside);
    }
    written
}

/// Returns true if there is something that is neither a file nor a folder.
fn is_special(file: &Utf8Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// The file that a link leads to, there or not yet: the link stays, and the report is where the user wants it.
fn behind_links(file: &Utf8Path) -> Utf8PathBuf {
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        match file.read_link_utf8() {
            Ok(target) => file = folder_of(&file).join(target),
            Err(_) => break,
        }
    }
    file
}

fn aside(file: &Utf8Path) -> Utf8PathBuf {
    let name = file.file_name().unwrap_or("report");
    file.with_file_name(format!(".{name}.{}", std::process::id()))
}
