//! Whether a password is good enough: long enough, and hard to guess (zxcvbn) for somebody who knows the person. No rules about signs and
//! capitals: they make passwords that are hard to remember and easy to guess (NIST SP 800-63B).

use serde::Serialize;
use utoipa::ToSchema;
use zxcvbn::{
    Score,
    feedback::{Suggestion, Warning},
};

use crate::error::{Error, Result};

/// Characters.
const SHORTEST: usize = 10;
const LONGEST: usize = 128;
/// Of zxcvbn's 0 to 4: safe from who has stolen the hashes.
const ENOUGH: u8 = 3;
/// What is typed about oneself and left in the password is guessed first.
const MOST_ABOUT: usize = 20;

/// What a password is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Strength {
    /// 0 (guessed at once) to 4.
    pub score: u8,
    /// Whether it is taken.
    pub enough: bool,
    /// What is wrong with it.
    #[schema(required = true)]
    pub weakness: Option<Weakness>,
    pub advice: Vec<Advice>,
}

/// Why a password is easy to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    Short,
    Long,
    Keyboard,
    Repeats,
    Common,
    Sequence,
    Year,
    Word,
    Date,
    Name,
}

/// What would make it better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    MoreWords,
    /// Capitals, reversals and an @ for an a are tried first.
    TricksDoNotHelp,
    NoPatterns,
    NoDates,
}

/// Judges a password of somebody of whom this is known: name, e-mail address, organization.
pub(super) fn judge(password: &str, about: &[&str]) -> Strength {
    let length = password.chars().count();
    // zxcvbn's time grows with the square of the length, so no more is looked at than would be taken.
    let looked_at: String = password.chars().take(LONGEST).collect();
    let known = words_of(about);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let entropy = zxcvbn::zxcvbn(&looked_at, &known);
    let score = number(entropy.score());
    let feedback = entropy.feedback();
    let mut advice = Vec::new();
    for one in feedback.map(|feedback| feedback.suggestions()).unwrap_or_default().iter().map(|one| advise(*one)) {
        if !advice.contains(&one) {
            advice.push(one);
        }
    }
    let weakness = if length < SHORTEST {
        Some(Weakness::Short)
    } else if length > LONGEST {
        Some(Weakness::Long)
    } else {
        feedback.and_then(|feedback| feedback.warning()).map(weaken)
    };
    Strength { score, enough: score >= ENOUGH && (SHORTEST..=LONGEST).contains(&length), weakness, advice }
}

/// 422 `password_short`, `password_long` or `password_weak`.
pub(super) fn require(password: &str, about: &[&str]) -> Result<()> {
    let judged = judge(password, about);
    let (reason, detail) = match judged.weakness {
        _ if judged.enough => return Ok(()),
        Some(Weakness::Short) => ("password_short", "At least 10 characters."),
        Some(Weakness::Long) => ("password_long", "At most 128 characters."),
        _ => ("password_weak", "This password is too easy to guess."),
    };
    Err(Error::invalid("password", reason, detail))
}

/// Each of them whole, and its parts.
fn words_of(about: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = vec!["nextmove".to_owned()];
    for text in about {
        let text: String = text.chars().take(254).collect::<String>().to_lowercase();
        words.extend(
            text.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2).map(str::to_owned),
        );
        words.push(text);
    }
    words.truncate(MOST_ABOUT);
    words
}

fn number(score: Score) -> u8 {
    match score {
        Score::Zero => 0,
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        // `Score` may grow; what it adds is not weaker.
        _ => 4,
    }
}

fn weaken(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => Weakness::Keyboard,
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Weakness::Repeats
        }
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess => Weakness::Year,
        Warning::AWordByItselfIsEasyToGuess => Weakness::Word,
        Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            Weakness::Name
        }
    }
}

fn advise(suggestion: Suggestion) -> Advice {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases
        | Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters
        | Suggestion::AddAnotherWordOrTwo => Advice::MoreWords,
        Suggestion::CapitalizationDoesntHelpVeryMuch
        | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase
        | Suggestion::ReversedWordsArentMuchHarderToGuess
        | Suggestion::PredictableSubstitutionsDontHelpVeryMuch => Advice::TricksDoNotHelp,
        Suggestion::UseALongerKeyboardPatternWithMoreTurns
        | Suggestion::AvoidRepeatedWordsAndCharacters
        | Suggestion::AvoidSequences => Advice::NoPatterns,
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => Advice::NoDates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INGRID: [&str; 3] = ["Ingrid Halvorsen", "ingrid.halvorsen@fjordtak.example", "Fjordtak AS"];

    #[test]
    fn what_is_known_of_a_person_is_guessed_first() {
        assert!(!judge("ingridhalvorsen", &INGRID).enough);
        assert!(!judge("fjordtakingrid", &INGRID).enough);
        assert!(judge("ingridhalvorsen", &[]).score > judge("ingridhalvorsen", &INGRID).score);
    }

    #[test]
    fn length_and_guesses_both_count() {
        assert_eq!(judge("zQ9$kp!", &[]).weakness, Some(Weakness::Short));
        assert_eq!(judge("qwertyuiop", &[]).weakness, Some(Weakness::Common));
        assert_eq!(judge(&"av langt tre ".repeat(20), &[]).weakness, Some(Weakness::Long));
        assert!(!judge("aaaaaaaaaaaaaaaa", &[]).enough);
        for good in ["furu støvel lampe torsk", "xkWq7-pruLm", "jeg spiser aldri brunost før klokka ni"] {
            assert!(judge(good, &INGRID).enough, "{good}: {:?}", judge(good, &INGRID));
            assert!(require(good, &INGRID).is_ok());
        }
    }
}
