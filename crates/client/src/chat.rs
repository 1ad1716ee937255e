//! Internal groups in document 000's words.

use qun_protocol::{
    ChatId, Endpoint, UserId,
    appchat::{ChatInfo, Create, Get, Member, Members, Quit, Send, Unfit, Update},
};

use crate::{CLOUD, Client, Error};

/// 群聊管理: makes groups, changes them, speaks in them. From [`Client::chat`].
///
/// What the API would cut or refuse is found before anything is sent: the calls check what they are given.
///
/// ```no_run
/// use qun_client::{Client, Create, Text};
///
/// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
/// let chat = wecom.chat();
/// let team = chat.create(Create::new(["dev001", "dev002"]).name("项目开发小组")).await?;
/// chat.add_members(&team, ["qa001"]).await?;
/// chat.send(&team, Text::new("大家好")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Chat(pub(crate) Client);

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        Error::invalid(unfit.to_string())
    }
}

/// A chatid as callers have it.
fn id(chatid: impl AsRef<str>) -> ChatId {
    chatid.as_ref().into()
}

impl Chat {
    /// 创建群聊 Makes a group and brings its chatid.
    ///
    /// # Errors
    /// [`Error::is_taken`] where a group has this chatid; [`Error::Invalid`] where the name would be cut or the number of people
    /// is not allowed; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::{Client, Create};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let group = Create::new(["pm_001", "dev_001", "qa_001"])
    ///     .name("Alpha项目组")
    ///     .owner("pm_001")
    ///     .chatid("alpha20231101");
    /// let chatid = wecom.chat().create(group).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(&self, group: Create) -> Result<ChatId, Error> {
        group.check_by(self.0.rules())?;
        Ok(self.0.send(group).await?.chatid)
    }

    /// 获取群聊信息 Reads a group.
    ///
    /// # Errors
    /// [`Error::is_unknown_chat`] where there is none; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let group = wecom.chat().get("launch").await?;
    /// println!("{}: {} members", group.name, group.userlist.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, chatid: impl AsRef<str>) -> Result<ChatInfo, Error> {
        let request = Get {
            chatid: Some(id(chatid)),
        };
        Ok(self.0.send(request).await?.chat_info)
    }

    /// 修改群聊信息 Changes name, owner and members in one call.
    ///
    /// # Errors
    /// As [`Chat::create`] and [`Chat::get`].
    ///
    /// ```no_run
    /// # use qun_client::{Client, Update};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let change = Update::new("launch")
    ///     .name("Alpha项目开发小组")
    ///     .owner("new_project_manager")
    ///     .add_members(["dev003", "qa001"])
    ///     .remove_members(["test001"]);
    /// wecom.chat().update(change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(&self, change: Update) -> Result<(), Error> {
        change.check_by(self.0.rules())?;
        self.0.send(change).await?;
        Ok(())
    }

    /// 解散群聊 Dissolves a group. Document 000 has this call; the cloud has not, there a group is dissolved on a phone.
    ///
    /// # Errors
    /// [`Error::NoSuchCall`] from the cloud and from servers that behave as it does; else as [`Chat::get`].
    ///
    /// ```no_run
    /// # use qun_client::{Client, Error};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// match wecom.chat().quit("launch").await {
    ///     Err(Error::NoSuchCall { .. }) => println!("ask the owner to dissolve it"),
    ///     result => result?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn quit(&self, chatid: impl AsRef<str>) -> Result<(), Error> {
        self.only_documented::<Quit>()?;
        let request = Quit {
            chatid: Some(id(chatid)),
        };
        self.0.send(request).await?;
        Ok(())
    }

    /// 批量邀请成员 Lets people into a group, in one call however many. Who is in it stays.
    ///
    /// # Errors
    /// As [`Chat::update`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// wecom.chat().add_members("launch", ["new_dev001", "new_qa001"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_members<U: Into<UserId>>(
        &self,
        chatid: impl AsRef<str>,
        people: impl IntoIterator<Item = U>,
    ) -> Result<(), Error> {
        self.update(Update::new(id(chatid)).add_members(people))
            .await
    }

    /// 批量移除成员 Takes people out of a group, in one call however many.
    ///
    /// # Errors
    /// As [`Chat::update`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// wecom.chat().remove_members("launch", ["old_dev001"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_members<U: Into<UserId>>(
        &self,
        chatid: impl AsRef<str>,
        people: impl IntoIterator<Item = U>,
    ) -> Result<(), Error> {
        self.update(Update::new(id(chatid)).remove_members(people))
            .await
    }

    /// 获取群成员列表 Lists a group's members with status and time of joining. Document 000 has this call; the cloud has not,
    /// there [`Chat::get`] brings the userids.
    ///
    /// # Errors
    /// As [`Chat::quit`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// for member in wecom.chat().get_members("launch").await? {
    ///     println!("{} since {}", member.userid, member.join_time);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_members(&self, chatid: impl AsRef<str>) -> Result<Vec<Member>, Error> {
        self.only_documented::<Members>()?;
        let request = Members {
            chatid: Some(id(chatid)),
        };
        Ok(self.0.send(request).await?.userlist)
    }

    /// 发送群消息 Sends a message of any kind to a group. A message that the API would cut is not sent. An ok does not mean that
    /// it arrived everywhere: what a member gets beyond 200 a minute is dropped in silence.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the API would cut or refuse it; [`Error::OutcomeUnknown`] where it may have been sent, in which
    /// case it is not sent again; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::{Article, Client, News, Send, Text};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let chat = wecom.chat();
    /// chat.send("launch", Text::new("大家好").mention(["lisi"])).await?;
    /// chat.send("launch", Send::from(Text::new("口令")).confidential()).await?;
    /// let report = Article::new("项目进度报告", "https://work.weixin.qq.com/report/123");
    /// chat.send("launch", News::new([report.description("本周项目进展情况总结")])).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(
        &self,
        chatid: impl AsRef<str>,
        message: impl Into<Send>,
    ) -> Result<(), Error> {
        let mut message = message.into();
        message.check_by(self.0.rules())?;
        message.chatid = Some(id(chatid));
        self.0.send(message).await?;
        Ok(())
    }

    /// Tells the client how many members a group has, so that pacing need not read it. Nothing is sent.
    ///
    /// ```
    /// # use qun_client::Client;
    /// # fn example(wecom: &Client) {
    /// wecom.chat().has_members("launch", 120);
    /// # }
    /// ```
    pub fn has_members(&self, chatid: impl AsRef<str>, members: usize) {
        self.0.pacing().learn(&id(chatid), Some(members));
    }

    /// The cloud need not be asked for what it does not have.
    fn only_documented<E: Endpoint>(&self) -> Result<(), Error> {
        if self.0.base_url() == CLOUD {
            return Err(Error::NoSuchCall { path: E::META.path });
        }
        Ok(())
    }
}
