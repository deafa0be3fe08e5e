//! The composition of parser events into nodes.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span as SourceSpan, Tag};

use crate::{Entry, Key, Kind, Limits, Node, Span, SyntaxError, scalar};

/// Returns the documents of a text, one node each. Empty documents are left out.
///
/// # Errors
/// Returns every mistake that was found: all duplicate keys of all documents, but only the first
/// syntax error, because the text after it cannot be parsed.
///
/// ```
/// use crosscut_yaml::{Limits, parse};
///
/// let documents = parse("a: 1\n---\nb: [x, y]\n", &Limits::default()).unwrap();
/// assert_eq!(documents.len(), 2);
/// assert_eq!(documents[1].get("b").unwrap().items().unwrap().len(), 2);
/// ```
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Node>, Vec<SyntaxError>> {
    parse_documents(text, limits).map(|documents| documents.nodes)
}

/// The documents of a text, and the places of the empty ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// The documents that are not empty, one node each.
    pub nodes: Vec<Node>,
    /// The places where the empty documents begin. Empty documents may have comments.
    pub empty: Vec<Span>,
}

/// Parses the documents of a text as [`parse`] does, and returns the places of the empty ones too.
///
/// # Errors
/// Returns mistakes as [`parse`] does.
pub fn parse_documents(text: &str, limits: &Limits) -> Result<Documents, Vec<SyntaxError>> {
    if text.len() > limits.bytes {
        let message = format!(
            "the text has {} bytes, more than the {} allowed",
            text.len(),
            limits.bytes
        );
        return Err(vec![SyntaxError::new(
            "yaml::limit",
            message,
            Span::default(),
        )]);
    }
    let mut composer = Composer::new(text, limits);
    match composer.documents() {
        Ok(documents) if composer.errors.is_empty() => Ok(documents),
        Ok(_) => Err(composer.errors),
        Err(error) => {
            composer.errors.push(error);
            Err(composer.errors)
        }
    }
}

/// Returns the parser's error, with a hint if the parser's message is not clear.
fn syntax(message: String, span: Span) -> SyntaxError {
    let help = if message.contains("tab") {
        "YAML is indented with blanks; replace the tab by some"
    } else if message.contains("anchor") {
        "a value that begins with * is an alias of one that begins with &; text goes into quotes"
    } else {
        "check indentation, brackets and quotes here and on the line above"
    };
    SyntaxError::new("yaml::syntax", message, span).with_help(help)
}

/// The namespace of the tag prefix `!!`.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

type Source<'a> = Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>;

