//! A part that a control plane lacks.

/// A thing that a request needed and the embedded control plane does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The thing, as a noun phrase: `the kind Deployment of apps/v1`.
    pub what: String,
    /// The alternative, as a sentence; may be empty.
    pub instead: String,
}

impl Lack {
    /// A thing for which there is nothing to say about what is there instead.
    #[must_use]
    pub fn of(what: impl Into<String>) -> Lack {
        Lack {
            what: what.into(),
            instead: String::new(),
        }
    }

    /// A kind that a full control plane serves; `served` are the kinds of its family that this one serves.
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
