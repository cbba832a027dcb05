//! How the controls of a framework are spelled, and which section one belongs to.

/// A way of spelling controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `AC-2(4)`, `CM-6(a)`; Prowler has `ac_2_4`, FedRAMP `ac-2-4`.
    Nist,
    /// `1.3.2`; also `Req 1.3.2`, `3_1_12`.
    Dotted,
    /// `CC7.2`, `A1.2`; Prowler has `cc_7_2`, `cc_a_1_2`.
    Trust,
    /// `164.308(a)(1)(ii)(A)`; Prowler has `164_308_a_1_ii_a`.
    Paragraph,
    /// `Article 25`; Prowler has `article_25`.
    Article,
    /// Nothing is known about it.
    AsSent,
}

/// Words before a control that are no part of it.
const LABELS: [&str; 5] = ["req", "requirement", "control", "section", "rule"];

/// Whether a word only announces the control that follows.
pub(super) fn is_label(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ':']);
    LABELS.iter().any(|label| word.eq_ignore_ascii_case(label))
}

/// Whether a word is half of a control that goes on behind a space.
pub(super) fn is_half(word: &str) -> bool {
    ["article", "art", "annex"].iter().any(|half| word.trim_end_matches('.').eq_ignore_ascii_case(half))
}

impl Style {
    /// The canonical spelling. What does not have the style's form stays as it was sent.
    pub fn canonical(self, control: &str) -> String {
        let control = control.trim();
        let control = match control.split_once(char::is_whitespace) {
            Some((label, rest)) if is_label(label) => rest.trim(),
            _ => control,
        };
        let spelled = match self {
            Self::Nist => nist(control),
            Self::Dotted => dotted(control),
            Self::Trust => trust(control),
            Self::Paragraph => paragraph(control),
            Self::Article => article(control),
            Self::AsSent => None,
        };
        spelled.unwrap_or_else(|| control.to_owned())
    }
}

/// Letters and digits of a control, apart: `AC-2(3)(a)` is `AC`, `2`, `3`, `a`.
fn parts(control: &str) -> Vec<&str> {
    let is_between = |c: char| matches!(c, '-' | '_' | '.' | '(' | ')' | '[' | ']') || c.is_whitespace();
    let mut parts = Vec::new();
    for word in control.split(is_between).filter(|word| !word.is_empty()) {
        match word.find(|c: char| c.is_ascii_digit()) {
            Some(at) if at > 0 => {
                let (letters, number) = word.split_at(at);
                parts.extend([letters, number]);
            }
            _ => parts.push(word),
        }
    }
    parts
}

fn is_word(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AC-02` is `AC-2`.
fn plain(part: &str) -> String {
    let trimmed = part.trim_start_matches('0');
    if is_number(part) && !trimmed.is_empty() { trimmed.to_owned() } else { part.to_ascii_lowercase() }
}

fn nist(control: &str) -> Option<String> {
    let parts = parts(control);
    let (family, rest) = parts.split_first()?;
    let (number, rest) = rest.split_first()?;
    if !is_word(family) || family.len() != 2 || !is_number(number) || !rest.iter().all(|p| is_word(p) || is_number(p)) {
        return None;
    }
    let enhancements: String = rest.iter().map(|part| format!("({})", plain(part))).collect();
    Some(format!("{}-{}{enhancements}", family.to_ascii_uppercase(), plain(number)))
}

fn dotted(control: &str) -> Option<String> {
    let parts: Vec<&str> = control.split(['_', '.']).collect();
    (parts.len() > 1 && parts.iter().all(|part| !part.is_empty() && is_number(part))).then(|| parts.join("."))
}

fn trust(control: &str) -> Option<String> {
    let parts = parts(control);
    let numbers = parts.iter().position(|part| is_number(part))?;
    let (letters, numbers) = parts.split_at(numbers);
    // Prowler writes the other criteria behind the common ones' letters.
    let letters = match letters {
        [one] => one,
        [first, second] if first.eq_ignore_ascii_case("cc") => second,
        _ => return None,
    };
    let all_numbers = numbers.iter().all(|part| is_number(part));
    (is_word(letters) && letters.len() <= 2 && all_numbers)
        .then(|| format!("{}{}", letters.to_ascii_uppercase(), numbers.join(".")))
}

fn paragraph(control: &str) -> Option<String> {
    let parts = parts(control);
    let (part, rest) = parts.split_first()?;
    let (section, rest) = rest.split_first()?;
    if !is_number(part) || !is_number(section) || !rest.iter().all(|p| is_word(p) || is_number(p)) {
        return None;
    }
    // The law counts (a)(1)(i)(A).
    let level = |(depth, part): (usize, &&str)| match depth {
        3 => format!("({})", part.to_ascii_uppercase()),
        _ => format!("({})", part.to_ascii_lowercase()),
    };
    Some(format!("{part}.{section}{}", rest.iter().enumerate().map(level).collect::<String>()))
}

fn article(control: &str) -> Option<String> {
    let parts = parts(control);
    let numbers = match parts.split_first()? {
        (word, rest) if is_half(word) => rest,
        _ => parts.as_slice(),
    };
    let (number, rest) = numbers.split_first()?;
    let rest: String = rest.iter().map(|part| format!("({})", plain(part))).collect();
    is_number(number).then(|| format!("Article {}{rest}", plain(number)))
}

/// The section of a control: what stands before its first `-`, `.` or `(`, which agrees with the vendor's samples
/// (`CM-8(2)` in `CM`, `I.c.2.h` in `I`, `7.3.2` in `7`, `CC6.0.24` in `CC6`) but for `korean-isms-p`, whose sections
/// have two places (`2.9.4` in `2.9`).
pub(super) fn section<'a>(framework: &str, control: &'a str) -> &'a str {
    let places = if framework == "korean-isms-p" { 2 } else { 1 };
    let end = control.match_indices(['-', '.', '(', ' ']).nth(places - 1).map_or(control.len(), |(at, _)| at);
    control.get(..end).filter(|section| !section.is_empty()).unwrap_or(control)
}
