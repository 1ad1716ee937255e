//! 通讯录管理: people, departments and tags.

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use qun_protocol::{
    UserId,
    department::{self, Department},
    tag::{self, Tag},
    user::{self, Brief, DepartmentInfo, DeptUser, Detail},
};

use crate::{Client, Error};

/// The directory of a company, as far as the app may read and change it. From [`Client::directory`].
///
/// 通讯录同步 alone changes people and departments; a self-built app reads them within its visible range, and keeps tags of its
/// own.
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// let directory = wecom.directory();
/// if let Some(userid) = directory.find_by_mobile("13430388888").await? {
///     println!("{}", directory.user(userid).await?.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Directory(pub(crate) Client);

/// Which of a person's e-mail addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mailbox {
    /// 企业邮箱
    #[default]
    Company,
    /// 个人邮箱
    Personal,
}

/// Who of a list was left out when a tag was given or taken: unknown, or outside the app's visible range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// People.
    pub users: Vec<UserId>,
    /// Departments.
    pub departments: Vec<i64>,
}

impl LeftOut {
    /// Whether nobody was left out.
    ///
    /// ```
    /// assert!(qun_client::LeftOut::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.departments.is_empty()
    }
}

impl From<tag::Invalid> for LeftOut {
    fn from(invalid: tag::Invalid) -> Self {
        let users = invalid.invalidlist.unwrap_or_default();
        LeftOut {
            users: users
                .split('|')
                .filter(|userid| !userid.is_empty())
                .map(UserId::from)
                .collect(),
            departments: invalid.invalidparty.unwrap_or_default(),
        }
    }
}

/// None where nobody is found.
fn found(result: Result<user::Found, Error>) -> Result<Option<UserId>, Error> {
    match result {
        Ok(found) => Ok(Some(found.userid)),
        Err(error) if error.code() == Some(46004) => Ok(None),
        Err(error) => Err(error),
    }
}

fn userids(users: impl IntoIterator<Item = impl Into<UserId>>) -> Vec<UserId> {
    users.into_iter().map(Into::into).collect()
}

