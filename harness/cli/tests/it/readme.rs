//! What the README says, done as it says it: the documents of its first project pass.

use crosscut_testkit::{Project, project_root};

use crate::project::ran;

/// The YAML blocks of the README that name their file in the first line.
fn documents(readme: &str) -> Vec<(String, String)> {
    readme
        .split("```yaml\n# ")
        .skip(1)
        .map(|block| {
            let (text, _) = block.split_once("```").unwrap();
            let (first, rest) = text.split_once('\n').unwrap();
            let file = first.split(';').next().unwrap().trim();
            (file.to_owned(), rest.to_owned())
        })
        .collect()
}

#[test]
fn the_readmes_first_project_runs_as_it_is_printed() {
    let readme = std::fs::read_to_string(project_root().join("README.md")).unwrap();
    let project = Project::new(&[]).unwrap();
    let documents = documents(&readme);
    assert_eq!(documents.len(), 3, "{documents:?}");
    for (file, text) in documents {
        project.write(&file, &text).unwrap();
    }
    // The commands are those that the README prints below its files.
    let (_, below) = readme.split_once("```console\n$ crosscut lint").unwrap();
    let (rest, _) = below.split_once("```").unwrap();
    let commands = format!("$ crosscut lint{rest}");
    for command in commands.lines() {
        let words: Vec<&str> = command.split(' ').skip(2).collect();
        let (code, out, err) = ran(&project, &words);
        assert_eq!((code, err.as_str()), (0, ""), "{command}\n{out}{err}");
        assert!(!out.is_empty(), "{command}");
    }
    let (_, out, _) = ran(&project, &["test"]);
    assert!(out.contains("a-widget-gets-its-defaults::default"), "{out}");
}
