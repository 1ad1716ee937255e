use std::collections::HashSet;

use qun_protocol::{
    UserId,
    message::{EVERYBODY, Send},
};

use crate::Error;

/// Whom a message addresses. Whoever is named several times, without regard to case, gets it once.
///
/// ```
/// use qun_client::To;
///
/// let to = To::users(["zhangsan", "lisi", "ZhangSan"]).parties([2]);
/// assert_eq!((to.users.len(), to.parties.len()), (2, 1));
/// assert_eq!(To::from("zhangsan"), To::users(["zhangsan"]));
/// assert!(To::everyone().parties([2]).check().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct To {
    /// Everybody whom the app sees; nobody else is named then.
    pub everyone: bool,
    /// People, each once.
    pub users: Vec<UserId>,
    /// Departments, each with all below it.
    pub parties: Vec<i64>,
    /// Tags.
    pub tags: Vec<i64>,
}

impl To {
    /// These people, however many.
    ///
    /// ```
    /// let to = qun_client::To::users(["zhangsan", "lisi"]);
    /// ```
    pub fn users<U: Into<UserId>>(users: impl IntoIterator<Item = U>) -> Self {
        let mut to = Self::default();
        let mut seen = HashSet::<UserId>::new();
        let users = users.into_iter().map(Into::into);
        to.users
            .extend(users.filter(|user| seen.insert(user.clone())));
        to
    }

    /// Everybody whom the app sees (`@all`).
    ///
    /// ```
    /// let to = qun_client::To::everyone();
    /// ```
    pub fn everyone() -> Self {
        Self {
            everyone: true,
            ..Self::default()
        }
    }

    /// And the people of these departments, with all departments below them.
    ///
    /// ```
    /// let to = qun_client::To::default().parties([2, 3]);
    /// ```
    #[must_use]
    pub fn parties(mut self, parties: impl IntoIterator<Item = i64>) -> Self {
        add(&mut self.parties, parties);
        self
    }

    /// And the people with these tags.
    ///
    /// ```
    /// let to = qun_client::To::users(["zhangsan"]).tags([7]);
    /// ```
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = i64>) -> Self {
        add(&mut self.tags, tags);
        self
    }

    /// Whether it addresses nobody.
    ///
    /// ```
    /// assert!(qun_client::To::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Finds what no call can carry: an empty address, everybody and others, or a userid that would be read as another one,
    /// as `@all` or one with a `|`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first of them.
    ///
    /// ```
    /// let error = qun_client::To::users(["zhangsan|lisi"]).check().unwrap_err();
    /// assert_eq!(error.to_string(), "\"zhangsan|lisi\" is no userid");
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        let listed = !(self.users.is_empty() && self.parties.is_empty() && self.tags.is_empty());
        match (self.everyone, listed) {
            (false, false) => return Err(Error::invalid("the message is addressed to nobody")),
            (true, true) => {
                let message = "everybody is addressed, so nobody else can be named";
                return Err(Error::invalid(message));
            }
            _ => {}
        }
        let none = |user: &&UserId| {
            user.trim() != &***user
                || user.is_empty()
                || user.contains('|')
                || &***user == EVERYBODY
        };
        match self.users.iter().find(none) {
            Some(user) => Err(Error::invalid(format!("{:?} is no userid", &**user))),
            None => Ok(()),
        }
    }

    /// The same message, addressed to them.
    ///
    /// ```
    /// use qun_client::{Message, Text, To};
    ///
    /// let message = To::users(["zhangsan", "lisi"]).tags([7]).address(Text::new("你好"));
    /// assert_eq!(message.touser.as_deref(), Some("zhangsan|lisi"));
    /// assert_eq!(message.totag.as_deref(), Some("7"));
    /// ```
    pub fn address(&self, message: impl Into<Send>) -> Send {
        let mut message = message.into();
        let list = |ids: Vec<String>| (!ids.is_empty()).then(|| ids.join("|"));
        let numbers = |ids: &[i64]| list(ids.iter().map(i64::to_string).collect());
        message.touser = match self.everyone {
            true => Some(EVERYBODY.to_owned()),
            false => list(self.users.iter().map(|user| user.0.clone()).collect()),
        };
        message.toparty = numbers(&self.parties);
        message.totag = numbers(&self.tags);
        message
    }
}

fn add(list: &mut Vec<i64>, more: impl IntoIterator<Item = i64>) {
    for id in more {
        if !list.contains(&id) {
            list.push(id);
        }
    }
}

impl From<&str> for To {
    fn from(user: &str) -> Self {
        To::users([user])
    }
}

impl From<UserId> for To {
    fn from(user: UserId) -> Self {
        To::users([user])
    }
}

impl<U: Into<UserId>> From<Vec<U>> for To {
    fn from(users: Vec<U>) -> Self {
        To::users(users)
    }
}

impl<U: Into<UserId>, const N: usize> From<[U; N]> for To {
    fn from(users: [U; N]) -> Self {
        To::users(users)
    }
}
