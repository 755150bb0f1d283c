//! A model's name out of a title: what is left when brand, kind, colour, figures and little words are taken away.
//!
//! "Stirnlampe Fenix HM65R schwarz, 1400 Lumen" and "Fenix HM65R black headlamp" both leave "HM65R", whatever the language. Only a short
//! rest is a name; a title that says more is prose, and is left to the score.

use super::lexicon::longest_phrase;
use super::model::{self, Generation, ModelName, Where};
use super::rules::MatchRules;
use super::words::{Sort, Token};

/// Words of a name at most.
const MOST: usize = 4;
/// Words of a kind of lamp or of a brand at most: "taa ya kichwa".
const PHRASE: usize = 4;

/// Guesses the model's name and takes its generation. `is_brand` knows the brand in any spelling.
pub(super) fn guess(
    rules: &MatchRules,
    title: &[Token],
    is_brand: impl Fn(&str) -> bool,
    pack: Option<u32>,
    generation: &mut Generation,
) -> Option<ModelName> {
    let lexicon = &rules.lexicon;
    // What comes along or what it fits is named behind these.
    let end = title.iter().position(|word| rules.words.with.contains(&word.text) || rules.words.r#for.contains(&word.text));
    let mut words = title.get(..end.unwrap_or(title.len()))?.to_vec();
    drop_phrases(&mut words, |phrase| lexicon.is_lamp(phrase) || rules.words.lamp.contains(phrase) || is_brand(phrase));
    drop_phrases(&mut words, |phrase| lexicon.color(phrase).is_some());
    drop_phrases(&mut words, |phrase| rules.counted.contains_key(phrase));
    // "x2" behind a name, where it says that there are two.
    let times = pack.map(|count| format!("x{count}"));
    words.retain(|word| times.as_ref() != Some(&word.text));
    model::take_generation(rules, &mut words, generation, Where::Title);
    drop_figures(rules, lexicon, &mut words);
    let says_nothing = |word: &Token| rules.words.stop.contains(&word.text) || rules.words.filler.contains(&word.text);
    words.retain(|word| !says_nothing(word));
    let aside: Vec<String> =
        words.iter().filter(|word| rules.words.edition.contains(&word.text)).map(|word| word.text.clone()).collect();
    words.retain(|word| !rules.words.edition.contains(&word.text));
    let whole: String = words.iter().flat_map(|word| word.text.chars()).filter(|c| c.is_alphanumeric()).collect();
    if words.is_empty() || words.len() > MOST || whole.chars().count() < 3 || whole.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut sorted: Vec<String> = words.into_iter().map(|word| word.text).collect();
    sorted.sort();
    Some(ModelName { bare: whole.clone(), whole, words: sorted, colors: Vec::new(), aside, guessed: true })
}

/// Takes away every run of words that `known` knows, the longest first.
fn drop_phrases(words: &mut Vec<Token>, known: impl Fn(&str) -> bool) {
    let mut at = 0;
    while at < words.len() {
        match longest_phrase(words, at, PHRASE, |phrase| known(phrase).then_some(())) {
            Some((count, ())) => {
                words.drain(at..at + count);
            }
            None => at += 1,
        }
    }
}

/// Takes away figures and packs: "1400lm", "lumeni 300", "2-pack".
fn drop_figures(rules: &MatchRules, lexicon: &super::lexicon::Lexicon, words: &mut Vec<Token>) {
    let says_unit = |word: &Token| lexicon.is_lumens(&word.text) || rules.words.pack.contains(&word.text);
    let is_number = |word: Option<&Token>| word.is_some_and(|word| word.sort == Sort::Number);
    let mut gone: Vec<usize> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word.sort == Sort::Quantity {
            gone.push(at);
        } else if says_unit(word) {
            gone.push(at);
            // "1400 люмен" and "lumeni 1400", but not both neighbours.
            if at > 0 && is_number(words.get(at - 1)) {
                gone.push(at - 1);
            } else if is_number(words.get(at + 1)) {
                gone.push(at + 1);
            }
        }
    }
    let mut at = 0;
    words.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}
