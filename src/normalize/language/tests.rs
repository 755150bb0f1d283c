use super::{Detected, language_of, language_of_file, other_language};
use crate::dictionary::Dictionary;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().unwrap());

/// What a supplier may write of a headlamp, in every language that we have words of.
const LAMPS: [(&str, &str); 15] = [
    (
        "az",
        "Bu baş fənəri gecə yürüşləri üçün hazırlanıb və çox yüngüldür. Batareya ilə birlikdə cəmi 80 qram olan fənər həm də suya davamlıdır.",
    ),
    (
        "da",
        "Pandelampen er let og giver meget lys på de mørke stier. Den kan også lades op med et kabel, og batteriet holder hele natten, når du går af sted efter mørkets frembrud.",
    ),
    (
        "de",
        "Diese Stirnlampe ist für lange Läufe in der Nacht gemacht und wird mit einem Akku geliefert, der sich über USB laden lässt. Das Band kann gewaschen werden.",
    ),
    (
        "en",
        "This headlamp is made for long runs at night, and it comes with a battery that can be charged over USB. The strap can be washed when you are back at home.",
    ),
    (
        "es",
        "Esta linterna frontal es muy ligera y tiene una batería que se carga por USB. Con su luz roja no molesta a los demás en la tienda, y la cinta es lavable.",
    ),
    (
        "fi",
        "Tämä otsalamppu on kevyt ja se sopii hyvin pitkille lenkeille, kun on pimeää. Mukana on akku, joka voidaan ladata, ja myös panta, jota ei tarvitse kiristää.",
    ),
    (
        "fr",
        "Cette lampe frontale est très légère et se recharge avec un câble qui est dans la boîte. Elle éclaire les sentiers pour vous sans que le poids ne gêne sur la tête.",
    ),
    (
        "it",
        "Questa lampada frontale è leggera e si ricarica con il cavo che è nella confezione. La luce rossa non disturba gli altri e la fascia della lampada è lavabile.",
    ),
    (
        "nb",
        "Hodelykten er lett og gir mye lys på de mørke stiene. Den kan også lades opp av deg selv, og batteriet varer hele natten når du er ute etter at det har blitt mørkt.",
    ),
    (
        "pl",
        "Ta latarka czołowa jest lekka i można ją ładować przez kabel, który jest w zestawie. Dzięki temu nie trzeba kupować baterii, a światło wystarcza na całą noc.",
    ),
    (
        "ru",
        "Этот налобный фонарь очень лёгкий, и его можно зарядить от кабеля, который есть в комплекте. Он не боится дождя, так что вы можете идти всю ночь.",
    ),
    (
        "sv",
        "Pannlampan är lätt och ger mycket ljus på de mörka stigarna. Den kan också laddas med en kabel som följer med, och batteriet räcker hela natten när du är ute i skogen.",
    ),
    (
        "sw",
        "Taa hii ya kichwa ni nyepesi na ina betri ya kuchaji. Inafaa kwa safari za usiku na pia kwa kazi za shamba wakati wa giza, na mwanga wake ni mkali zaidi ya taa za kawaida.",
    ),
    (
        "tr",
        "Bu kafa lambası gece koşuları için çok uygun ve hafif bir üründür. Kutudan çıkan kablo ile şarj edilebilir, yağmura karşı dayanıklı olan gövdesi sayesinde her havada kullanılır.",
    ),
    (
        "uk",
        "Цей налобний ліхтар дуже легкий, і його можна зарядити від кабелю, який є в комплекті. Він не боїться дощу, так що ви можете йти всю ніч та не хвилюватися.",
    ),
];

