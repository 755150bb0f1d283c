//! Pictures of hosts with encryption, as nearly all are.

use super::drawn::jpeg;
use super::{PictureHost, Server};
use crate::support::{Behaviour, TlsFront};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;

both_databases! {
    async fn a_host_is_believed_when_its_certificate_is(house: House) {
        let (host, server) = (PictureHost::start().await, Server::start(&house).await);
        let front = TlsFront::before(&host).await;
        host.serves("/lamp.jpg", Behaviour::Ok(jpeg(1, 600, 600), "image/jpeg", None));
        let shows = json!({"sku": "L-1", "images": [{"url": front.url("/lamp.jpg")}]});
        server.send(Method::POST, "/api/v1/products", shows).await.expect(201);
        let fetch = async |trusted: bool| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
                command.env_remove(name);
            }
            command.env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
            if trusted {
                command.env("SSL_CERT_FILE", front.vouched());
            }
            command.arg("--data").arg(&house.config.data).args(["--log", "warn", "--database-url", &house.config.database()]);
            command.args(["--image-hosts", "127.0.0.1", "images", "fetch", "--again", "all", "--json"]);
            let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            serde_json::from_slice::<Value>(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"))
        };
        let address = async || server.all("/api/v1/images/addresses").await.remove(0);
        assert_eq!(fetch(false).await["later"], 1);
        assert_eq!(address().await["code"], "tls");
        assert_eq!(host.requests("/lamp.jpg"), 0, "nothing is said to a host that nobody vouches for");
        assert_eq!(fetch(true).await["kept"], 1);
        let address = address().await;
        assert_eq!((&address["state"], &address["code"]), (&json!("ready"), &Value::Null), "{address}");
    }
}
