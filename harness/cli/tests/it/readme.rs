//! What the README says, done as it says it: the documents of its first project pass.

use crosscut_testkit::{Project, project_root};

use crate::project::{WIDGETS, ran};

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
fn the_readmes_first_project_passes() {
    let readme = std::fs::read_to_string(project_root().join("README.md")).unwrap();
    let project = Project::new(&[("providers/local/crds/widgets.yaml", WIDGETS)]).unwrap();
    let documents = documents(&readme);
    assert_eq!(documents.len(), 3);
    for (file, text) in documents {
        project.write(&file, &text).unwrap();
    }
    let (code, out, err) = ran(&project, &["test"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("a-widget-gets-its-defaults::local"), "{out}");
}
