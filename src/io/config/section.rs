//! A part of a file, such as one `[[rep]]`: hands out values of the right type with the place they stand at,
//! reports those of the wrong type, and at the end every key that nobody asked for.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::{Findings, names_a_secret};
use super::words::{NotAWord, nearest};

/// A table of the file.
pub(super) struct Section<'t> {
    /// As the file writes it: `[[rep]]`.
    name: String,
    at: Range<usize>,
    table: &'t DeTable<'t>,
    asked: Vec<&'static str>,
    findings: &'t Findings,
}

/// A text and where it stands.
pub(super) type Text<'t> = Spanned<&'t str>;

impl<'t> Section<'t> {
    /// The whole file.
    pub(super) fn root(tree: &'t Spanned<DeTable<'t>>, findings: &'t Findings) -> Section<'t> {
        Section {
            name: "the file".to_owned(),
            at: 0..0,
            table: tree.get_ref(),
            asked: Vec::new(),
            findings,
        }
    }

    /// Where mistakes are told.
    pub(super) fn findings(&self) -> &'t Findings {
        self.findings
    }

    /// Where the part as a whole stands.
    pub(super) fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    /// A value of any type.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Text<'t>> {
        let value = self.value(key)?;
        self.as_text(key, value)
    }

    /// The texts of an inline table with names of its own, each with its name.
    pub(super) fn named_texts(&mut self, key: &'static str) -> Vec<(Text<'t>, Text<'t>)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            let example = format!("{key} = {{ \"..\" = \"..\" }}");
            self.wrong_type(key, value, "a part of its own", &example);
            return Vec::new();
        };
        let named = table.iter().filter_map(|(name, value)| {
            let text = self.as_text(name.get_ref(), value)?;
            Some((Spanned::new(name.span(), name.get_ref().as_ref()), text))
        });
        named.collect()
    }

    /// Where a key stands that does not belong here, to be reported; its value is not shown.
    pub(super) fn disown(&mut self, key: &'static str) -> Option<Range<usize>> {
        let (name, value) = self.table.get_key_value(key)?;
        self.asked.push(key);
        self.findings.mask(value.span());
        Some(name.span())
    }

    /// A text that must be there; `example` is a whole line.
    pub(super) fn needed(&mut self, key: &'static str, example: &str) -> Option<Text<'t>> {
        self.need(key, example);
        self.text(key)
    }

    /// Reports a key that must be there and is not.
    pub(super) fn need(&mut self, key: &'static str, example: &str) {
        if self.value(key).is_none() {
            let title = format!("{} has no `{key}`", self.name);
            self.findings
                .error(self.at(), title, format!("add the line  {example}"));
        }
    }

    /// A whole number from 0 to `max`.
    pub(super) fn whole(&mut self, key: &'static str, max: u32) -> Option<u32> {
        let value = self.value(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .map(|n| i64::from_str_radix(n.as_str(), n.radix()));
        match number {
            Some(Ok(number)) if (0..=i64::from(max)).contains(&number) => {
                u32::try_from(number).ok()
            }
            Some(_) => {
                let title = format!("`{key}` must lie between 0 and {max}");
                self.findings.error(value.span(), title, range_cure(key));
                None
            }
            None => {
                self.wrong_type(key, value, "a whole number", &format!("{key} = 10"));
                None
            }
        }
    }

    /// A number with decimals, where they are wanted.
    pub(super) fn decimal(&mut self, key: &'static str) -> Option<Spanned<f64>> {
        let value = self.value(key)?;
        self.as_decimal(key, value)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        if value.get_ref().as_bool().is_none() {
            self.wrong_type(key, value, "true or false", &format!("{key} = true"));
        }
        value.get_ref().as_bool()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Spanned<Vec<Text<'t>>>> {
        let items = self.list(key)?;
        let texts = items
            .get_ref()
            .iter()
            .filter_map(|item| self.as_text(key, item))
            .collect();
        Some(Spanned::new(items.span(), texts))
    }

    /// A list of numbers.
    pub(super) fn decimals(&mut self, key: &'static str) -> Option<Spanned<Vec<Spanned<f64>>>> {
        let items = self.list(key)?;
        let numbers = items
            .get_ref()
            .iter()
            .filter_map(|item| self.as_decimal(key, item))
            .collect();
        Some(Spanned::new(items.span(), numbers))
    }

    /// A word of a closed vocabulary.
    pub(super) fn word<T: Deserialize<'t>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.as_word(&text)
    }

    /// The same for a text already in hand.
    pub(super) fn as_word<T: Deserialize<'t>>(&self, text: &Text<'t>) -> Option<T> {
        let from: StrDeserializer<'_, NotAWord> = (*text.get_ref()).into_deserializer();
        T::deserialize(from)
            .map_err(|not| {
                self.findings.error(
                    text.span(),
                    format!("`{}` is not known here", text.get_ref()),
                    not.cure(text.get_ref()),
                )
            })
            .ok()
    }

    /// A part in this part: `[server]`, or an inline table.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'t>> {
        let value = self.value(key)?;
        if value.get_ref().as_table().is_none() {
            self.wrong_type(key, value, "a part of its own", &format!("[{key}]"));
        }
        let header = self.findings.text(value.span()).starts_with('[');
        let name = if header {
            format!("[{key}]")
        } else {
            format!("`{key}`")
        };
        self.part(name, value)
    }

    /// A value that is a part of its own, such as `{ env = ".." }`.
    pub(super) fn inline(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Section<'t>> {
        self.part(format!("`{key}`"), value)
    }

    /// All the parts of a name: each `[[rep]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let parts = value.get_ref().as_array().map(|list| {
            list.iter()
                .filter_map(|item| self.part(format!("[[{key}]]"), item))
        });
        let parts: Option<Vec<Section<'t>>> = parts.map(Iterator::collect);
        parts.filter(|parts| !parts.is_empty()).unwrap_or_else(|| {
            self.wrong_type(key, value, "parts of their own", &format!("[[{key}]]"));
            Vec::new()
        })
    }

    /// Reports every key that nobody asked for. Where a part has secrets, the value may be one.
    pub(super) fn end(self) {
        let near_secrets = self.asked.iter().any(|key| names_a_secret(key));
        for (key, value) in self.table {
            let word = key.get_ref().as_ref();
            if self.asked.contains(&word) {
                continue;
            }
            let meant = nearest(word, self.asked.iter().copied());
            if near_secrets || names_a_secret(word) {
                self.findings.mask(value.span());
            }
            let cure = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", self.asked.join(", ")),
            };
            self.findings.error(
                key.span(),
                format!("{} has no key `{word}`", self.name),
                cure,
            );
        }
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
        example: &str,
    ) {
        let is = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with decimals",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a part of its own",
        };
        let title = format!("`{key}` must be {wanted}, and this is {is}");
        self.findings
            .error(value.span(), title, format!("write  {example}"));
    }

    fn list(&mut self, key: &'static str) -> Option<Spanned<&'t [Spanned<DeValue<'t>>]>> {
        let value = self.value(key)?;
        let items = value.get_ref().as_array();
        if items.is_none() {
            self.wrong_type(key, value, "a list", &format!("{key} = [ .. ]"));
        }
        items.map(|items| Spanned::new(value.span(), items.as_ref()))
    }

    fn as_text(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Text<'t>> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, value, "a text", &format!("{key} = \"..\""));
        }
        text.map(|text| Spanned::new(value.span(), text))
    }

    fn as_decimal(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Spanned<f64>> {
        let value_text = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let Some(number) = value_text.and_then(|text| text.parse::<f64>().ok()) else {
            self.wrong_type(key, value, "a number", "1 or 0.5, without quotes");
            return None;
        };
        if !number.is_finite() || number < 0.0 {
            self.findings.error(
                value.span(),
                format!("`{key}` must be 0 or more"),
                range_cure(key),
            );
            return None;
        }
        Some(Spanned::new(value.span(), number))
    }

    fn part(&self, name: String, value: &'t Spanned<DeValue<'t>>) -> Option<Section<'t>> {
        let table = value.get_ref().as_table()?;
        Some(Section {
            name,
            at: value.span(),
            table,
            asked: Vec::new(),
            findings: self.findings,
        })
    }
}

fn range_cure(key: &str) -> String {
    format!("write a number in that range, or take the line away for the default of `{key}`")
}