struct Composer<'a> {
    text: &'a str,
    limits: &'a Limits,
    parser: Source<'a>,
    offsets: Offsets<'a>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    errors: Vec<SyntaxError>,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Composer<'a> {
        Composer {
            text,
            limits,
            parser: Parser::new_from_str(text),
            offsets: Offsets::new(text),
            anchors: HashMap::new(),
            nodes: 0,
            errors: Vec::new(),
        }
    }

    fn documents(&mut self) -> Result<Documents, SyntaxError> {
        let mut documents = Documents::default();
        let mut count = 0;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) => {
                    count += 1;
                    if count > self.limits.documents {
                        let message = format!("more than {} documents", self.limits.documents);
                        return Err(SyntaxError::new("yaml::limit", message, span));
                    }
                    self.anchors.clear();
                }
                Event::StreamStart | Event::DocumentEnd => {}
                event => {
                    let node = self.node(event, span, 0)?;
                    match node.is_null() {
                        true => documents.empty.push(span),
                        false => documents.nodes.push(node),
                    }
                }
            }
        }
        Ok(documents)
    }

    /// Returns the next event and skips comments, which are no nodes.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, SyntaxError> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => {
                    let span = self.span(&span);
                    return Ok(Some((event, span)));
                }
                Some(Err(error)) => {
                    let start = self.offset(error.marker());
                    let letter = self.text[start..].chars().next();
                    let end = start + letter.map_or(0, char::len_utf8);
                    let span = Span { start, end };
                    return Err(syntax(error.info(), span));
                }
            }
        }
    }

    /// Returns the next event of a collection that has not ended.
    fn expect(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
        let end = self.text.len();
        self.next()?.ok_or_else(|| {
            SyntaxError::new(
                "yaml::syntax",
                "the text ends too early",
                Span { start: end, end },
            )
        })
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, SyntaxError> {
        self.count(1, span)?;
        if depth > self.limits.depth {
            let message = format!("nested deeper than {} levels", self.limits.depth);
            return Err(SyntaxError::new("yaml::limit", message, span));
        }
        let before = self.nodes;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.scalar(&text, style, tag.as_deref(), span);
                (anchor, Node { kind, span })
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.sequence(span, depth)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping(span, depth)?),
            _ => {
                return Err(SyntaxError::new(
                    "yaml::syntax",
                    "a value is expected here",
                    span,
                ));
            }
        };
        if anchor != 0 {
            self.anchors
                .insert(anchor, (node.clone(), self.nodes - before + 1));
        }
        Ok(node)
    }

    /// Counts nodes. Copies by aliases count too, so that ten short lines cannot expand to a billion nodes.
    fn count(&mut self, nodes: usize, span: Span) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= self.limits.nodes {
            return Ok(());
        }
        let message = format!("more than {} nodes, aliases expanded", self.limits.nodes);
        Err(SyntaxError::new("yaml::limit", message, span))
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, SyntaxError> {
        let Some((node, size)) = self.anchors.get(&id).cloned() else {
            return Err(SyntaxError::new(
                "yaml::alias",
                "the alias stands inside its own anchor",
                span,
            ));
        };
        self.count(size, span)?;
        Ok(node)
    }

    fn sequence(&mut self, start: Span, depth: usize) -> Result<Node, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.expect()?;
            if matches!(event, Event::SequenceEnd) {
                let span = collection_span(start, span, items.last().map(|item: &Node| item.span));
                return Ok(Node {
                    kind: Kind::Sequence(items),
                    span,
                });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, SyntaxError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<(Node, Span)> = Vec::new();
        loop {
            let (event, span) = self.expect()?;
            if matches!(event, Event::MappingEnd) {
                let span =
                    collection_span(start, span, entries.last().map(|entry| entry.value.span));
                self.merge(&mut entries, merged);
                return Ok(Node {
                    kind: Kind::Mapping(entries),
                    span,
                });
            }
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.key(event, span, depth)?;
            let (event, span) = self.expect()?;
            let value = self.node(event, span, depth + 1)?;
            if is_merge {
                merged.push((value, key.span));
                continue;
            }
            if let Some(first) = keys.get(&key.text) {
                self.duplicate(&key, *first);
                continue;
            }
            keys.insert(key.text.clone(), key.span.start);
            entries.push(Entry { key, value });
        }
    }

    fn key(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Key, SyntaxError> {
        let node = self.node(event, span, depth + 1)?;
        let text = match node.kind {
            Kind::String(text) => text,
            Kind::Bool(boolean) => boolean.to_string(),
            Kind::Number(number) => number.to_string(),
            Kind::Null => "null".to_owned(),
            Kind::Sequence(_) | Kind::Mapping(_) => {
                let error = SyntaxError::new("yaml::syntax", "a key must be a scalar", span);
                return Err(error.with_help("JSON, which Kubernetes stores, has no other keys; text with commas or brackets goes into quotes"));
            }
        };
        Ok(Key {
            text,
            span: node.span,
        })
    }

    fn duplicate(&mut self, key: &Key, first: usize) {
        let line = crate::position(self.text, first).line;
        let message = format!("the key \"{}\" is there twice", key.text);
        let error = SyntaxError::new("yaml::duplicate_key", message, key.span)
            .with_help(format!("it is on line {line} first; keep one of them"));
        self.errors.push(error);
    }

    /// Merges mappings: the mapping's own entries win, then those of the first of several merged mappings.
    fn merge(&mut self, entries: &mut Vec<Entry>, merged: Vec<(Node, Span)>) {
        for (node, span) in merged {
            let sources = match node.kind {
                Kind::Mapping(_) => vec![node],
                Kind::Sequence(items) => items,
                _ => Vec::from([node]),
            };
            for source in sources {
                let Kind::Mapping(source) = source.kind else {
                    let message = format!(
                        "only mappings can be merged, this is {}",
                        source.type_name()
                    );
                    self.errors
                        .push(SyntaxError::new("yaml::merge", message, span));
                    continue;
                };
                for entry in source {
                    if entries.iter().all(|known| known.key.text != entry.key.text) {
                        entries.push(entry);
                    }
                }
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Kind {
        let Some(tag) = tag else {
            return if style == ScalarStyle::Plain {
                scalar::resolve(text)
            } else {
                Kind::String(text.to_owned())
            };
        };
        let resolved = match tag.suffix_in_namespace(YAML_TAGS).as_deref() {
            Some("str" | "timestamp") => Some(Kind::String(text.to_owned())),
            Some("binary") => binary(text).map(Kind::String),
            Some("null") => Some(Kind::Null),
            Some("int" | "float") => scalar::number(text).map(Kind::Number),
            Some("bool") => match scalar::resolve(text) {
                kind @ Kind::Bool(_) => Some(kind),
                _ => None,
            },
            // Kubernetes ignores custom tags, because go-yaml does.
            _ => Some(scalar::resolve(text)),
        };
        resolved.unwrap_or_else(|| {
            let message = format!("\"{text}\" is not what its tag {} says", tag.original());
            self.errors
                .push(SyntaxError::new("yaml::tag", message, span));
            Kind::Null
        })
    }

    fn span(&mut self, span: &SourceSpan) -> Span {
        let start = self.offset(&span.start);
        Span {
            start,
            end: self.offset(&span.end).max(start),
        }
    }

    fn offset(&mut self, marker: &serde_saphyr::granit_parser::Marker) -> usize {
        let offset = marker
            .byte_offset()
            .unwrap_or_else(|| self.offsets.bytes(marker.index()));
        self.text.floor_char_boundary(offset)
    }
}

/// Decodes base64 to text. Other bytes have no JSON.
fn binary(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(BASE64_STANDARD.decode(packed).ok()?).ok()
}

fn collection_span(start: Span, end: Span, last: Option<Span>) -> Span {
    // The end event of a block collection is at the next token, so the end of the last node is used.
    let end = last.map_or(end.end, |last| {
        if end.start > last.end && end.end == end.start {
            last.end
        } else {
            end.end
        }
    });
    Span {
        start: start.start,
        end: end.max(start.start),
    }
}

/// A converter of character offsets to byte offsets. Offsets only increase, except for small steps back.
struct Offsets<'a> {
    text: &'a str,
    characters: usize,
    bytes: usize,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Offsets<'a> {
        Offsets {
            text,
            characters: 0,
            bytes: 0,
        }
    }

    fn bytes(&mut self, characters: usize) -> usize {
        if self.text.is_ascii() {
            return characters;
        }
        if characters < self.characters {
            (self.characters, self.bytes) = (0, 0);
        }
        let step = characters - self.characters;
        let rest = &self.text[self.bytes..];
        let advance = rest
            .char_indices()
            .nth(step)
            .map_or(rest.len(), |(index, _)| index);
        self.characters = characters;
        self.bytes += advance;
        self.bytes
    }
}
