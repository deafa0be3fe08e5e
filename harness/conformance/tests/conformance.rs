//! Every scenario × provider of this project as a trial of `cargo test`.

fn main() -> std::process::ExitCode {
    crosscut::test_main("../..")
}
