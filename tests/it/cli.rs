//! The program itself: what it prints, and how it ends.

use beamline::config::Config;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn beamline(config: &Config) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(&config.data).args(["--log", "warn", "--database-url", &config.database()]);
    command
}

fn ended(config: &Config, line: &[&str]) -> Output {
    beamline(config).args(line).output().unwrap()
}

#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    said
}

both_databases! {
    async fn keys_are_made_listed_and_revoked(house: House) {
        let made = lines(&ended(&house.config, &["key", "create", "--role", "admin", "--name", "till", "--json"]));
        let made: Value = serde_json::from_str(&made[0]).unwrap();
        assert_eq!(made.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "key", "role", "name"]);
        let plain = lines(&ended(&house.config, &["key", "create", "--role", "viewer", "--name", "screen"]));
        assert!(plain.len() == 1 && plain[0].starts_with("bl_") && plain[0].len() == 46, "{plain:?}");
        let id = made["id"].as_str().unwrap();
        assert_eq!(lines(&ended(&house.config, &["key", "revoke", id])), [format!("{id} is revoked")]);
        let listed = ended(&house.config, &["key", "list", "--json"]);
        assert!(!String::from_utf8_lossy(&listed.stdout).contains(made["key"].as_str().unwrap()));
        let listed: Vec<Value> = lines(&listed).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((listed.len(), listed[0]["id"].as_str()), (2, Some(id)));
        assert!(listed[0]["revoked_at"].is_string() && listed[1]["revoked_at"].is_null());
        assert!(lines(&ended(&house.config, &["key", "list"]))[0].contains("revoked"));
    }

    async fn a_mistake_is_a_sentence_on_standard_error_and_exit_2(house: House) {
        let said = refused(&ended(&house.config, &["key", "revoke", "key_none"]));
        assert!(said.contains("key_none"), "{said}");
        let said = refused(&ended(&house.config, &["key", "create", "--role", "supplier", "--name", "x"]));
        assert!(said.contains("supplier"), "{said}");
        let said = refused(&ended(&house.config, &["migrate", "--log", "a=b=c"]));
        assert!(said.contains("--log"), "{said}");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let said = refused(&ended(&house.config, &["serve", "--listen", &taken.local_addr().unwrap().to_string()]));
        assert!(said.contains("--listen"), "{said}");
        assert_eq!(ended(&house.config, &["nonsense"]).status.code(), Some(2));
    }

    async fn serve_prints_where_it_is_and_stops_on_sigterm(house: House) {
        let mut server =
            beamline(&house.config).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let url = said.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert_eq!(reqwest::get(format!("{url}/readyz")).await.unwrap().text().await.unwrap(), "ready\n");
        assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn the_document_is_written_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("deep/api.json");
    let done = Command::new(env!("CARGO_BIN_EXE_beamline")).args(["openapi", "--out"]).arg(&place).output().unwrap();
    lines(&done);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(place).unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
