//! Certificates and requests for them, as kyverno-json's `x509_decode` gives them: Go's `x509.Certificate` and
//! `x509.CertificateRequest` as JSON, with the public key's modulus as a decimal text.
//!
//! The usages of an extended key usage come in Go's order, not in the certificate's. Go's deprecated `Attributes` of a
//! request are left out.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Number, Value, json};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::der_parser::num_bigint::BigUint;
use x509_parser::extensions::{
    DistributionPointName, ExtendedKeyUsage, GeneralName, ParsedExtension, X509Extension,
};
use x509_parser::oid_registry::Oid;
use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[function("x509_decode", 1, 1, |call| {
    decoded(call.string(0)?).map_err(|reason| call.invalid(reason))
})];

type Fields = Map<String, Value>;

/// Go's numbers of signature algorithms.
const SIGNATURES: [(&str, u8); 11] = [
    ("1.2.840.113549.1.1.4", 2),
    ("1.2.840.113549.1.1.5", 3),
    ("1.2.840.113549.1.1.11", 4),
    ("1.2.840.113549.1.1.12", 5),
    ("1.2.840.113549.1.1.13", 6),
    ("1.2.840.10040.4.3", 7),
    ("1.2.840.10045.4.1", 9),
    ("1.2.840.10045.4.3.2", 10),
    ("1.2.840.10045.4.3.3", 11),
    ("1.2.840.10045.4.3.4", 12),
    ("1.3.101.112", 16),
];

/// The fields of a name, and the types of attributes that they collect.
const NAME: [(&str, &str); 7] = [
    ("Country", "2.5.4.6"),
    ("Organization", "2.5.4.10"),
    ("OrganizationalUnit", "2.5.4.11"),
    ("Locality", "2.5.4.7"),
    ("Province", "2.5.4.8"),
    ("StreetAddress", "2.5.4.9"),
    ("PostalCode", "2.5.4.17"),
];

fn decoded(text: &str) -> Result<Value, String> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| "there is no PEM block")?;
    let fields = match pem.label.as_str() {
        "CERTIFICATE" => certificate(&pem)?,
        "CERTIFICATE REQUEST" => request(&pem)?,
        other => {
            return Err(format!(
                "a PEM block {other} is no certificate and no request"
            ));
        }
    };
    Ok(Value::Object(fields))
}

fn certificate(pem: &Pem) -> Result<Fields, String> {
    let parsed = X509Certificate::from_der(&pem.contents);
    let (_, certificate) = parsed.map_err(|error| format!("the certificate: {error}"))?;
    let body = &certificate.tbs_certificate;
    let mut fields = Fields::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("Raw", bytes(certificate.as_raw()));
    set("RawTBSCertificate", bytes(body.as_ref()));
    set("RawIssuer", bytes(body.issuer.as_raw()));
    set("Issuer", name(&body.issuer));
    set("SerialNumber", number(&body.serial));
    set("Version", json!(body.version.0 + 1));
    set("NotBefore", time(&body.validity.not_before)?);
    set("NotAfter", time(&body.validity.not_after)?);
    subject(&mut fields, &body.subject, &body.subject_pki)?;
    signature(
        &mut fields,
        &certificate.signature_algorithm.algorithm,
        &certificate.signature_value.data,
    );
    extensions(&mut fields, body.extensions());
    constraints(&mut fields, body.extensions())?;
    uses(&mut fields, body.extensions());
    Ok(fields)
}