impl Directory {
    /// 手机号获取userid Who has a mobile number; none where nobody in the visible range has it. Numbers that nobody has are
    /// counted: beyond a fifth of the company's account cap all look-ups are refused for the rest of the day.
    ///
    /// # Errors
    /// [`Error::is_frequency`] after too many wrong numbers; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let userid = wecom.directory().find_by_mobile("13430388888").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_by_mobile(&self, mobile: impl Into<String>) -> Result<Option<UserId>, Error> {
        let mobile = Some(mobile.into());
        found(self.0.send(user::GetUserId { mobile }).await)
    }

    /// 邮箱获取userid Who has an e-mail address; the rest as [`Directory::find_by_mobile`].
    ///
    /// # Errors
    /// As [`Directory::find_by_mobile`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::Mailbox;
    ///
    /// let found = wecom.directory().find_by_email("zhangsan@demo.example", Mailbox::Personal).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_by_email(
        &self,
        email: impl Into<String>,
        mailbox: Mailbox,
    ) -> Result<Option<UserId>, Error> {
        let request = user::GetUserIdByEmail {
            email: Some(email.into()),
            email_type: Some(match mailbox {
                Mailbox::Company => 1,
                Mailbox::Personal => 2,
            }),
        };
        found(self.0.send(request).await)
    }

    /// 读取成员 A person, as far as the app may know.
    ///
    /// # Errors
    /// [`Error::is_not_found`], [`Error::is_not_allowed`] outside the visible range; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let zhangsan = wecom.directory().user("zhangsan").await?;
    /// println!("{} {:?}", zhangsan.name, zhangsan.department);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user(&self, userid: impl Into<UserId>) -> Result<Detail, Error> {
        let userid = userid.into();
        self.0.send(user::Get { userid }).await
    }

    /// 获取部门成员 The people of a department, with those of all departments below it where `below` is set.
    ///
    /// # Errors
    /// As [`Directory::user`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let everyone = wecom.directory().users(1, true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn users(&self, department: i64, below: bool) -> Result<Vec<Brief>, Error> {
        let request = user::SimpleList {
            department_id: Some(department),
            fetch_child: Some(below.into()),
        };
        Ok(self.0.send(request).await?.userlist)
    }

    /// 获取部门成员详情 The same as [`Directory::users`] with all that the app may know of them.
    ///
    /// # Errors
    /// As [`Directory::user`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let team = wecom.directory().users_in_detail(2, false).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn users_in_detail(
        &self,
        department: i64,
        below: bool,
    ) -> Result<Vec<Detail>, Error> {
        let request = user::List {
            department_id: Some(department),
            fetch_child: Some(below.into()),
        };
        Ok(self.0.send(request).await?.userlist)
    }

    /// 获取成员ID列表 Who is in which department, page after page, as it is read; for 通讯录同步. After an error it ends.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let mut all = std::pin::pin!(sync.directory().userids());
    /// while let Some(entry) = all.try_next().await? {
    ///     println!("{} is in {}", entry.userid, entry.department);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn userids(&self) -> impl Stream<Item = Result<DeptUser, Error>> + Send + 'static {
        let client = self.0.clone();
        stream::try_unfold(Some(user::ListId::default()), move |next| {
            let client = client.clone();
            async move {
                let Some(request) = next else {
                    return Ok::<_, Error>(None);
                };
                let page = client.send(request).await?;
                let next = (!page.next_cursor.is_empty()).then_some(user::ListId {
                    cursor: Some(page.next_cursor),
                    limit: None,
                });
                Ok(Some((stream::iter(page.dept_user).map(Ok), next)))
            }
        })
        .try_flatten()
    }

    /// 创建成员 Makes a person, and brings the departments that had to be made for it.
    ///
    /// # Errors
    /// [`Error::is_taken`] where the userid, the number or the address is another's; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::user;
    ///
    /// let anna = user::Create {
    ///     userid: "anna".into(),
    ///     name: Some("安娜".into()),
    ///     mobile: Some("13900000001".into()),
    ///     department: Some(vec![2]),
    ///     ..Default::default()
    /// };
    /// sync.directory().create_user(anna).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_user(&self, user: user::Create) -> Result<Vec<DepartmentInfo>, Error> {
        let created = self.0.send(user).await?.created_department_list;
        Ok(created.unwrap_or_default().department_info)
    }

    /// 更新成员 Changes what is given of a person, and brings the departments that had to be made for it.
    ///
    /// # Errors
    /// As [`Directory::create_user`]; [`Error::is_not_found`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::user;
    ///
    /// let promoted = user::Update {
    ///     userid: "anna".into(),
    ///     position: Some("产品经理".into()),
    ///     ..Default::default()
    /// };
    /// sync.directory().update_user(promoted).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_user(&self, user: user::Update) -> Result<Vec<DepartmentInfo>, Error> {
        let created = self.0.send(user).await?.created_department_list;
        Ok(created.unwrap_or_default().department_info)
    }

    /// 删除成员 Removes people, all or none; the API takes at most 200 at once.
    ///
    /// # Errors
    /// As [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// sync.directory().delete_users(["anna"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_users(
        &self,
        users: impl IntoIterator<Item = impl Into<UserId>>,
    ) -> Result<(), Error> {
        let useridlist = userids(users);
        self.0.send(user::BatchDelete { useridlist }).await?;
        Ok(())
    }

    /// 获取部门列表 A department with all below it, or all that the app sees.
    ///
    /// # Errors
    /// As [`Directory::user`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// for department in wecom.directory().departments(None).await? {
    ///     println!("{} {}", department.id, department.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn departments(&self, id: Option<i64>) -> Result<Vec<Department>, Error> {
        Ok(self.0.send(department::List { id }).await?.department)
    }

    /// 获取单个部门详情 A department.
    ///
    /// # Errors
    /// As [`Directory::user`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let root = wecom.directory().department(1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn department(&self, id: i64) -> Result<Department, Error> {
        let request = department::Get { id: Some(id) };
        Ok(self.0.send(request).await?.department)
    }

    /// 创建部门 Makes a department and brings its id.
    ///
    /// # Errors
    /// [`Error::is_taken`] where there is one with its id, or with its name beside it; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::department;
    ///
    /// let new = department::Create {
    ///     name: Some("广州研发中心".into()),
    ///     parentid: Some(1),
    ///     ..Default::default()
    /// };
    /// let id = sync.directory().create_department(new).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_department(&self, department: department::Create) -> Result<i64, Error> {
        Ok(self.0.send(department).await?.id)
    }

    /// 更新部门 Changes what is given of a department.
    ///
    /// # Errors
    /// As [`Directory::create_department`]; [`Error::is_not_found`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::department;
    ///
    /// let renamed = department::Update {
    ///     id: Some(3),
    ///     name: Some("设计组".into()),
    ///     ..Default::default()
    /// };
    /// sync.directory().update_department(renamed).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_department(&self, department: department::Update) -> Result<(), Error> {
        self.0.send(department).await?;
        Ok(())
    }

    /// 删除部门 Removes a department that has neither people nor departments below it.
    ///
    /// # Errors
    /// As [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(sync: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// sync.directory().delete_department(3).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_department(&self, id: i64) -> Result<(), Error> {
        self.0.send(department::Delete { id: Some(id) }).await?;
        Ok(())
    }

    /// 获取标签列表 The tags of the company.
    ///
    /// # Errors
    /// As [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let tags = wecom.directory().tags().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.0.send(tag::List {}).await?.taglist)
    }

    /// 获取标签成员 A tag with those who have it, as far as the app sees them.
    ///
    /// # Errors
    /// [`Error::is_not_found`]; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let on_duty = wecom.directory().tag(1).await?.userlist;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tag(&self, tagid: i64) -> Result<tag::Got, Error> {
        self.0.send(tag::Get { tagid: Some(tagid) }).await
    }

    /// 创建标签 Makes a tag, which this app alone may change, and brings its id.
    ///
    /// # Errors
    /// [`Error::is_taken`] where another has its name; else as [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let tag = wecom.directory().create_tag("值班").await?;
    /// wecom.directory().add_to_tag(tag, ["zhangsan"], []).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_tag(&self, name: impl Into<String>) -> Result<i64, Error> {
        let request = tag::Create {
            tagname: Some(name.into()),
            tagid: None,
        };
        Ok(self.0.send(request).await?.tagid)
    }

    /// 更新标签名字 Renames a tag that this app made.
    ///
    /// # Errors
    /// As [`Directory::create_tag`]; [`Error::is_not_allowed`] where another made it.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// wecom.directory().rename_tag(1, "夜班").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename_tag(&self, tagid: i64, name: impl Into<String>) -> Result<(), Error> {
        let request = tag::Update {
            tagid: Some(tagid),
            tagname: Some(name.into()),
        };
        self.0.send(request).await?;
        Ok(())
    }

    /// 删除标签 Removes a tag that this app made.
    ///
    /// # Errors
    /// As [`Directory::rename_tag`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// wecom.directory().delete_tag(1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_tag(&self, tagid: i64) -> Result<(), Error> {
        self.0.send(tag::Delete { tagid: Some(tagid) }).await?;
        Ok(())
    }

    /// 增加标签成员 Gives people and departments a tag that this app made, and brings who was left out. The API takes at most
    /// 1000 people and 100 departments at once.
    ///
    /// # Errors
    /// As [`Directory::rename_tag`]; a refusal too where all were left out.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let left_out = wecom.directory().add_to_tag(1, ["zhangsan", "lisi"], [2]).await?;
    /// assert!(left_out.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_to_tag(
        &self,
        tagid: i64,
        users: impl IntoIterator<Item = impl Into<UserId>>,
        departments: impl IntoIterator<Item = i64>,
    ) -> Result<LeftOut, Error> {
        let request = tag::AddTagUsers {
            tagid: Some(tagid),
            userlist: userids(users),
            partylist: departments.into_iter().collect(),
        };
        Ok(self.0.send(request).await?.into())
    }

    /// 删除标签成员 Takes a tag that this app made from people and departments, and brings who was left out.
    ///
    /// # Errors
    /// As [`Directory::add_to_tag`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// wecom.directory().remove_from_tag(1, ["lisi"], []).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_from_tag(
        &self,
        tagid: i64,
        users: impl IntoIterator<Item = impl Into<UserId>>,
        departments: impl IntoIterator<Item = i64>,
    ) -> Result<LeftOut, Error> {
        let request = tag::DelTagUsers {
            tagid: Some(tagid),
            userlist: userids(users),
            partylist: departments.into_iter().collect(),
        };
        Ok(self.0.send(request).await?.into())
    }
}
