//! The program itself: what it prints, and how it ends.

use beamline::config::Config;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
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

    async fn the_exit_status_of_an_import_says_how_it_ended(house: House) {
        let write = |name: &str, text: &str| {
            let path = house.dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let good = write("good.csv", "sku,brand,mpn,title,lumens\nA-1,Fenix,HM65R,Fenix HM65R,1400 lm\nA-2,Fenix,HM70R,Fenix HM70R,dazzling\n");
        let lossy = write("lossy.csv", "sku,brand,mpn,title,lumens\nA-1,Fenix,HM65R,Fenix HM65R,1400 lm\n,Fenix,HM71R,Fenix HM71R,1600 lm\n");
        let none = write("none.csv", "sku,brand,mpn,title,lumens\n");
        let import = |line: &[&str]| ended(&house.config, &[&["import", "--supplier", "alpine", "--json"], line].concat());
        let body = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));

        // Warnings are no failure.
        let told = import(&["--dry-run", &good]);
        assert_eq!((told.status.code(), body(&told)["dry_run"].as_bool(), body(&told)["created"].as_i64()), (Some(0), Some(true), Some(2)));
        let done = import(&[&good]);
        let read = body(&done);
        assert_eq!((done.status.code(), read["status"].as_str(), read["created"].as_i64(), read["warned"].as_i64()), (Some(0), Some("done"), Some(2), Some(1)));
        assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 1, "one JSON object on one line");
        for name in ["id", "supplier", "kind", "rows_read", "updated", "unchanged", "rejected", "gone", "change", "profile", "started_at", "finished_at"] {
            assert!(read.get(name).is_some(), "{name} in {read}");
        }
        let lost = import(&[&lossy]);
        assert_eq!((lost.status.code(), body(&lost)["status"].as_str(), body(&lost)["rejected"].as_i64()), (Some(1), Some("done_with_issues"), Some(1)));
        let empty = import(&[&none]);
        assert_eq!((empty.status.code(), body(&empty)["status"].as_str()), (Some(2), Some("failed")));
        let held = import(&["--full", &write("few.csv", "sku,brand,mpn,title,lumens\nA-1,Fenix,HM65R,Fenix HM65R,1400 lm\n")]);
        assert_eq!((held.status.code(), body(&held)["status"].as_str()), (Some(2), Some("held")));
        let both = import(&["--full", &good, &lossy]);
        assert_eq!((both.status.code(), body(&both)["rows_read"].as_i64(), body(&both)["gone"].as_i64()), (Some(1), Some(4), Some(0)), "several files are one import");
        assert!(refused(&import(&["/no/such/file.csv"])).contains("/no/such/file.csv"));
        let profile = write("bad.toml", "name = \"x\"\n[[column]]\nfrom = \"sku\"\nto = \"nonsense\"\n");
        let said = refused(&import(&["--profile", &profile, &good]));
        assert!(said.contains("nonsense") && said.contains("line"), "{said}");
        assert_eq!(import(&["--full", "--partial", &good]).status.code(), Some(2));
        assert_eq!(import(&["--kind", "recipes", &good]).status.code(), Some(2));
        // For people: the counts, and what was wrong.
        let plain = ended(&house.config, &["import", "--supplier", "alpine", &lossy]);
        let said = String::from_utf8(plain.stdout).unwrap();
        assert!(said.contains("2 rows read = 0 created + 0 updated + 1 unchanged + 1 rejected") && said.contains("missing_key"), "{said}");
    }

    async fn an_import_reads_standard_input(house: House) {
        let mut child = beamline(&house.config).args(["import", "--supplier", "alpine", "--json", "-"])
            .stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"sku;brand;mpn;title\nA-1;Fenix;HM65R;Fenix HM65R\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), read["created"].as_i64(), read["files"][0].as_str()), (Some(0), Some(1), Some("stdin")));
        // What an import wrote, a search finds.
        let found = lines(&ended(&house.config, &["search", "HM65R", "--json"]));
        let found: Value = serde_json::from_str(&found.concat()).unwrap();
        assert_eq!(found["items"][0]["title"], "Fenix HM65R");
        let nothing = beamline(&house.config).args(["import", "--supplier", "alpine", "-"]).stdin(Stdio::null()).output().unwrap();
        assert_eq!(nothing.status.code(), Some(2));
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
