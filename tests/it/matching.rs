//! `beamline match` from outside: small files of our own, two real sources, public matching sets, and a generated catalogue with its truth.
//!
//! What reads the shared material prints its figures (`--nocapture`), and asserts floors a little below what was measured.

use crate::support::{say, shared};
use beamline::identity::Decision;
use beamline::identity::evaluate::{Counts, against_all, against_labelled};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

type Rows = (u64, u64);

/// One line of the output.
#[derive(Debug)]
struct Found {
    rows: Rows,
    decision: Decision,
    score: u16,
    reasons: String,
}

fn run(left: &Path, right: &Path, out: &Path, more: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.args(["--log", "warn", "match", "--left"]).arg(left).arg("--right").arg(right).arg("--out").arg(out);
    if let [left, right] = more {
        command.arg("--profile-left").arg(left).arg("--profile-right").arg(right);
    }
    command.output().unwrap()
}

#[track_caller]
fn matched(left: &Path, right: &Path, profiles: &[&Path]) -> Vec<Found> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pairs.csv");
    let done = run(left, right, &out, profiles);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut reader = csv::Reader::from_path(out).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["left_row", "right_row", "decision", "score", "reasons"]);
    let read = |row: csv::StringRecord| Found {
        rows: (row[0].parse().unwrap(), row[1].parse().unwrap()),
        decision: match &row[2] {
            "merge" => Decision::Merge,
            "review" => Decision::Review,
            other => panic!("{other} is no decision of the file"),
        },
        score: row[3].parse().unwrap(),
        reasons: row[4].to_owned(),
    };
    reader.records().map(|row| read(row.unwrap())).collect()
}

fn decisions(found: &[Found]) -> HashMap<Rows, Decision> {
    found.iter().map(|pair| (pair.rows, pair.decision)).collect()
}

const OURS: &str = "\
sku,brand,model,mpn,ean,title,colour,pack size,lumens,weight (g)
A1,Nitecore,NU45,,,Nitecore NU45 headlamp,black,,1200,120
A2,Nitecore,NU25 UL,,4006381333931,Nitecore NU25 UL headlamp,white,,400,45
A3,Petzl,Actik Core,E065AA00,,Petzl Actik Core headlamp,red,,600,88
A4,Fenix,HL40 V2.0,,,Fenix HL40 V2.0 headlamp,,,500,100
A5,Silva,Trail Runner Free,,,Silva Trail Runner Free headlamp,,,400,80
A6,Ledlenser,H7R Core,502122,5901234123457,Ledlenser H7R Core headlamp,,,1000,180
A7,Black Diamond,Spot 400,,,Black Diamond Spot 400 headlamp,,,400,78
A8,Skilhunt,H04,SK-H04-R,,Skilhunt H04 headlamp,,,1200,60
";
const THEIRS: &str = "\
item number;manufacturer;model name;mpn;gtin;product name;color;pack quantity;light output;weight
1;nightcore;NU 45;;;Headlamp NU45;black;1;1200 lm;4.2 oz
2;Nitecore;NU25 UL;;4006381333981;Headlamp NU25 UL;white;1;400 lm;45 g
3;Petzl;Actik Core;E065AA01;;Headlamp Actik Core;blue;1;600 lm;88 g
4;Fenix;HL40;;;Headlamp HL40;;1;400 lm;100 g
5;Silva;Trail Runner Free;;;Headlamp Trail Runner Free, 2-pack;;2;400 lm;160 g
6;Led Lenser;H7R Core;502122;96385074;Headlamp H7R Core;;1;1000 lm;180 g
7;Black Diamond;Spot 400;;;Headband for Black Diamond Spot 400 headlamp;;1;;
8;Skilhunnt;H04;sk h04 r;;Headlamp H04;;1;1200 lm;60 g
";

