//! Tests of functions that are programs: their responses, and each kind of failure.

use std::path::Path;
use std::time::{Duration, Instant};

use crosscut_functions::Function as _;
use crosscut_functions::FunctionError;
use crosscut_functions::{CommandSettings, FunctionCall, Trace, wire};
use function_sdk_rust::proto::v1::RunFunctionRequest;
use prost::Message as _;
use rstest::rstest;

use crate::requests::request;
use crate::stub::{NOTE, settings, start};

/// Returns the settings for a mode in which the program leaves a note.
fn with_note(mode: &str, note: &Path) -> CommandSettings {
    let mut settings = settings(mode);
    settings
        .environment
        .insert(NOTE.to_owned(), note.to_string_lossy().into_owned());
    settings
}

async fn start_error(settings: &CommandSettings) -> FunctionError {
    match start(settings).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

async fn call_error(settings: &CommandSettings) -> FunctionError {
    let started = start(settings).await.expect("it starts");
    started
        .command
        .run(request("x"))
        .await
        .expect_err("the call fails")
}

#[tokio::test]
async fn a_program_that_answers() {
    let started = start(&settings("answers")).await.expect("it starts");
    for _ in 0..3 {
        let response = started.command.run(request("x")).await.expect("an answer");
        assert_eq!(response.desired, request("x").desired);
    }
    started.command.close().await;
}

#[tokio::test]
async fn a_program_that_does_not_exist() {
    let error = start_error(&CommandSettings::new("/does/not/exist", ["{address}"])).await;
    assert!(matches!(&error, FunctionError::Start { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("cannot start \"/does/not/exist\": "),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_told_where_to_listen() {
    let error = start_error(&CommandSettings::new("true", ["--address", "127.0.0.1:1"])).await;
    assert!(
        error.to_string().contains("contain {address} or {port}"),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_that_ends_before_it_answers_says_why() {
    let error = start_error(&settings("crash-at-start")).await;
    assert!(matches!(&error, FunctionError::Exited { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("exit status: 3") && text.contains("no configuration found"),
        "{text}"
    );
}

#[rstest]
#[case::never_listens("never-listens")]
#[case::speaks_no_grpc("speaks-no-grpc")]
#[tokio::test]
async fn a_program_that_never_answers(#[case] mode: &str) {
    let mut settings = settings(mode);
    settings.start_deadline = Duration::from_millis(700);
    let begun = Instant::now();
    let error = start_error(&settings).await;
    assert!(matches!(&error, FunctionError::NotReady { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("did not answer gRPC on 127.0.0.1:"),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_program_that_ends_in_a_call_says_how() {
    let error = call_error(&settings("crash-on-call")).await;
    assert!(matches!(&error, FunctionError::Exited { .. }), "{error}");
    // The message must not vary: otherwise objects would change with each try and never settle.
    assert!(
        error.to_string().ends_with("ended (exit status: 7)"),
        "{error}"
    );
}

/// Returns a call about a composite resource.
fn call(name: &str) -> FunctionCall<'static> {
    let request: RunFunctionRequest = request(name);
    let bytes = request.encode_to_vec();
    FunctionCall::new(wire::RunFunctionRequest::decode(bytes.as_slice()).expect("a request"))
}

#[tokio::test]
async fn a_program_that_ended_is_started_again_for_the_next_call() {
    let started = start(&settings("crash-on-boom")).await.expect("it starts");
    let command = &started.command;
    let (guilty, after) = (Trace::default(), Trace::default());
    for _ in 0..2 {
        let error = command.respond_for(&call("boom"), &guilty).await;
        assert!(
            matches!(error, Err(FunctionError::Exited { .. })),
            "{error:?}"
        );
        let answer = command.respond_for(&call("x"), &after).await;
        answer.expect("an answer");
    }
    let [(name, what)] = &guilty.crashes()[..] else {
        panic!("one function: {:?}", guilty.crashes());
    };
    assert_eq!(name, "f");
    assert!(
        what.starts_with("ended (exit status: 9) ") && what.contains("this trial (2 times);"),
        "{what}"
    );
    let words = guilty.output(9);
    assert!(
        words[0].1.contains(&"boom was too much".to_owned()),
        "{words:?}"
    );
    assert_eq!(after.crashes(), []);
    command.close().await;
    assert!(
        command.run(request("x")).await.is_err(),
        "it is not started again"
    );
}

#[tokio::test]
async fn only_the_call_that_ends_the_program_fails() {
    let started = start(&settings("crash-beside-others"))
        .await
        .expect("it starts");
    let command = &started.command;
    let call = async |name: &str| {
        let trace = Trace::default();
        let answer = command.respond_for(&call(name), &trace).await;
        (
            answer.is_ok(),
            trace
                .crashes()
                .iter()
                .any(|(_, what)| what.contains("answering this trial;")),
        )
    };
    let (first, guilty, second) = tokio::join!(call("x"), call("boom"), call("y"));
    assert_eq!(
        (first, guilty, second),
        ((true, false), (false, true), (true, false))
    );
}

#[tokio::test]
async fn a_program_that_does_not_start_again_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("run");
    let settings = settings("crash-on-boom");
    let link = |to: &Path| {
        let _ = std::fs::remove_file(&script);
        std::os::unix::fs::symlink(to, &script).expect("a link");
    };
    link(Path::new(&settings.program));
    let settings = CommandSettings {
        program: script.to_string_lossy().into_owned(),
        ..settings
    };
    let started = start(&settings).await.expect("it starts");
    let call = async |name| started.command.run(request(name)).await;
    call("boom").await.expect_err("it ends");
    std::fs::remove_file(&script).expect("a removal");
    for _ in 0..2 {
        let error = call("x").await.expect_err("there is no program");
        assert!(matches!(error, FunctionError::Start { .. }), "{error}");
    }
    link(Path::new("/bin/true"));
    let error = call("x")
        .await
        .expect_err("it is not tried again")
        .to_string();
    assert!(
        error.starts_with("the function ended, and does not start again: cannot start"),
        "{error}"
    );
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_deadline() {
    let mut settings = settings("hang-on-call");
    settings.call_deadline = Duration::from_millis(200);
    let error = call_error(&settings).await;
    assert!(matches!(&error, FunctionError::Deadline { .. }), "{error}");
    assert!(error.to_string().contains("within 200ms"), "{error}");
}

#[rstest]
#[case::refusal("refuse-on-call", "code = PermissionDenied desc = not for you")]
#[case::nonsense("answers-nonsense", "failed to decode")]
#[tokio::test]
async fn an_answer_that_is_no_response(#[case] mode: &str, #[case] says: &str) {
    let error = call_error(&settings(mode)).await;
    assert!(matches!(&error, FunctionError::Rpc { .. }), "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[tokio::test]
async fn a_program_goes_with_everything_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("pid");
    let settings = with_note("starts-a-child", &note);
    let started = start(&settings).await.expect("it starts");
    let process = std::fs::read_to_string(&note).expect("a note");
    assert!(is_running(&process));
    drop(started);
    let end = Instant::now() + Duration::from_secs(5);
    while is_running(&process) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!is_running(&process));
}

/// A child process may clean up shared resources after its parent, as Python's resource tracker
/// does.
#[tokio::test]
async fn what_a_program_started_may_tidy_up_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("note");
    let settings = with_note("has-a-tidy-child", &note);
    let started = start(&settings).await.expect("it starts");
    started.command.close().await;
    let text = std::fs::read_to_string(&note).expect("a note");
    assert_eq!(text, "tidy\n");
}

/// Returns true if a process runs; a zombie does not.
fn is_running(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    })
}
