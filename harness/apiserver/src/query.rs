//! The parameters of a request, and their validation.

use std::collections::BTreeMap;

use crosscut_objects::{FieldValidation, Options};
use crosscut_schema::{FieldError, FieldErrorKind};
use serde_json::{Value, json};

use crate::fields;
use crate::path::decode;
use crate::status::{self, Status};

/// The maximum length of a field manager's name.
const MANAGER_LIMIT: usize = 128;

/// The parameters, as far as the server knows them; others are ignored, as kube-apiserver does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) labels: Labels,
    pub(crate) field_selector: String,
    pub(crate) field_manager: Option<String>,
    pub(crate) field_validation: FieldValidation,
    pub(crate) dry_run: bool,
    pub(crate) force: Option<bool>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) grace_period: Option<i64>,
    pub(crate) watch: bool,
    pub(crate) allow_bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) resource_version: String,
    pub(crate) version_match: String,
    pub(crate) limit: usize,
    pub(crate) continue_token: String,
    bad_dry_run: Vec<String>,
    bad_validation: Option<String>,
}

/// The labels that a list or a watch is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    /// A selector, as HTTP has it; may be empty.
    Text(String),
    /// Labels that must be there with these values.
    Equal(BTreeMap<String, String>),
}

impl Default for Labels {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Options<'_>> for Query {
    fn from(options: Options<'_>) -> Self {
        let manager = options.field_manager;
        Self {
            field_manager: (!manager.is_empty()).then(|| manager.to_owned()),
            field_validation: options.field_validation,
            dry_run: options.dry_run,
            force: options.force.then_some(true),
            labels: options
                .labels
                .map_or_else(Labels::default, |labels| Labels::Equal(labels.clone())),
            ..Self::default()
        }
    }
}

impl Query {
    /// Returns the parameters of a request of a field manager, with defaults for all others.
    pub(crate) fn of_manager(name: &str) -> Self {
        Self {
            field_manager: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// A request whose parameter `dryRun` has these values.
    pub(crate) fn of_dry_run<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut query = Self::default();
        for value in values {
            query.add_dry_run(value.to_owned());
        }
        query
    }

    fn add_dry_run(&mut self, value: String) {
        match value.as_str() {
            "All" => self.dry_run = true,
            _ => self.bad_dry_run.push(value),
        }
    }

    /// Reads the text behind the question mark.
    pub(crate) fn parse(text: &str) -> Result<Self, Status> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.set(
                &decode(&key.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )?;
        }
        Ok(query)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), Status> {
        match key {
            "labelSelector" => self.labels = Labels::Text(value),
            "fieldSelector" => self.field_selector = value,
            "fieldManager" => self.field_manager = Some(value).filter(|name| !name.is_empty()),
            "fieldValidation" => self.validation(value),
            "dryRun" => self.add_dry_run(value),
            "force" => self.force = Some(boolean(&value)),
            "propagationPolicy" => self.propagation_policy = Some(value),
            "orphanDependents" => self.orphan_dependents = Some(boolean(&value)),
            "gracePeriodSeconds" => self.grace_period = Some(integer(&value)?),
            "watch" => self.watch = boolean(&value),
            "allowWatchBookmarks" => self.allow_bookmarks = boolean(&value),
            "sendInitialEvents" => self.send_initial_events = Some(boolean(&value)),
            "resourceVersion" => self.resource_version = value,
            "resourceVersionMatch" => self.version_match = value,
            "limit" => self.limit = usize::try_from(integer(&value)?).unwrap_or_default(),
            "continue" => self.continue_token = value,
            _ => {}
        }
        Ok(())
    }

    fn validation(&mut self, value: String) {
        match value.as_str() {
            "" | "Warn" => self.field_validation = FieldValidation::Warn,
            "Strict" => self.field_validation = FieldValidation::Strict,
            "Ignore" => self.field_validation = FieldValidation::Ignore,
            _ => self.bad_validation = Some(value),
        }
    }