#[test]
fn two_small_files_are_decided_row_by_row_with_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (left, right) = (write("ours.csv", OURS), write("theirs.csv", THEIRS));
    let found = matched(&left, &right, &[]);
    let told = |row: u64| found.iter().find(|pair| pair.rows == (row, row));
    let is = |row: u64, decision: Decision, because: &str| {
        let pair = told(row).unwrap_or_else(|| panic!("row {row} in {found:#?}"));
        assert!(pair.decision == decision && pair.reasons.contains(because) && pair.score <= 1000, "{because}: {pair:?}");
    };
    is(1, Decision::Merge, "same_brand_and_model");
    is(2, Decision::Merge, "gtin_repair gtin: 04006381333931 | 4006381333981");
    assert!(told(3).is_none(), "another colour is another product of the group");
    assert!(told(4).is_none(), "another generation is another product");
    assert!(told(5).is_none(), "two are not one");
    is(6, Decision::Review, "other_gtin gtin: 05901234123457 | 00000096385074");
    assert!(told(7).is_none(), "a headband is no lamp");
    is(8, Decision::Merge, "like_brand");
    assert!(found.iter().all(|pair| pair.rows.0 == pair.rows.1), "{found:#?}");

    let counts = run(&left, &right, &folder.path().join("again.csv"), &[]);
    let said = String::from_utf8(counts.stdout).unwrap();
    assert_eq!(said.trim(), "8 and 8 records: 3 pairs to merge, 1 to review, 1 of the same model in another colour");
    // The file itself on standard output, and nothing else.
    let piped = run(&left, &right, Path::new("-"), &[]);
    assert!(String::from_utf8(piped.stdout).unwrap().starts_with("left_row,right_row,decision,score,reasons\n1,1,merge,"));
    // A profile outranks what the headers say: without the model's column only the titles are left.
    let profile = write("titles.toml", "name = \"titles\"\n[[column]]\nfrom = \"product name\"\nto = \"title\"\n");
    let ours = write(
        "ours.toml",
        "name = \"ours\"\n[[column]]\nfrom = \"sku\"\nto = \"mpn\"\n[[column]]\nfrom = \"title\"\nto = \"title\"\n",
    );
    assert!(matched(&left, &right, &[&ours, &profile]).iter().all(|pair| !pair.reasons.contains("same_brand_and_mpn")));
}

#[test]
fn a_users_matching_rules_stand_over_ours_and_a_mistake_in_them_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema");
    std::fs::create_dir_all(schema.join("identity")).unwrap();
    let file = folder.path().join("lamps.csv");
    std::fs::write(&file, "brand,title\nFenix,Fenix HM65R zweierlei\nFenix,Fenix HM65R\n").unwrap();
    let with = |rules: &str| {
        std::fs::write(schema.join("identity/matching.toml"), rules).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
        command.args(["--log", "warn", "--schema"]).arg(&schema).args(["match", "--out", "-", "--left"]).arg(&file);
        command.arg("--right").arg(&file).output().unwrap()
    };
    let merged = |done: &Output| {
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        text.lines().filter(|line| line.starts_with("1,2,") || line.starts_with("2,1,")).count()
    };
    let asked = with("");
    assert!(asked.status.success() && merged(&asked) > 0, "{asked:?}");
    let told = with("[counted]\nzweierlei = 2\n");
    assert_eq!(merged(&told), 0, "a pack is another product: {told:?}");
    let wrong = with("[thresholds]\n\nmerge = \"often\"\n");
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(2) && said.contains("matching.toml, line 3"), "{said}");
}

#[test]
fn a_mistake_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "title\nlamp\n").unwrap();
    for (left, right, out, word) in [
        (Path::new("/no/such.csv"), file.as_path(), Path::new("-"), "/no/such.csv"),
        (file.as_path(), file.as_path(), Path::new("/no/such/out.csv"), "--out"),
    ] {
        let done = run(left, right, out, &[]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(2) && said.contains(word) && said.lines().count() == 1, "{said}");
    }
    let done = run(&file, &file, &folder.path().join("out.csv"), &[&file, &file]);
    assert!(done.status.code() == Some(2) && String::from_utf8_lossy(&done.stderr).contains("profile"), "{done:?}");
}

fn shown(name: &str, counts: &Counts) {
    let (precision, recall, f1) = (counts.precision(), counts.recall(), counts.f1());
    say(&format!(
        "{name:<28} precision {precision:.4} recall {recall:.4} F1 {f1:.4}; missed {} of which asked about {}",
        counts.missed, counts.asked
    ));
}

/// Row numbers by brand and model.
fn rows_by_name(path: &Path) -> HashMap<(String, String), Vec<u64>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (brand, model) = (at("brand"), at("model"));
    let mut rows: HashMap<(String, String), Vec<u64>> = HashMap::new();
    for (row, record) in (1..).zip(reader.records().map(Result::unwrap)) {
        rows.entry((record[brand].to_lowercase(), record[model].to_lowercase())).or_default().push(row);
    }
    rows
}

