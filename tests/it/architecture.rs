//! The shape of the house, held: who may import what, how large a file may be, where tests stand. ARCHITECTURE.md says why.
//!
//! The rules read the text of the tracked files, so they need no build and see every feature and target. Each is a function from
//! one file to its findings, and each is shown to find what it forbids.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The wall; the habit is 300.
const MOST_LINES: usize = 500;

/// Folders of src/ that are no capability.
const NOT_CAPABILITIES: [&str; 5] = ["cli", "db", "dictionary", "http", "normalize"];

/// One file of the project.
struct File {
    /// From the project's root, with `/`.
    path: String,
    text: String,
}

/// A rule broken: the line and what to do.
type Finding = (usize, String);

impl File {
    /// Its lines from 1, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| (n + 1, without_comment(line)))
    }

    /// Does it hold tests only?
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Is it SQL, which a capability keeps in queries.rs or in a folder of that name?
    fn is_queries(&self) -> bool {
        self.path.ends_with("/queries.rs") || self.path.contains("/queries/")
    }

    /// Does it speak HTTP for a capability: api.rs or a folder of that name?
    fn is_api(&self) -> bool {
        self.path.ends_with("/api.rs") || self.path.contains("/api/")
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(&format!("src/{folder}/"))
    }

    /// The capability it belongs to.
    fn capability(&self) -> Option<&str> {
        let (folder, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        (!NOT_CAPABILITIES.contains(&folder)).then_some(folder)
    }
}

fn without_comment(line: &str) -> &str {
    let starts = line.match_indices("//").find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    starts.map_or(line, |(at, _)| &line[..at])
}

/// Is `word` in `line` where a name begins, as `axum::` is in `use axum::Json` and not in `utoipa_axum::router`?
fn has_name(line: &str, word: &str) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].chars().next_back().is_some_and(part_of_a_name))
}

fn lines_with(file: &File, names: &[&str], advice: &str) -> Vec<Finding> {
    file.code().filter(|(_, line)| names.iter().any(|name| has_name(line, name))).map(|(n, _)| (n, advice.to_owned())).collect()
}

/// Which of our own modules a file names by `crate::`, groups in braces included.
fn own_imports(file: &File) -> Vec<(usize, String)> {
    let code = file.code().fold(String::new(), |mut text, (_, line)| {
        let _ = writeln!(text, "{line}");
        text
    });
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].lines().count().max(1) + usize::from(code[..at].ends_with('\n'));
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, name(rest)));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push((line, name(&group[start..i])));
                    start = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn imports_only(file: &File, allowed: &[&str], advice: &str) -> Vec<Finding> {
    let others = own_imports(file).into_iter().filter(|(_, name)| !allowed.contains(&name.as_str()));
    others.map(|(line, name)| (line, format!("imports crate::{name}; {advice}"))).collect()
}

fn size(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    let exempt = file.path == "src/db/schema.rs";
    if exempt || lines <= MOST_LINES {
        vec![]
    } else {
        vec![(lines, format!("has {lines} lines; split it, {MOST_LINES} is the wall"))]
    }
}

fn axum(file: &File) -> Vec<Finding> {
    let spoken = file.is_in("http") || file.is_api() || ["src/main.rs", "src/cli/serve.rs"].contains(&file.path.as_str());
    if spoken || file.is_in("cli/serve") || file.is_test() {
        return vec![];
    }
    lines_with(file, &["axum::", "use axum", "utoipa_axum::"], "axum belongs into src/http/ and api.rs; move the handler there")
}

fn diesel(file: &File) -> Vec<Finding> {
    if file.is_in("db") || file.is_queries() || file.is_test() {
        return vec![];
    }
    let advice = "diesel belongs into src/db/ and queries.rs; make this a function there";
    lines_with(file, &["diesel::", "use diesel", "diesel_migrations::"], advice)
}

fn arrows(file: &File) -> Vec<Finding> {
    if file.is_test() {
        return vec![];
    }
    if file.is_in("normalize") {
        return imports_only(file, &["dictionary", "normalize"], "normalize/ knows the dictionary and itself only");
    }
    if file.is_in("dictionary") {
        return imports_only(file, &["dictionary", "error", "normalize"], "dictionary/ knows errors and values only");
    }
    if file.is_in("db") {
        let advice = "db/ knows no capability; pass what it needs, or move the query to the capability's queries.rs";
        return imports_only(file, &["clock", "db", "each_backend", "error", "id"], advice);
    }
    if file.capability().is_none() {
        return vec![];
    }
    let mut findings = Vec::new();
    for (line, name) in own_imports(file) {
        match name.as_str() {
            "cli" => findings.push((line, "a capability knows no command; move what both need into the capability".to_owned())),
            "http" if !file.is_api() => findings.push((line, "only api.rs of a capability knows http".to_owned())),
            _ => {}
        }
    }
    findings
}

