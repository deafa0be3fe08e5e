//! Judges the scenarios of a project and prints each verdict. The argument is the folder of a `crosscut.yaml`.

#![expect(clippy::print_stdout, reason = "an example that prints verdicts")]

use crosscut::judge;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    for report in judge(&folder).await? {
        println!("{} {}", report.trial, report.verdict);
    }
    Ok(())
}
