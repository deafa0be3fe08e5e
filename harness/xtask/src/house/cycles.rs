//! Cycles of files: modules of a crate that use each other.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// The modules that each module uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns the cycles of a crate, the largest first, each with its modules sorted.
pub(crate) fn cycles(sources: &[Source]) -> Vec<Vec<String>> {
    let graph = graph(sources);
    let reached: BTreeMap<&String, BTreeSet<String>> = graph
        .keys()
        .map(|module| (module, reachable(&graph, module)))
        .collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, all) in &reached {
        let back = |other: &&String| reached.get(other).is_some_and(|all| all.contains(*module));
        let circle: Vec<String> = all.iter().filter(back).cloned().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    let mut circles: Vec<Vec<String>> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

fn reachable(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut left = vec![from.to_owned()];
    while let Some(module) = left.pop() {
        for used in graph.get(&module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                left.push(used.clone());
            }
        }
    }
    reached
}

fn graph(sources: &[Source]) -> Graph {
    let modules: BTreeSet<String> = sources.iter().map(Source::module).collect();
    sources
        .iter()
        .map(|source| {
            let own = source.module();
            let paths = uses(source.product());
            let used = paths.iter().filter_map(|path| target(path, &own, &modules));
            let used = used
                .filter(|used| *used != own && !used.is_empty())
                .collect();
            (own.clone(), used)
        })
        .collect()
}

/// Returns the module of a path in a `use` item.
fn target(path: &str, own: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut base: Vec<&str> = own.split("::").filter(|part| !part.is_empty()).collect();
    let mut parts: Vec<&str> = path.split("::").collect();
    match *parts.first()? {
        "crate" => base.clear(),
        "super" | "self" => {}
        _ => return None,
    }
    while let Some(first) = parts.first().copied() {
        match first {
            "super" => drop(base.pop()),
            "crate" | "self" => {}
            _ => break,
        }
        parts.remove(0);
    }
    base.extend(parts);
    while !base.is_empty() && !modules.contains(&base.join("::")) {
        base.pop();
    }
    Some(base.join("::"))
}

/// Returns the paths of all `use` items, with groups expanded.
fn uses(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("use ") {
        let begins = rest.get(..at).is_none_or(|before| {
            let line = before.rsplit('\n').next().unwrap_or_default().trim();
            line.is_empty() || line.starts_with("pub")
        });
        rest = rest.get(at + 4..).unwrap_or_default();
        if !begins {
            continue;
        }
        let item = rest.split(';').next().unwrap_or_default();
        let item: String = item.split_whitespace().collect::<Vec<_>>().join(" ");
        expand("", &item, &mut paths);
    }
    paths
}

fn expand(prefix: &str, item: &str, paths: &mut Vec<String>) {
    let item = item.trim();
    let Some((head, group)) = item.split_once('{') else {
        let plain = item.split(" as ").next().unwrap_or_default();
        paths.push(format!("{prefix}{plain}"));
        return;
    };
    let prefix = format!("{prefix}{head}");
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0_i32, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, group.get(start..at).unwrap_or_default(), paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = group.get(start..).unwrap_or_default();
    if !last.trim().is_empty() {
        expand(&prefix, last, paths);
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::cycles;

    fn source(name: &str, text: &str) -> Source {
        Source {
            name: name.to_owned(),
            text: text.to_owned(),
            is_test: false,
        }
    }

    #[test]
    fn modules_that_use_each_other_are_a_circle() {
        let sources = [
            source("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            source("a.rs", "use std::fmt;\nuse crate::{b::B, c};\n"),
            source("b/mod.rs", "pub(crate) use inner::Inner;\n"),
            source("b/inner.rs", "use super::super::a::A;\n"),
            source("c.rs", "use crate::b::inner::Inner;\n"),
        ];
        assert_eq!(
            cycles(&sources),
            [["a", "b::inner", "c"].map(str::to_owned).to_vec()]
        );
    }

    #[test]
    fn tests_use_what_they_like() {
        let sources = [
            source("a.rs", "use crate::b::B;\n"),
            source(
                "b.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
            ),
        ];
        assert!(cycles(&sources).is_empty());
    }
}
