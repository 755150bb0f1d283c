//! What people's names mean, and that no name breaks anything.

use super::{Key, Meaning, Naming};
use crate::dictionary::Dictionary;
use proptest::prelude::*;
use std::sync::LazyLock;

static NAMING: LazyLock<Naming> = LazyLock::new(|| Naming::of(&Dictionary::embedded().unwrap()).unwrap());

fn of_sku(name: &str, sku: &str) -> Option<(Option<u32>, Option<String>)> {
    let is = |meaning: &&Meaning| matches!(&meaning.key, Key::Sku(read) if read == sku);
    NAMING.meanings(name).iter().find(is).map(|meaning| (meaning.position, meaning.role.clone()))
}

fn of_gtin(name: &str, gtin: &str) -> Option<(Option<u32>, Option<String>)> {
    let key = Key::Gtin(gtin.to_owned());
    NAMING.meanings(name).iter().find(|meaning| meaning.key == key).map(|meaning| (meaning.position, meaning.role.clone()))
}

#[expect(clippy::unnecessary_wraps, reason = "it is held against what may be none")]
fn says(position: Option<u32>, role: Option<&str>) -> Option<(Option<u32>, Option<String>)> {
    Some((position, role.map(str::to_owned)))
}

#[test]
fn a_sku_with_separators_of_its_own_is_read_whole_and_in_parts() {
    assert_eq!(of_sku("BL-7Q2M4KD_2.jpg", "BL-7Q2M4KD"), says(Some(2), None));
    assert_eq!(of_sku("BL-7Q2M4KD-2.JPG", "BL-7Q2M4KD"), says(Some(2), None));
    assert_eq!(of_sku("BL-7Q2M4KD (3).png", "BL-7Q2M4KD"), says(Some(3), None));
    assert_eq!(of_sku("BL-7Q2M4KD.webp", "BL-7Q2M4KD"), says(None, None));
    // Both: the catalogue knows which of them there is.
    assert_eq!(of_sku("LAMP-2.jpg", "LAMP-2"), says(None, None));
    assert_eq!(of_sku("LAMP-2.jpg", "LAMP"), says(Some(2), None));
    assert_eq!(of_sku("a_b-c.d_01.jpg", "a_b-c.d"), says(Some(1), None));
    // 4000 is no position.
    assert_eq!(of_sku("HX_4000.jpg", "HX"), None);
    assert_eq!(of_sku("HX_4000.jpg", "HX_4000"), says(None, None));
}

#[test]
fn words_name_roles_in_many_languages() {
    for (name, role) in [
        ("L1_front.jpg", "main"),
        ("L1-Verpackung.jpg", "package"),
        ("L1_RÜCKSEITE.png", "angle"),
        // As macOS writes it: u and a diaeresis of its own.
        ("L1_Ru\u{308}ckseite.png", "angle"),
        ("L1_size-chart.jpg", "size_chart"),
        ("L1 emballage.jpg", "package"),
        ("L1_caja.jpg", "package"),
    ] {
        assert_eq!(of_sku(name, "L1"), says(None, Some(role)), "{name}");
    }
    assert_eq!(of_sku("L1_side_2.jpg", "L1"), says(Some(2), Some("angle")));
    assert_eq!(of_sku("L1_side2.jpg", "L1"), says(Some(2), Some("angle")));
    assert_eq!(of_sku("L1_2_box.jpg", "L1"), says(Some(2), Some("package")));
    assert_eq!(of_sku("L1_frontier.jpg", "L1"), None);
}

#[test]
fn a_gtin_is_found_without_its_zeros_and_as_a_upc() {
    // 0 36000 29145 2 is the example of every UPC text.
    for name in ["036000291452.jpg", "0036000291452_2.png", "00036000291452-2.jpg", "36000291452.jpg"] {
        assert!(of_gtin(name, "00036000291452").is_some(), "{name}: {:?}", NAMING.meanings(name));
    }
    assert_eq!(of_gtin("4006381333931-2.jpg", "04006381333931"), says(Some(2), None));
    // Its check digit is wrong.
    assert!(!NAMING.meanings("4006381333932.jpg").iter().any(|meaning| matches!(meaning.key, Key::Gtin(_))));
}