fn purity(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.path.starts_with("src/") && file.path != "src/clock.rs" && !file.is_test() {
        let advice = "take the time from the caller or from Clock, so that tests can set it";
        findings.extend(lines_with(file, &["Utc::now(", "Local::now(", "SystemTime::now("], advice));
    }
    if file.is_in("normalize") && !file.is_test() {
        let advice = "normalize/ does no input or output; pass in what it needs";
        findings.extend(lines_with(file, &["std::fs", "std::net", "std::env", "tokio::", "reqwest::", "object_store::"], advice));
    }
    findings
}

fn names(file: &File) -> Vec<Finding> {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc"];
    let found = file.path.split('/').map(|part| part.trim_end_matches(".rs")).find(|part| vague.contains(part));
    found.map(|part| (1, format!("'{part}' says nothing; name it after what it does"))).into_iter().collect()
}

fn module_docs(file: &File) -> Vec<Finding> {
    let documented = file.text.starts_with("//!") || file.is_test();
    if documented {
        vec![]
    } else {
        vec![(1, "begins without '//!': say what this file is for and the idea behind it".to_owned())]
    }
}

fn tests_apart(file: &File) -> Vec<Finding> {
    if file.is_test() {
        return vec![];
    }
    let marks = ["#[test]", "#[tokio::test", "proptest! {", "mod tests {"];
    let inside = file.code().filter(|(_, line)| marks.iter().any(|mark| line.trim_start().starts_with(mark)));
    inside.map(|(n, _)| (n, "tests stand in tests.rs beside the code: write '#[cfg(test)] mod tests;'".to_owned())).collect()
}

fn no_panics(file: &File) -> Vec<Finding> {
    if file.is_test() {
        return vec![];
    }
    let marks = [".unwrap()", ".expect(\"", "clippy::unwrap_used", "clippy::expect_used", "clippy::panic"];
    let inside = file.code().filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)));
    inside.map(|(n, _)| (n, "may panic; return an error that says what to do".to_owned())).collect()
}

/// What only the machine knows it was written on. Pieced together, so that this file does not find itself.
fn no_machine(file: &File) -> Vec<Finding> {
    let places = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["C:\\", "Users"]].map(|parts| parts.concat());
    let begins = |line: &str, place: &str| {
        line.match_indices(place).any(|(at, _)| !line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '.'))
    };
    let mut findings = Vec::new();
    for (n, line) in file.text.lines().enumerate() {
        if let Some(place) = places.iter().find(|place| begins(line, place)) {
            findings.push((n + 1, format!("names a folder of one machine ({place}…); make it relative or an option")));
        }
    }
    findings
}

/// Packages come from crates.io whatever mirror a machine uses.
fn one_registry(file: &File) -> Vec<Finding> {
    let home = "registry+https://github.com/rust-lang/crates.io-index";
    let marks: &[&str] = match file.path.as_str() {
        "Cargo.lock" => &["source = "],
        ".cargo/config.toml" | ".cargo/config" => &["[source", "replace-with", "[registries", "registry = "],
        "Cargo.toml" => &["registry = ", "registry-index = "],
        _ => return vec![],
    };
    let foreign = |line: &str| marks.iter().any(|mark| line.trim_start().starts_with(mark)) && !line.contains(home);
    let lines = file.text.lines().enumerate().filter(|(_, line)| foreign(line));
    lines
        .map(|(n, _)| (n + 1, "names another registry than crates.io; leave that to the machine's own settings".to_owned()))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything that is tracked or would be, as text; other files are left out.
fn project() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|done| done.status.success())
        .map(|done| String::from_utf8_lossy(&done.stdout).split('\0').map(str::to_owned).collect::<Vec<_>>());
    let paths = listed.unwrap_or_else(|| {
        let mut paths = Vec::new();
        for folder in ["src", "tests", "benches", "schema", "migrations"] {
            walk(&root().join(folder), &mut paths);
        }
        paths
    });
    let read = |path: String| std::fs::read_to_string(root().join(&path)).ok().map(|text| File { path, text });
    let mut files: Vec<File> = paths.into_iter().filter_map(read).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the project's own files were found");
    files
}

/// For a copy without git, such as an unpacked release.
fn walk(folder: &Path, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, paths);
        } else if let Ok(path) = path.strip_prefix(root()) {
            paths.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
}

