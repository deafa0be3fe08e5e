//! `upstreams`: echo servers of crosscut's own.

use std::time::Duration;

use crosscut_messages::UpstreamTls;
use crosscut_yaml::Node;

use crate::diagnostic::Diagnostic;
use crate::model::{Place, Upstream};
use crate::read::Reader;
use crate::read::fields::Fields;

/// The upstreams of a scenario.
pub(in crate::read) fn upstreams(reader: &mut Reader<'_>, spec: &Fields<'_>) -> Vec<Upstream> {
    let mut upstreams: Vec<Upstream> = Vec::new();
    for node in spec.list(reader, "upstreams") {
        let Some(upstream) = upstream(reader, node, spec.place()) else {
            continue;
        };
        if upstreams.iter().any(|other| other.name == upstream.name) {
            let message = format!("there is another upstream called {}", upstream.name);
            let problem =
                Diagnostic::error("suite::duplicate_name", message, upstream.place.clone());
            reader.problem(problem.with_help("expressions find an upstream by its name"));
        }
        upstreams.push(upstream);
    }
    upstreams
}

fn upstream(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Upstream> {
    let known = ["name", "tls", "status", "delay"];
    let fields = Fields::of(reader, node, place, "an upstream", &known)?;
    let kinds = [
        ("none", UpstreamTls::None),
        ("server", UpstreamTls::Server),
        ("mutual", UpstreamTls::Mutual),
    ];
    let tls = fields.word(reader, "tls", &kinds).unwrap_or_default();
    let status = fields.number(reader, "status", 200..=599);
    let delay = fields.duration(reader, "delay").unwrap_or(Duration::ZERO);
    let name = fields.required_string(reader, "name")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !name.chars().all(plain) {
        let message = format!("\"{name}\" is no name of an upstream");
        let problem = Diagnostic::error("suite::name", message, fields.place().clone())
            .with_help("use letters, digits, - and _, so that expressions and headers can hold it");
        reader.problem(problem);
    }
    Some(Upstream {
        name,
        tls,
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(200),
        delay,
        place: fields.place().clone(),
    })
}
