//! A part that the embedded control plane lacks.

/// A part that a request needed and the embedded control plane lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The part, as a noun phrase: `the kind Deployment of apps/v1`.
    pub what: String,
    /// The alternative, as a sentence; may be empty.
    pub instead: String,
}

impl Lack {
    /// Returns the lack of a part without an alternative.
    #[must_use]
    pub fn of(what: impl Into<String>) -> Lack {
        Lack {
            what: what.into(),
            instead: String::new(),
        }
    }

    /// Returns the lack of a kind that a full control plane serves. `served` are the served kinds of its family.
    ///
    /// ```
    /// use crosscut_objects::Lack;
    ///
    /// let lack = Lack::kind("apps/v1", "Deployment", "Kubernetes' own", &["ConfigMap", "Secret"]);
    /// assert_eq!(lack.what, "the kind Deployment of apps/v1");
    /// ```
    #[must_use]
    pub fn kind(api_version: &str, kind: &str, family: &str, served: &[&str]) -> Lack {
        Lack {
            what: format!("the kind {kind} of {api_version}"),
            instead: format!("of {family} kinds it serves {}", served.join(", ")),
        }
    }
}
