//! What the API would cut, ignore or refuse, found before it is sent.

pub(crate) mod body;

use std::fmt;

use crate::{Limit, Refusal as R, Refused, Rules, text::given};

/// To whom a message goes. Some limits differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// A group (90248).
    Group,
    /// People (90236).
    People,
}

impl To {
    /// How long a text card's title and description are: 90248 counts bytes, 90236 characters.
    pub fn of_card(self) -> (Limit, Limit) {
        match self {
            To::Group => (Limit::TitleBytes, Limit::DescriptionBytes),
            To::People => (Limit::CardTitleChars, Limit::CardDescriptionChars),
        }
    }
}

/// A value that would not arrive as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// The API would cut it and say nothing.
    Cut {
        /// The field, as `news.articles[2].title`.
        field: String,
        /// How long it is, in the limit's unit.
        length: usize,
        /// How much of it would stay.
        most: usize,
        /// The limit.
        limit: Limit,
    },
    /// The API would take it and do nothing with it.
    Ignored {
        /// The field.
        field: String,
    },
    /// The API would refuse it.
    Refused {
        /// The field.
        field: String,
        /// The reason.
        refusal: R,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Cut {
                field,
                length,
                most,
                limit,
            } => {
                let unit = if limit.is_of_chars() {
                    "characters"
                } else {
                    "bytes"
                };
                write!(
                    f,
                    "{field} has {length} {unit}, of which the API would keep {most}"
                )
            }
            Unfit::Ignored { field } => {
                write!(f, "{field} would be ignored: it has no effect here")
            }
            Unfit::Refused { field, refusal } => {
                let meaning = refusal.meaning().trim_end_matches('.');
                write!(f, "{field} would be refused: {meaning}")
            }
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Refused> for Unfit {
    fn from(refused: Refused) -> Self {
        Unfit::Refused {
            field: refused.field.into_owned(),
            refusal: refused.refusal,
        }
    }
}

/// Nothing, where a value arrives as it is.
pub(crate) type Fits = Result<(), Unfit>;

pub(crate) fn refused(field: impl Into<String>, refusal: R) -> Fits {
    Err(Unfit::Refused {
        field: field.into(),
        refusal,
    })
}

pub(crate) fn ignored(field: impl Into<String>) -> Fits {
    Err(Unfit::Ignored {
        field: field.into(),
    })
}

/// One field that is looked at.
pub(crate) struct Field<'a> {
    pub rules: &'a Rules,
    pub name: String,
    pub text: Option<&'a str>,
}

impl<'a> Field<'a> {
    pub(crate) fn of(rules: &'a Rules, name: impl Into<String>, text: &'a Option<String>) -> Self {
        Field {
            rules,
            name: name.into(),
            text: given(text),
        }
    }

    pub(crate) fn there(self, refusal: R) -> Result<Self, Unfit> {
        match self.text {
            Some(_) => Ok(self),
            None => Err(Unfit::Refused {
                field: self.name,
                refusal,
            }),
        }
    }

    /// How long it is in a limit's unit, and how long it may be.
    fn measure(&self, limit: Limit) -> (usize, usize) {
        let text = self.text.unwrap_or_default();
        let length = match limit.is_of_chars() {
            true => text.chars().count(),
            false => text.len(),
        };
        (length, self.rules.size(limit))
    }

    pub(crate) fn uncut(self, limit: Limit) -> Fits {
        let (length, most) = self.measure(limit);
        if length <= most {
            return Ok(());
        }
        Err(Unfit::Cut {
            field: self.name,
            length,
            most,
            limit,
        })
    }

    pub(crate) fn within(self, limit: Limit, refusal: R) -> Fits {
        let (length, most) = self.measure(limit);
        match length <= most {
            true => Ok(()),
            false => refused(self.name, refusal),
        }
    }

    pub(crate) fn at_least(self, limit: Limit, refusal: R) -> Fits {
        let (length, least) = self.measure(limit);
        match length >= least {
            true => Ok(()),
            false => refused(self.name, refusal),
        }
    }

    /// A link; only people's must have a scheme.
    pub(crate) fn url(self, to: To) -> Fits {
        let there = self.there(R::UrlMissing)?;
        let scheme = there.text.is_some_and(|url| url.contains("://"));
        let name = there.name.clone();
        there.within(Limit::UrlBytes, R::UrlTooLong)?;
        match to == To::Group || scheme {
            true => Ok(()),
            false => refused(name, R::UrlScheme),
        }
    }
}
