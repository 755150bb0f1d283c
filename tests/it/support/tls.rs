//! Encryption before a host of pictures, by a certificate that nobody vouches for but itself.

use super::PictureHost;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A running front. Dropping it stops it.
pub struct TlsFront {
    at: String,
    folder: TempDir,
    accepting: JoinHandle<()>,
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl TlsFront {
    /// Hands on to the host what comes.
    pub async fn before(host: &PictureHost) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("vouched.pem"), pem(cert.der())).unwrap();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, behind) = (listener.local_addr().unwrap().to_string(), host.at.clone());
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                connections.spawn(async move {
                    // A client that hangs up, or trusts nobody, is no fault of the host.
                    let mut client = acceptor.accept(stream).await?;
                    let mut host = TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut host).await
                });
            }
        });
        Self { at, folder, accepting }
    }

    /// The address of a path, by IP.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.at)
    }

    /// The file of the certificates to be trusted, for `SSL_CERT_FILE`.
    pub fn vouched(&self) -> PathBuf {
        self.folder.path().join("vouched.pem")
    }
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
