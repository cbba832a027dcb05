//! The certificates that are trusted.

use aws_smithy_runtime_api::box_error::BoxError;
use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The roots of Amazon Trust Services, from which the certificates of AWS's endpoints come: Amazon Root CA 1 to 4, and the
/// Starfield Services root that older chains end in. As published at <https://www.amazontrust.com/repository/>.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("../roots/amazon-root-ca-1.der"),
    include_bytes!("../roots/amazon-root-ca-2.der"),
    include_bytes!("../roots/amazon-root-ca-3.der"),
    include_bytes!("../roots/amazon-root-ca-4.der"),
    include_bytes!("../roots/starfield-services-root-ca-g2.der"),
];

/// The beginnings of regions whose endpoints have other certificates.
const ELSEWHERE: &[&str] = &["cn-", "us-iso", "eu-iso"];

/// TLS for the endpoints of a region: it trusts Amazon's few roots, because reading the hundred of the system takes longer than all else
/// at the start of a function; the system's in regions that have others.
pub(crate) fn trusting(region: &str) -> Result<ClientConfig, BoxError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    if ELSEWHERE.iter().any(|beginning| region.starts_with(beginning)) {
        return Ok(config.with_native_roots()?.with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    for root in ROOTS {
        roots.add(CertificateDer::from(root))?;
    }
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::{ROOTS, trusting};
    use posture_shared::secrets::sha256_hex;

    /// The fingerprints that Amazon publishes.
    #[test]
    fn they_are_amazons() {
        let fingerprints: Vec<String> = ROOTS.iter().map(|root| sha256_hex(root)).collect();
        assert_eq!(
            fingerprints,
            [
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
            ]
        );
    }

    #[test]
    fn every_region_has_some() {
        for region in ["eu-west-1", "us-gov-west-1"] {
            assert!(trusting(region).is_ok(), "{region}");
        }
    }
}