/// Languages that we have no words of: none of ours may be seen in them.
const OTHERS: [(&str, &str); 5] = [
    (
        "nl",
        "Deze hoofdlamp is gemaakt voor lange tochten in de nacht en wordt geleverd met een accu die je met de kabel kunt opladen. De band kan worden gewassen.",
    ),
    (
        "pt",
        "Esta lanterna de cabeça é muito leve e tem uma bateria que se carrega por USB. Com a luz vermelha não incomoda os outros, e a fita pode ser lavada em casa.",
    ),
    (
        "cs",
        "Tato čelovka je velmi lehká a lze ji nabíjet kabelem, který je součástí balení. Díky tomu není třeba kupovat baterie a světlo vydrží na celou noc v lese.",
    ),
    (
        "ro",
        "Această lanternă frontală este foarte ușoară și se încarcă cu un cablu care este în cutie. Lumina roșie nu deranjează pe ceilalți și banda se poate spăla.",
    ),
    (
        "bg",
        "Този челник е много лек и може да се зарежда с кабел, който е в комплекта. Той не се страхува от дъжд, така че можете да вървите през цялата нощ.",
    ),
];

#[test]
fn a_description_is_of_its_language() {
    for (locale, text) in LAMPS {
        let found = language_of(&DICTIONARY, text).map(|found| found.locale);
        assert_eq!(found.as_deref(), Some(locale), "{text}");
        assert_eq!(other_language(&DICTIONARY, text, locale), None, "{text}");
    }
    for (language, text) in OTHERS {
        assert_eq!(language_of(&DICTIONARY, text), None, "{language}: {text}");
    }
}

#[test]
fn names_numbers_and_lists_are_of_no_language() {
    for text in [
        "Petzl ACTIK CORE 600 lm",
        "Ledlenser HF8R Signature, Fenix HM65R-T V2.0, Nitecore NU25 UL, Black Diamond Spot 400-R, Silva Trail Runner Free H, Olight Perun 2 Mini",
        "Nemo Quasar 450 Ultra Pro Max Aurora Magnum Lux Terra Vega Polaris Nova Sirius Titan Vulcan Corona Optima Ultra Prima Nova Luna Sol Stella",
        "Max output 1200 lumens; beam distance 180 m; IPX8; USB-C charging; battery 21700 5000 mAh; weight 120 g; red light; lockout; tail magnet; clip",
    ] {
        assert_eq!(language_of(&DICTIONARY, text), None, "{text}");
    }
}

#[test]
fn only_a_language_that_can_be_told_is_held_against_what_was_said() {
    let [german, english] = [LAMPS[2].1, LAMPS[3].1];
    let other = |text: &str, said: &str| other_language(&DICTIONARY, text, said).map(|found| found.locale);
    assert_eq!(other(english, "de-AT").as_deref(), Some("en"));
    assert_eq!(other(german, "de-CH"), None);
    assert_eq!(other(german, "nl").as_deref(), Some("de"));
    assert_eq!(other(OTHERS[0].1, "nl"), None);
    // Nobody here knows how Esperanto looks.
    assert_eq!(other(german, "eo"), None);
    // The tag of both written languages means the one that we have words of.
    assert_eq!(other(LAMPS[8].1, "no"), None);
    assert_eq!(other(&english.chars().take(60).collect::<String>(), "de"), None, "too short to tell");
    assert_eq!(other(&format!("<p><b>{english}</b></p>"), "de").as_deref(), Some("en"));
}