fn request(pem: &Pem) -> Result<Fields, String> {
    let parsed = X509CertificationRequest::from_der(&pem.contents);
    let (_, request) = parsed.map_err(|error| format!("the request: {error}"))?;
    let body = &request.certification_request_info;
    let mut fields = Fields::new();
    fields.insert("Raw".to_owned(), bytes(request.as_raw()));
    fields.insert("RawTBSCertificateRequest".to_owned(), bytes(body.raw));
    fields.insert("Version".to_owned(), json!(body.version.0));
    subject(&mut fields, &body.subject, &body.subject_pki)?;
    signature(
        &mut fields,
        &request.signature_algorithm.algorithm,
        &request.signature_value.data,
    );
    let attributes = body.iter_attributes();
    let requested: Vec<X509Extension<'_>> = attributes
        .filter_map(|attribute| match attribute.parsed_attribute() {
            ParsedCriAttribute::ExtensionRequest(request) => Some(request.extensions.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    extensions(&mut fields, &requested);
    Ok(fields)
}

fn bytes(bytes: &[u8]) -> Value {
    json!(STANDARD.encode(bytes))
}

/// An integer of any size; too large ones are floats, as everywhere in JSON of Kubernetes.
fn number(number: &BigUint) -> Value {
    let text = number.to_string();
    let whole = text.parse::<u64>().ok().map(Number::from);
    let float = || text.parse().ok().and_then(Number::from_f64);
    whole.or_else(float).map_or(Value::Null, Value::Number)
}

fn time(time: &ASN1Time) -> Result<Value, String> {
    let time = Timestamp::from_second(time.timestamp());
    time.map(|time| json!(time.to_string()))
        .map_err(|error| error.to_string())
}

fn object_identifier(oid: &Oid<'_>) -> Value {
    oid.iter()
        .map(|parts| parts.map(Value::from).collect())
        .unwrap_or_default()
}

/// A list as Go writes it: null if there is nothing.
fn list(items: Vec<Value>) -> Value {
    if items.is_empty() {
        Value::Null
    } else {
        Value::Array(items)
    }
}

fn subject(
    fields: &mut Fields,
    subject: &X509Name<'_>,
    key: &SubjectPublicKeyInfo<'_>,
) -> Result<(), String> {
    let Ok(PublicKey::RSA(rsa)) = key.parsed() else {
        return Err("the public key is not of the algorithm RSA".to_owned());
    };
    let modulus = BigUint::from_bytes_be(rsa.modulus).to_string();
    let exponent = rsa.try_exponent().map_err(|error| error.to_string())?;
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("RawSubject", bytes(subject.as_raw()));
    set("RawSubjectPublicKeyInfo", bytes(key.raw));
    set("Subject", name(subject));
    set("PublicKeyAlgorithm", json!(1));
    set("PublicKey", json!({"N": modulus, "E": exponent}));
    Ok(())
}

fn name(name: &X509Name<'_>) -> Value {
    let attributes: Vec<(String, Value, Value)> = name
        .iter_attributes()
        .map(|attribute| {
            let text = attribute.as_str().map(Value::from);
            let value = text.unwrap_or_else(|_| bytes(attribute.as_slice()));
            let kind = attribute.attr_type();
            (kind.to_id_string(), object_identifier(kind), value)
        })
        .collect();
    let of = |wanted: &str| {
        let found = attributes.iter().filter(|(kind, ..)| kind == wanted);
        found
            .map(|(.., value)| value.clone())
            .collect::<Vec<Value>>()
    };
    let last = |wanted: &str| of(wanted).pop().unwrap_or_else(|| json!(""));
    let mut fields = Fields::new();
    for (field, kind) in NAME {
        fields.insert(field.to_owned(), list(of(kind)));
    }
    fields.insert("SerialNumber".to_owned(), last("2.5.4.5"));
    fields.insert("CommonName".to_owned(), last("2.5.4.3"));
    let names = attributes
        .iter()
        .map(|(_, kind, value)| json!({"Type": kind, "Value": value}));
    fields.insert("Names".to_owned(), list(names.collect()));
    fields.insert("ExtraNames".to_owned(), Value::Null);
    Value::Object(fields)
}

fn signature(fields: &mut Fields, algorithm: &Oid<'_>, signature: &[u8]) {
    let written = algorithm.to_id_string();
    let known = SIGNATURES.iter().find(|(oid, _)| *oid == written);
    // Those with parameters, RSASSA-PSS, are not told apart.
    let number = known.map_or(Value::Null, |(_, number)| json!(number));
    fields.insert("SignatureAlgorithm".to_owned(), number);
    fields.insert("Signature".to_owned(), bytes(signature));
}

/// The extensions as they are, and the alternative names of the subject.
fn extensions(fields: &mut Fields, extensions: &[X509Extension<'_>]) {
    let written = extensions.iter().map(|extension| {
        json!({
            "Id": object_identifier(&extension.oid),
            "Critical": extension.critical,
            "Value": STANDARD.encode(extension.value),
        })
    });
    let mut names: Vec<&GeneralName<'_>> = Vec::new();
    for extension in extensions {
        if let ParsedExtension::SubjectAlternativeName(found) = extension.parsed_extension() {
            names.extend(&found.general_names);
        }
    }
    let of = |pick: &dyn Fn(&GeneralName<'_>) -> Option<Value>| {
        list(names.iter().filter_map(|name| pick(name)).collect())
    };
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("Extensions", list(written.collect()));
    set("ExtraExtensions", Value::Null);
    set(
        "DNSNames",
        of(&|name| match name {
            GeneralName::DNSName(text) => Some(json!(text)),
            _ => None,
        }),
    );
    set(
        "EmailAddresses",
        of(&|name| match name {
            GeneralName::RFC822Name(text) => Some(json!(text)),
            _ => None,
        }),
    );
    set("IPAddresses", of(&address));
    set(
        "URIs",
        of(&|name| match name {
            GeneralName::URI(text) => Some(uri(text)),
            _ => None,
        }),
    );
}

fn address(name: &GeneralName<'_>) -> Option<Value> {
    let GeneralName::IPAddress(bytes) = name else {
        return None;
    };
    let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
    let address = four.or_else(|_| sixteen()).ok()?;
    Some(json!(address.to_string()))
}

/// A URI as Go writes a `url.URL`. What is escaped in a path stays so.
fn uri(text: &str) -> Value {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (json!({}), host),
        None => (Value::Null, authority),
    };
    let is_opaque = !scheme.is_empty() && !rest.starts_with('/');
    json!({
        "Scheme": scheme,
        "Opaque": if is_opaque { path } else { "" },
        "User": user,
        "Host": host,
        "Path": if is_opaque { "" } else { path },
        "RawPath": "",
        "Fragment": fragment,
        "RawFragment": "",
        "RawQuery": query,
        "ForceQuery": false,
        "OmitHost": false,
    })
}

/// The constraints of a certificate.
fn constraints(fields: &mut Fields, extensions: &[X509Extension<'_>]) -> Result<(), String> {
    let (mut valid, mut authority, mut longest) = (false, false, None);
    for extension in extensions {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(found) => {
                (valid, authority) = (true, found.ca);
                longest = found.path_len_constraint;
            }
            ParsedExtension::NameConstraints(_)
            | ParsedExtension::PolicyConstraints(_)
            | ParsedExtension::PolicyMappings(_)
            | ParsedExtension::InhibitAnyPolicy(_) => {
                let oid = extension.oid.to_id_string();
                return Err(format!("the extension {oid} cannot be read"));
            }
            _ => {}
        }
    }
    let path = match (valid, longest) {
        (_, Some(longest)) => json!(longest),
        (true, None) => json!(-1),
        (false, None) => json!(0),
    };
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("BasicConstraintsValid", json!(valid));
    set("IsCA", json!(authority));
    set("MaxPathLen", path);
    set("MaxPathLenZero", json!(longest == Some(0)));
    for name in [
        "PermittedDNSDomains",
        "ExcludedDNSDomains",
        "PermittedIPRanges",
        "ExcludedIPRanges",
        "PermittedEmailAddresses",
        "ExcludedEmailAddresses",
        "PermittedURIDomains",
        "ExcludedURIDomains",
        "PolicyMappings",
    ] {
        set(name, Value::Null);
    }
    for name in [
        "InhibitAnyPolicy",
        "InhibitPolicyMapping",
        "RequireExplicitPolicy",
    ] {
        set(name, json!(0));
        set(&format!("{name}Zero"), json!(false));
    }
    set("PermittedDNSDomainsCritical", json!(false));
    Ok(())
}

/// What a certificate may be used for, and where to ask about it.
fn uses(fields: &mut Fields, extensions: &[X509Extension<'_>]) {
    for name in [
        "SubjectKeyId",
        "AuthorityKeyId",
        "ExtKeyUsage",
        "UnknownExtKeyUsage",
        "OCSPServer",
        "IssuingCertificateURL",
        "CRLDistributionPoints",
        "PolicyIdentifiers",
        "Policies",
        "UnhandledCriticalExtensions",
    ] {
        fields.insert(name.to_owned(), Value::Null);
    }
    fields.insert("KeyUsage".to_owned(), json!(0));
    let unhandled = extensions.iter().filter(|extension| {
        let parsed = extension.parsed_extension();
        extension.critical && matches!(parsed, ParsedExtension::UnsupportedExtension { .. })
    });
    let unhandled = unhandled.map(|extension| object_identifier(&extension.oid));
    fields.insert(
        "UnhandledCriticalExtensions".to_owned(),
        list(unhandled.collect()),
    );
    for extension in extensions {
        for (name, value) in used(extension.parsed_extension()) {
            fields.insert(name.to_owned(), value);
        }
    }
}

fn used(extension: &ParsedExtension<'_>) -> Vec<(&'static str, Value)> {
    match extension {
        ParsedExtension::KeyUsage(usage) => vec![("KeyUsage", json!(usage.flags))],
        ParsedExtension::SubjectKeyIdentifier(id) => vec![("SubjectKeyId", bytes(id.0))],
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            let id = id.key_identifier.as_ref();
            vec![("AuthorityKeyId", id.map_or(Value::Null, |id| bytes(id.0)))]
        }
        ParsedExtension::ExtendedKeyUsage(usage) => vec![
            ("ExtKeyUsage", list(usages(usage))),
            (
                "UnknownExtKeyUsage",
                list(usage.other.iter().map(object_identifier).collect()),
            ),
        ],
        ParsedExtension::AuthorityInfoAccess(access) => {
            let of = |method: &str| {
                let found = access
                    .accessdescs
                    .iter()
                    .filter(|access| access.access_method.to_id_string() == method);
                list(
                    found
                        .filter_map(|access| location(&access.access_location))
                        .collect(),
                )
            };
            vec![
                ("OCSPServer", of("1.3.6.1.5.5.7.48.1")),
                ("IssuingCertificateURL", of("1.3.6.1.5.5.7.48.2")),
            ]
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            let names = points.points.iter().filter_map(|point| {
                match point.distribution_point.as_ref()? {
                    DistributionPointName::FullName(names) => Some(names),
                    DistributionPointName::NameRelativeToCRLIssuer(_) => None,
                }
            });
            let urls = names.flatten().filter_map(location);
            vec![("CRLDistributionPoints", list(urls.collect()))]
        }
        ParsedExtension::CertificatePolicies(policies) => {
            let oids = policies.iter().map(|policy| &policy.policy_id);
            let texts = oids.clone().map(|oid| json!(oid.to_id_string()));
            vec![
                (
                    "PolicyIdentifiers",
                    list(oids.map(object_identifier).collect()),
                ),
                ("Policies", list(texts.collect())),
            ]
        }
        _ => Vec::new(),
    }
}

fn location(name: &GeneralName<'_>) -> Option<Value> {
    match name {
        GeneralName::URI(text) => Some(json!(text)),
        _ => None,
    }
}

/// Go's numbers of extended key usages.
fn usages(usage: &ExtendedKeyUsage<'_>) -> Vec<Value> {
    let all = [
        (usage.any, 0),
        (usage.server_auth, 1),
        (usage.client_auth, 2),
        (usage.code_signing, 3),
        (usage.email_protection, 4),
        (usage.time_stamping, 8),
        (usage.ocsp_signing, 9),
    ];
    let given = all.into_iter().filter(|(given, _)| *given);
    given.map(|(_, number)| json!(number)).collect()
}
