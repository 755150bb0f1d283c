//! The bench measures everything it promises; what it measures is not judged here.

use beamline::bench::Figure;
use serde_json::Value;
use std::process::Command;

/// Runs a small bench and checks the shape of each line. The figures of so little data mean nothing.
fn measures(products: &str, database: Option<&str>, figures: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command.args(["bench", "--products", products, "--photographs", "2", "--log", "error"]);
    command.args(figures.iter().flat_map(|figure| ["--figure", figure]));
    command.args(database.iter().flat_map(|url| ["--database-url", url]));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["figure"].as_str().unwrap()).collect();
    // Held against libvips, and left out where that is not installed.
    let libvips = Command::new("vipsthumbnail").arg("--version").output().is_ok();
    let here = |figure: &&Figure| libvips || **figure != Figure::Picture;
    let all: Vec<&str> = Figure::ALL.iter().filter(here).map(|figure| figure.as_str()).collect();
    assert_eq!(names, if figures.is_empty() { all } else { figures.to_vec() });
    for line in &lines {
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["figure", "value", "unit", "floor", "floor_value", "ratio", "products", "database"]);
        let [value, floor, ratio] = ["value", "floor_value", "ratio"].map(|key| line[key].as_f64().unwrap());
        // All three are rounded to four decimals, which shows where the floor is a few milliseconds.
        let rounding = 0.000_1 * (ratio + floor + 1.0);
        assert!(value > 0.0 && floor > 0.0 && (ratio * floor - value).abs() <= rounding, "{line}");
        assert_eq!(line["products"].to_string(), products);
        assert_eq!(line["database"], if database.is_some() { "postgres" } else { "sqlite" });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn every_figure_is_measured() {
    measures("200", None, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_measured_in_databases_of_its_own() {
    let Some(house) = crate::support::House::on_postgres().await else { return };
    let url = house.config.database();
    tokio::task::spawn_blocking(move || measures("20", Some(&url), &["import", "import_again", "stock"])).await.unwrap();
}