#[test]
fn the_titles_of_a_file_show_its_language_together() {
    let of = |texts: &[&str]| language_of_file(&DICTIONARY, texts.iter().map(|text| Cow::Borrowed(*text)));
    let titles =
        ["Stirnlampe mit Akku für den Sport", "Helmlampe für die Höhle, mit Rotlicht", "Ersatzband für eine Lampe der Serie 5"];
    for title in titles {
        assert_eq!(language_of(&DICTIONARY, title), None, "alone it is too short");
    }
    let found = of(&titles.repeat(5)).unwrap();
    assert_eq!((found.detected, found.blocks >= 2), (Detected { locale: "de".to_owned(), confidence: 100 }, true));
    assert_eq!(of(&["Petzl ACTIK CORE 600 lm", "Fenix HM65R-T V2.0", "Nitecore NU25 UL"].repeat(30)), None);
    // Half and half is no language of a file.
    let long: Vec<&str> = [LAMPS[2].1, LAMPS[2].1, LAMPS[3].1, LAMPS[3].1].to_vec();
    assert_eq!(of(&long), None);
    assert_eq!(of(&[]), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}", words in proptest::collection::vec("[a-zäöüа-яі']{1,8}", 0..200)) {
        let _ = language_of(&DICTIONARY, &text.repeat(3));
        let words = words.join(" ");
        let _ = other_language(&DICTIONARY, &words, "de");
        let _ = language_of_file(&DICTIONARY, [Cow::Borrowed(text.as_str()), Cow::Borrowed(words.as_str())].into_iter());
    }
}

/// Descriptions and titles of real files: how many are seen to be in which language.
#[test]
fn descriptions_of_real_files() {
    let shared =
        std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let data = Path::new(&shared).join("data");
    if !data.is_dir() {
        println!("skipped: {} is not there", data.display());
        return;
    }
    let pairs = "er-benchmarks/deepmatcher-pairs";
    let sets: [(String, &[&str], Option<&str>, usize); 9] = [
        (format!("{pairs}/abt-buy_textual.csv"), &["left_description", "right_description"], Some("en"), 900),
        (format!("{pairs}/abt-buy_textual.csv"), &["left_name", "right_name"], Some("en"), 0),
        (format!("{pairs}/amazon-google_structured.csv"), &["left_title", "right_title"], Some("en"), 0),
        (format!("{pairs}/walmart-amazon_structured.csv"), &["left_title", "right_title"], Some("en"), 0),
        ("torch-wiki/torch_wiki_products.csv".to_owned(), &["description"], Some("en"), 60),
        ("flashlights-parametrek/flashlights_all.csv".to_owned(), &["model", "features", "modes", "info"], Some("en"), 0),
        ("torch-directory/deals_amazon_prices.csv".to_owned(), &["model"], Some("en"), 0),
        ("wdc-pave/raw_to_normalized_values.csv".to_owned(), &["raw_value"], Some("en"), 0),
        ("supplier-feed-de/brickfox_pdf_export_2025-11-04T16-23-33.csv".to_owned(), &["p_name[de]"], Some("de"), 0),
    ];
    for (file, fields, only, at_least) in sets {
        let bytes = std::fs::read(data.join(&file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let separator = if text.lines().next().unwrap().contains(';') { b';' } else { b',' };
        let mut table = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let headers = table.headers().unwrap().clone();
        let columns: Vec<usize> =
            (0..headers.len()).filter(|at| fields.contains(&headers[*at].trim_start_matches('\u{feff}'))).collect();
        assert!(!columns.is_empty(), "{file} has none of {fields:?}");
        let (mut found, mut asked, mut rows) = (BTreeMap::<String, usize>::new(), 0, Vec::new());
        for row in table.records().flatten() {
            for text in columns.iter().filter_map(|at| row.get(*at)).filter(|text| !text.is_empty()) {
                asked += 1;
                if let Some(detected) = language_of(&DICTIONARY, text) {
                    *found.entry(detected.locale).or_default() += 1;
                }
                rows.push(text.to_owned());
            }
        }
        let whole = language_of_file(&DICTIONARY, rows.iter().map(|row| Cow::Borrowed(row.as_str())));
        println!("{file} {fields:?}: {asked} texts, {found:?}; as a file: {whole:?}");
        assert!(found.keys().all(|locale| Some(locale.as_str()) == only), "{file}: {found:?}");
        assert!(found.values().sum::<usize>() >= at_least, "{file}: {found:?}");
        assert!(whole.is_none_or(|whole| Some(whole.detected.locale.as_str()) == only), "{file}");
    }
}
