//! Certificates of one run: an authority that nobody else trusts, and what it signs.
//!
//! All keys are ECDSA P-256. They live as long as the run's folder does, readable for its owner only.

use std::path::PathBuf;

use crosscut_programs::StateFolder;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use super::error::SetupError;

/// Names that every server of a run goes by.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];
/// Names that an API server goes by within its cluster.
const IN_CLUSTER: [&str; 4] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];
/// The group whose members may do everything.
const ADMINISTRATORS: &str = "system:masters";

/// A certificate and its key, both PEM.
#[derive(Clone)]
pub struct Keyed {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS #8).
    pub key: String,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keyed(..)")
    }
}

/// Who signs the certificates of a run.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// If the key cannot be made.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("crosscut", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// The authority's own certificate (PEM).
    #[must_use]
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server on the loopback interface that also goes by `names`.
    ///
    /// # Errors
    /// If a name cannot be in a certificate.
    pub fn server(&self, name: &str, names: &[&str]) -> Result<Keyed, rcgen::Error> {
        let names: Vec<String> = LOOPBACK
            .iter()
            .chain(names)
            .map(|name| (*name).to_owned())
            .collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named(name, None);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A certificate for who is both: a server on the loopback interface, and a client of such servers.
    ///
    /// # Errors
    /// If the name cannot be in a certificate.
    pub fn peer(&self, name: &str) -> Result<Keyed, rcgen::Error> {
        let names: Vec<String> = LOOPBACK.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named(name, None);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        self.sign(params)
    }

    /// A certificate for a client: the user and the group that an API server takes it for.
    ///
    /// # Errors
    /// If a name cannot be in a certificate.
    pub fn client(&self, user: &str, group: Option<&str>) -> Result<Keyed, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(user, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> Result<Keyed, rcgen::Error> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Keyed {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

fn named(user: &str, group: Option<&str>) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    if let Some(group) = group {
        name.push(DnType::OrganizationName, group);
    }
    name.push(DnType::CommonName, user);
    name
}

/// Every certificate of an environment, written into its folder.
pub struct Certificates {
    /// Signs more.
    pub authority: Authority,
    /// The administrator's.
    pub admin: Keyed,
    /// The folder; files are called as the constants of this type say.
    pub folder: PathBuf,
}

impl Certificates {
    /// The authority's certificate.
    pub const AUTHORITY: &'static str = "ca.crt";
    /// The API servers' certificate.
    pub const API_SERVER: &'static str = "apiserver.crt";
    /// The API servers' key.
    pub const API_SERVER_KEY: &'static str = "apiserver.key";
    /// The public key that service account tokens are checked with.
    pub const SERVICE_ACCOUNT: &'static str = "sa.pub";
    /// The private key that service account tokens are signed with.
    pub const SERVICE_ACCOUNT_KEY: &'static str = "sa.key";
    /// The folder with `tls.crt`, `tls.key` and `ca.crt` for functions that listen on the loopback interface.
    pub const FUNCTION: &'static str = "function";
    /// The folder with `tls.crt`, `tls.key` and `ca.crt` with which Crossplane calls functions.
    pub const CROSSPLANE: &'static str = "crossplane";
    /// The folder with `tls.crt`, `tls.key` and `ca.crt` for webhooks that API servers call.
    pub const WEBHOOK: &'static str = "webhook";

    /// Makes them and writes them.
    ///
    /// # Errors
    /// [`SetupError::Certificate`], [`SetupError::State`].
    pub fn make(state: &StateFolder) -> Result<Self, SetupError> {
        Self::make_for(state, &[])
    }

    /// The same, with webhooks that go by other names as well, or by other addresses.
    ///
    /// # Errors
    /// As [`Certificates::make`].
    pub fn make_for(state: &StateFolder, webhooks: &[&str]) -> Result<Self, SetupError> {
        let authority = Authority::new()?;
        let certificates = Self {
            admin: authority.client("crosscut", Some(ADMINISTRATORS))?,
            folder: state.folder("certificates")?,
            authority,
        };
        certificates.write(state, webhooks)?;
        Ok(certificates)
    }

    /// The path of a file or folder of theirs.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// The arguments by which Kubernetes' programs serve with the API servers' certificate.
    pub fn serving_arguments(&self) -> [String; 2] {
        [
            format!("--tls-cert-file={}", self.path(Self::API_SERVER)),
            format!("--tls-private-key-file={}", self.path(Self::API_SERVER_KEY)),
        ]
    }

    fn write(&self, state: &StateFolder, webhooks: &[&str]) -> Result<(), SetupError> {
        let put = |name: &str, text: &str| state.write(&format!("certificates/{name}"), text);
        let authority = &self.authority;
        put(Self::AUTHORITY, &authority.certificate())?;
        let api_server = authority.server("kube-apiserver", &IN_CLUSTER)?;
        put(Self::API_SERVER, &api_server.certificate)?;
        put(Self::API_SERVER_KEY, &api_server.key)?;
        let service_account = KeyPair::generate()?;
        put(Self::SERVICE_ACCOUNT, &service_account.public_key_pem())?;
        put(Self::SERVICE_ACCOUNT_KEY, &service_account.serialize_pem())?;
        for (folder, keyed) in [
            (Self::FUNCTION, authority.server("function", &[])?),
            (Self::CROSSPLANE, authority.client("crossplane", None)?),
            (Self::WEBHOOK, authority.server("webhook", webhooks)?),
        ] {
            state.folder(&format!("certificates/{folder}"))?;
            put(&format!("{folder}/ca.crt"), &authority.certificate())?;
            put(&format!("{folder}/tls.crt"), &keyed.certificate)?;
            put(&format!("{folder}/tls.key"), &keyed.key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crosscut_programs::StateFolder;

    use super::Certificates;

    #[test]
    fn everything_is_written_for_its_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let (state, _) = StateFolder::open(root.path()).unwrap();
        let certificates = Certificates::make(&state).unwrap();
        for (name, kind) in [
            ("ca.crt", "CERTIFICATE"),
            ("apiserver.crt", "CERTIFICATE"),
            ("apiserver.key", "PRIVATE KEY"),
            ("sa.pub", "PUBLIC KEY"),
            ("sa.key", "PRIVATE KEY"),
            ("function/tls.crt", "CERTIFICATE"),
            ("function/tls.key", "PRIVATE KEY"),
            ("function/ca.crt", "CERTIFICATE"),
            ("crossplane/tls.crt", "CERTIFICATE"),
            ("crossplane/tls.key", "PRIVATE KEY"),
            ("webhook/tls.key", "PRIVATE KEY"),
        ] {
            let path = certificates.path(name);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with(&format!("-----BEGIN {kind}-----")),
                "{name}: {text}"
            );
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let mode = std::fs::metadata(&certificates.folder)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