    /// Fails if the options of a write are invalid. `options` is the name of their type, such as `CreateOptions`.
    pub(crate) fn check_write(&self, options: &str) -> Result<(), Status> {
        let mut errors = Vec::new();
        if !self.bad_dry_run.is_empty() {
            let given = json!(self.bad_dry_run);
            errors.push(fields::not_supported("dryRun", given, &["All"]));
        }
        if let Some(given) = &self.bad_validation {
            let known = ["", "Ignore", "Strict", "Warn"];
            errors.push(fields::not_supported(
                "fieldValidation",
                given.as_str().into(),
                &known,
            ));
        }
        let manager = self.field_manager.as_deref().unwrap_or_default();
        if manager.len() > MANAGER_LIMIT {
            errors.push(fields::error(
                "fieldManager",
                FieldErrorKind::TooLong,
                None,
                format!("may not be more than {MANAGER_LIMIT} bytes"),
            ));
        }
        refuse(options, errors)
    }

    /// Fails if the options of a patch are invalid.
    pub(crate) fn check_patch(&self, apply: bool) -> Result<(), Status> {
        self.check_write("PatchOptions")?;
        let mut errors = Vec::new();
        if apply && self.field_manager.is_none() {
            errors.push(fields::required(
                "fieldManager",
                "is required for apply patch",
            ));
        }
        if !apply && self.force.is_some() {
            errors.push(fields::forbidden(
                "force",
                "may not be specified for non-apply patch",
            ));
        }
        refuse("PatchOptions", errors)
    }

    /// Fails if the options of a list or a watch are invalid.
    pub(crate) fn check_list(&self) -> Result<(), Status> {
        let mut errors = Vec::new();
        let known = ["Exact", "NotOlderThan"];
        if self.send_initial_events.is_some() && self.version_match != "NotOlderThan" {
            errors.push(fields::forbidden(
                "resourceVersionMatch",
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ));
        }
        if self.send_initial_events.is_some() && !self.watch {
            errors.push(fields::forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
        if self.watch && !self.version_match.is_empty() && self.send_initial_events.is_none() {
            errors.push(fields::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        if !self.watch && !self.version_match.is_empty() {
            self.check_match(&known, &mut errors);
        }
        refuse("ListOptions", errors)
    }

    fn check_match(&self, known: &[&str], errors: &mut Vec<FieldError>) {
        if self.resource_version.is_empty() {
            errors.push(fields::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if !self.continue_token.is_empty() {
            errors.push(fields::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
        if !known.contains(&self.version_match.as_str()) {
            errors.push(fields::not_supported(
                "resourceVersionMatch",
                self.version_match.as_str().into(),
                known,
            ));
        }
        if self.version_match == "Exact" && self.resource_version == "0" {
            errors.push(fields::forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
}

fn refuse(options: &str, errors: Vec<FieldError>) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(status::invalid("meta.k8s.io", options, "", &errors))
}

fn boolean(text: &str) -> bool {
    // kube-apiserver's conversion of query parameters takes all texts but "false" and "0" as true.
    !matches!(text.to_ascii_lowercase().as_str(), "false" | "0")
}

fn integer(text: &str) -> Result<i64, Status> {
    text.parse().map_err(|_| {
        let text = Value::from(text);
        status::bad_request(format!("strconv.ParseInt: parsing {text}: invalid syntax"))
    })
}

#[cfg(test)]
mod tests {
    use super::{FieldValidation, Labels, Query};

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc&limit=5&watch=1&force=false").unwrap();
        assert_eq!(query.labels, Labels::Text("a=b,c".to_owned()));
        assert_eq!((query.limit, query.watch), (5, true));
        assert_eq!(query.force, Some(false));
        assert_eq!(query.field_validation, FieldValidation::Warn);
    }

    #[test]
    fn numbers_must_be_numbers() {
        let status = Query::parse("limit=x").unwrap_err();
        assert_eq!(
            status.body()["message"],
            "strconv.ParseInt: parsing \"x\": invalid syntax"
        );
    }
}