/// Applies `rule` to the files and fails with all findings at once.
fn hold(rule: fn(&File) -> Vec<Finding>, applies: fn(&str) -> bool) {
    let mut report = String::new();
    for file in project().iter().filter(|file| applies(&file.path)) {
        for (line, advice) in rule(file) {
            let _ = writeln!(report, "{}:{line}: {advice}", file.path);
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn is_source(path: &str) -> bool {
    path.starts_with("src/") && is_rust(path)
}

#[test]
fn files_are_small() {
    hold(size, is_rust);
}

#[test]
fn only_http_and_api_know_axum() {
    hold(axum, is_source);
}

#[test]
fn only_db_and_queries_know_diesel() {
    hold(diesel, is_source);
}

#[test]
fn arrows_point_one_way() {
    hold(arrows, is_source);
}

#[test]
fn rules_ask_no_clock_and_touch_no_file() {
    hold(purity, is_source);
}

#[test]
fn names_say_something() {
    hold(names, is_rust);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    hold(module_docs, is_source);
}

#[test]
fn unit_tests_stand_beside_the_code() {
    hold(tests_apart, is_source);
}

#[test]
fn nothing_panics_on_purpose() {
    hold(no_panics, is_source);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    hold(no_machine, |_| true);
}

#[test]
fn packages_come_from_one_registry() {
    hold(one_registry, |_| true);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let tree = |database: &str| -> BTreeSet<PathBuf> {
        let folder = root().join("migrations").join(database);
        let mut paths = Vec::new();
        walk(&folder, &mut paths);
        let prefix = format!("migrations/{database}/");
        paths.iter().map(|path| PathBuf::from(path.trim_start_matches(&prefix))).collect()
    };
    let (sqlite, postgres) = (tree("sqlite"), tree("postgres"));
    let alone: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
    assert!(alone.is_empty(), "these stand in one of migrations/sqlite and migrations/postgres only; write the other: {alone:?}");
    for folder in sqlite.iter().filter_map(|path| path.parent()) {
        for script in ["up.sql", "down.sql"] {
            assert!(sqlite.contains(&folder.join(script)), "migrations/*/{} has no {script}", folder.display());
        }
    }
}

#[test]
fn each_rule_finds_what_it_forbids() {
    let lines = |rule: fn(&File) -> Vec<Finding>, path: &str, text: &str| -> Vec<usize> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        rule(&file).into_iter().map(|(line, _)| line).collect()
    };
    assert_eq!(lines(size, "src/stock/mod.rs", &"x\n".repeat(501)), [501]);
    assert!(lines(size, "src/stock/mod.rs", &"x\n".repeat(500)).is_empty());
    assert_eq!(lines(axum, "src/stock/available.rs", "// axum::x\nuse axum::Json;"), [2]);
    assert!(lines(axum, "src/stock/api.rs", "use axum::Json;").is_empty());
    assert_eq!(lines(diesel, "src/stock/api.rs", "\nfn f(c: diesel::PgConnection) {}"), [2]);
    assert!(lines(diesel, "src/stock/queries/levels.rs", "use diesel::prelude::*;").is_empty());
    assert_eq!(lines(arrows, "src/stock/available.rs", "use crate::http::Page;"), [1]);
    assert!(lines(arrows, "src/stock/api.rs", "use crate::http::Page;").is_empty());
    assert_eq!(lines(arrows, "src/stock/api.rs", "use std::fmt;\nuse crate::{error::Result,\n cli::serve};"), [2]);
    assert_eq!(lines(arrows, "src/db/pool.rs", "use crate::catalog::{Product, http};"), [1]);
    assert_eq!(lines(arrows, "src/normalize/quantity.rs", "use crate::db::Conn;\nuse crate::dictionary::Unit;"), [1]);
    assert_eq!(lines(purity, "src/stock/available.rs", "let now = Utc::now();"), [1]);
    assert_eq!(lines(purity, "src/normalize/quantity.rs", "use std::fs;"), [1]);
    assert_eq!(lines(names, "src/stock/utils.rs", ""), [1]);
    assert_eq!(lines(names, "src/common/money.rs", ""), [1]);
    assert!(lines(names, "src/stock/commonly_asked.rs", "").is_empty());
    assert_eq!(lines(module_docs, "src/stock/mod.rs", "use x;"), [1]);
    assert_eq!(lines(tests_apart, "src/stock/available.rs", "#[cfg(test)]\nmod tests {\n    #[test]"), [2, 3]);
    assert!(lines(tests_apart, "src/stock/available.rs", "#[cfg(test)]\nmod tests;").is_empty());
    assert_eq!(
        lines(no_panics, "src/stock/available.rs", "a.unwrap();\nb.expect(\"c\");\n/// d.unwrap()\ne.unwrap_or(0)"),
        [1, 2]
    );
    assert!(lines(no_panics, "src/stock/tests.rs", "a.unwrap()").is_empty());
    assert_eq!(lines(no_machine, "README.md", &format!("see {}x", ["/wo", "rk/"].concat())), [1]);
    assert!(lines(no_machine, "README.md", "https://example.com/homework/x and the network/x").is_empty());
    assert_eq!(lines(one_registry, "Cargo.lock", "source = \"registry+https://mirror.example/index\""), [1]);
}