#[test]
fn lamps_of_two_real_sources_meet() {
    let Some(truth) = shared("data/er-benchmarks/flashlight_cross_source_pairs.csv") else { return };
    let data = truth.parent().unwrap().parent().unwrap().to_owned();
    let right = data.join("torch-wiki/torch_wiki_products.csv");
    for (left, least) in [("flashlights_all.csv", 33), ("headlamps.csv", 0)] {
        let left = data.join("flashlights-parametrek").join(left);
        let (ours, theirs) = (rows_by_name(&left), rows_by_name(&right));
        let mut pairs: HashSet<Rows> = HashSet::new();
        for row in csv::Reader::from_path(&truth).unwrap().records().map(Result::unwrap) {
            let of = |rows: &HashMap<(String, String), Vec<u64>>, model: &str| {
                rows.get(&(row[0].to_lowercase(), model.to_lowercase())).cloned().unwrap_or_default()
            };
            for one in of(&ours, &row[1]) {
                pairs.extend(of(&theirs, &row[2]).into_iter().map(|other| (one, other)));
            }
        }
        let found = matched(&left, &right, &[]);
        // The truth lists the pairs that somebody found, so that other merges are no mistakes by it: they are looked at by eye.
        let known = found.iter().filter(|pair| {
            pairs.contains(&pair.rows) || pairs.iter().any(|known| (known.0 == pair.rows.0) != (known.1 == pair.rows.1))
        });
        let counts = against_all(known.map(|pair| (pair.rows, pair.decision)), &pairs);
        shown(left.file_name().unwrap().to_str().unwrap(), &counts);
        assert!(pairs.len() >= least, "the truth names rows of both sources: {}", pairs.len());
        assert!(counts.precision() >= 0.99 && counts.recall() >= 0.95, "{counts:?}");
        assert_eq!(counts.asked, counts.missed, "what is missed is asked about");
    }
}

#[test]
fn public_matching_sets() {
    for (name, floor) in [
        ("walmart-amazon_structured", 0.82),
        ("walmart-amazon_dirty", 0.78),
        ("abt-buy_textual", 0.83),
        ("amazon-google_structured", 0.60),
    ] {
        let Some(path) = shared(&format!("data/er-benchmarks/deepmatcher-pairs/{name}.csv")) else { return };
        let mut reader = csv::Reader::from_path(path).unwrap();
        let headers = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).filter(|row| &row[0] == "valid").collect();
        let folder = tempfile::tempdir().unwrap();
        let side = |side: &str| -> PathBuf {
            let columns: Vec<usize> = (0..headers.len()).filter(|at| headers[*at].starts_with(side)).collect();
            let path = folder.path().join(format!("{side}.csv"));
            let mut writer = csv::Writer::from_path(&path).unwrap();
            writer.write_record(columns.iter().map(|at| headers[*at].split_once('_').unwrap().1)).unwrap();
            for row in &rows {
                writer.write_record(columns.iter().map(|at| &row[*at])).unwrap();
            }
            writer.flush().unwrap();
            path
        };
        let found = decisions(&matched(&side("left"), &side("right"), &[]));
        let labelled: Vec<(Rows, bool)> = (1..).zip(&rows).map(|(at, row)| ((at, at), &row[1] == "1")).collect();
        let counts = against_labelled(&found, &labelled);
        shown(name, &counts);
        assert!(counts.f1() >= floor, "{name}: {counts:?}");
    }
}

/// The SKUs of a generated catalogue in the order of its rows.
fn skus(folder: &Path, column: &str) -> (PathBuf, Vec<String>) {
    let path = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let path = path.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == "catalog")).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    let separator = if text.lines().next().unwrap().contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == column).unwrap();
    let skus = reader.records().map(|row| row.unwrap()[at].to_owned()).collect();
    (path, skus)
}

#[test]
fn a_generated_catalogue_is_matched_as_its_truth_says() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_beamline"))
        .args(["--log", "warn", "generate", "--products", "1000", "--suppliers", "3", "--seed", "5", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut truth = csv::Reader::from_path(folder.path().join("truth.csv")).unwrap();
    let truth: HashMap<(String, String), String> =
        truth.records().map(Result::unwrap).map(|row| ((row[0].to_owned(), row[1].to_owned()), row[2].to_owned())).collect();
    let (left, ours) = skus(&folder.path().join("nordlicht"), "Artikelnummer");
    let (right, theirs) = skus(&folder.path().join("redrock"), "Item No");
    let product = |supplier: &str, sku: &String| truth.get(&(supplier.to_owned(), sku.clone()));
    let mut pairs: HashSet<Rows> = HashSet::new();
    for (row, sku) in (1..).zip(&ours) {
        let one = product("nordlicht", sku);
        let others = (1..).zip(&theirs).filter(|(_, other)| one.is_some() && product("redrock", other) == one);
        pairs.extend(others.map(|(other, _)| (row, other)));
    }
    let found = matched(&left, &right, &[]);
    let counts = against_all(found.iter().map(|pair| (pair.rows, pair.decision)), &pairs);
    shown("generated, default dirt", &counts);
    assert!(pairs.len() > 500 && counts.f1() >= 0.99 && counts.precision() >= 0.998, "{counts:?}");
}