#[test]
fn a_folder_may_name_the_product() {
    assert_eq!(of_sku("pictures/BL-7Q2M4KD/1.jpg", "BL-7Q2M4KD"), says(Some(1), None));
    assert_eq!(of_sku("BL-7Q2M4KD/front.jpg", "BL-7Q2M4KD"), says(None, Some("main")));
    assert_eq!(of_sku("BL-7Q2M4KD/02 on the trail.jpg", "BL-7Q2M4KD"), says(Some(2), None));
    assert_eq!(of_sku("BL-7Q2M4KD/DSC_0815.jpg", "BL-7Q2M4KD"), says(None, None));
    assert_eq!(of_gtin("4006381333931/1.jpg", "04006381333931"), says(Some(1), None));
    // Not the one above it.
    assert_eq!(of_sku("BL-7Q2M4KD/x/1.jpg", "BL-7Q2M4KD"), None);
}

#[test]
fn a_part_number_is_the_last_resort() {
    let meanings = NAMING.meanings("E065 AA00_2.jpg");
    assert!(meanings.iter().any(|meaning| meaning.key == Key::Mpn("E065AA00".to_owned()) && meaning.position == Some(2)));
    assert!(!matches!(NAMING.meanings("E065AA00.jpg").first().unwrap().key, Key::Mpn(_)));
}

#[test]
fn what_systems_leave_behind_is_skipped() {
    for path in ["__MACOSX/L1._1.jpg", "a/.DS_Store", "Thumbs.db", "a/._L1_1.jpg", "thumbs.DB"] {
        assert!(NAMING.is_skipped(path), "{path}");
    }
    assert!(!NAMING.is_skipped("a/L1_1.jpg"));
}

#[test]
fn a_users_file_replaces_lists_and_adds_words() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("media")).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("media/names.toml"), text).unwrap();
    write("patterns = [\"pic_{position}_{sku}\"]\n[roles.pl]\npackage = [\"pudełko\"]\n");
    let naming = Naming::of(&Dictionary::load(Some(folder.path())).unwrap()).unwrap();
    let meanings = naming.meanings("PIC-3-L1.jpg");
    assert_eq!(meanings, [Meaning { key: Key::Sku("L1".to_owned()), position: Some(3), role: None }]);
    assert_eq!(naming.meanings("L1_3.jpg"), []);
    for (wrong, told) in [
        ("patterns = [\"{position}\"]", "exactly one"),
        ("patterns = [\"{sku}_{colour}\"]", "{colour}"),
        ("patterns = [\"{rest}_{sku}\"]", "{rest}"),
        ("separators = [\"x\"]", "separator"),
        ("[roles.en]\nfrontside = [\"x\"]", "frontside"),
    ] {
        write(wrong);
        let error = Naming::of(&Dictionary::load(Some(folder.path())).unwrap()).unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("names.toml"), "{error}");
    }
}

proptest! {
    #[test]
    fn any_path_is_read_and_soon(path in ".{0,300}") {
        for meaning in NAMING.meanings(&path) {
            prop_assert!(meaning.position.is_none_or(|position| position <= 999));
        }
    }

    #[test]
    fn names_of_hard_signs_are_read(path in "[-_. a0/2()fFßüİ{}]{0,400}") {
        prop_assert!(NAMING.meanings(&path).len() <= super::MAX_MEANINGS);
    }

    #[test]
    fn a_sku_and_a_position_are_read_back(
        sku in "[A-Za-z0-9][A-Za-z0-9._-]{0,38}[A-Za-z0-9]",
        position in 1_u32..=999,
        separator in prop::sample::select(vec!["_", "-", " ", "__", " - "]),
        folder in "([a-z]{1,8}/)?",
    ) {
        let name = format!("{folder}{sku}{separator}{position}.jpg");
        let wanted = Meaning { key: Key::Sku(sku.clone()), position: Some(position), role: None };
        prop_assert!(NAMING.meanings(&name).contains(&wanted), "{name}: {:?}", NAMING.meanings(&name));
    }
}
