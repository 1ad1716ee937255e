//! 客户群: groups of employees and customers.

mod join_ways;
mod transfer;

use futures_util::{Stream, TryStreamExt, stream};
use qun_protocol::{
    GroupChatId, UserId,
    groupchat::{
        Get, GroupChat, List, ListedGroup, OnjobTransfer, OpengidToChatId, Transfer, Transferred,
    },
};

use crate::{Client, Error};

pub use join_ways::JoinWays;
pub use transfer::{GroupTransfer, TransferAll, TransferReport, TransferState};

/// One call of a transfer names at most so many groups.
const TRANSFERRED: usize = 100;
/// A page of a list has at most so many groups.
const PAGE: i64 = 1000;

/// 客户群管理: reads customer groups and gives them to other owners. From [`Client::customer_groups`].
///
/// The app is the company's customer-contact app, or a self-built one that is 可调用应用; it sees the groups whose owners are in
/// its visible range.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// use qun_client::{Client, protocol::groupchat::List};
///
/// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
/// let groups = wecom.customer_groups();
/// let mut listed = std::pin::pin!(groups.list(List::default()));
/// while let Some(group) = listed.try_next().await? {
///     let group = groups.get(&group.chat_id).await?;
///     println!("{}: {} members", group.name, group.member_list.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CustomerGroups(pub(crate) Client);

impl CustomerGroups {
    /// 「加入群聊」: QR codes and mini-program buttons with which people join customer groups.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let join_ways = wecom.customer_groups().join_ways();
    /// ```
    pub fn join_ways(&self) -> JoinWays {
        JoinWays(self.0.clone())
    }

    /// 获取客户群列表 Every group that fits a filter, page after page, as it is read. After an error it ends.
    ///
    /// `limit` is the size of a page, 1000 where absent; `cursor` where it begins. A page may be short though more follow.
    ///
    /// # Errors
    /// [`Error::Refused`] with 81017 where more than 1000 people are in range and no owners are named; else as [`Client::send`].
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use qun_client::{Client, protocol::groupchat::{List, OwnerFilter}};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// // Those that wait for somebody to inherit them.
    /// let waiting = List { status_filter: Some(1), ..Default::default() };
    /// let waiting: Vec<_> = wecom.customer_groups().list(waiting).try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(
        &self,
        filter: List,
    ) -> impl Stream<Item = Result<ListedGroup, Error>> + Send + 'static {
        let client = self.0.clone();
        let first = List {
            limit: filter.limit.or(Some(PAGE)),
            ..filter
        };
        stream::try_unfold(Some(first), move |next| {
            let client = client.clone();
            async move {
                let Some(request) = next else {
                    return Ok::<_, Error>(None);
                };
                let page = client.send(request.clone()).await?;
                let next = (!page.next_cursor.is_empty()).then_some(List {
                    cursor: Some(page.next_cursor),
                    offset: None,
                    ..request
                });
                let groups = page.group_chat_list.into_iter().map(Ok);
                Ok(Some((stream::iter(groups), next)))
            }
        })
        .try_flatten()
    }

    /// 获取客户群详情 Reads a group with the names of its members.
    ///
    /// # Errors
    /// [`Error::is_unknown_chat`] where there is none or it is dismissed; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let group = wecom.customer_groups().get("wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA").await?;
    /// for member in &group.member_list {
    ///     println!("{} {:?}", member.userid, member.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, chat_id: impl AsRef<str>) -> Result<GroupChat, Error> {
        let request = Get {
            chat_id: Some(chat_id.as_ref().into()),
            need_name: Some(1),
        };
        Ok(self.0.send(request).await?.group_chat)
    }

    /// 客户群opengid转换 Tells which group a mini-program was opened in.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where no group of the company is called so; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let chat_id = wecom.customer_groups().by_opengid("oAAAAAAA").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_opengid(&self, opengid: impl Into<String>) -> Result<GroupChatId, Error> {
        let request = OpengidToChatId {
            opengid: Some(opengid.into()),
        };
        Ok(self.0.send(request).await?.chat_id)
    }

    /// 分配离职成员的客户群 Gives groups whose owner has resigned to a new owner. What was refused stands in the answer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for none or more than 100 groups; [`Error::is_not_found`] where nobody is the new owner; else as
    /// [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let groups = wecom.customer_groups();
    /// let given = groups.transfer(["wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA"], "zhangsan").await?;
    /// for failed in &given.failed_chat_list {
    ///     println!("{}: {} {}", failed.chat_id, failed.errcode, failed.errmsg);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn transfer<I>(
        &self,
        chats: impl IntoIterator<Item = I>,
        new_owner: impl Into<UserId>,
    ) -> Result<Transferred, Error>
    where
        I: Into<GroupChatId>,
    {
        let request = Transfer {
            chat_id_list: within(chats)?,
            new_owner: Some(new_owner.into()),
        };
        self.0.send(request).await
    }

    /// 分配在职成员的客户群 Gives groups of an employee to a new owner, at once. A group can be given on twice in 90 days.
    ///
    /// # Errors
    /// As [`CustomerGroups::transfer`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let groups = wecom.customer_groups();
    /// groups.onjob_transfer(["wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA"], "zhangsan").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn onjob_transfer<I>(
        &self,
        chats: impl IntoIterator<Item = I>,
        new_owner: impl Into<UserId>,
    ) -> Result<Transferred, Error>
    where
        I: Into<GroupChatId>,
    {
        let request = OnjobTransfer {
            chat_id_list: within(chats)?,
            new_owner: Some(new_owner.into()),
        };
        self.0.send(request).await
    }

    /// All groups of one owner for another, as many calls and days as that takes: see [`TransferAll`]. The owner has resigned,
    /// or [is on the job](TransferAll::on_job).
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::TransferState;
    ///
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").waiting();
    /// let report = transfer.run(|_| {}).await?;
    /// println!("{} given", report.count(|state| *state == TransferState::Accepted));
    /// # Ok(())
    /// # }
    /// ```
    pub fn transfer_all(
        &self,
        owner: impl Into<UserId>,
        new_owner: impl Into<UserId>,
    ) -> TransferAll {
        TransferAll::new(self.clone(), owner.into(), new_owner.into())
    }
}

/// As many groups as one call takes.
fn within<I: Into<GroupChatId>>(
    chats: impl IntoIterator<Item = I>,
) -> Result<Vec<GroupChatId>, Error> {
    let chats: Vec<GroupChatId> = chats.into_iter().map(Into::into).collect();
    match chats.len() {
        1..=TRANSFERRED => Ok(chats),
        count => Err(Error::invalid(format!(
            "a transfer takes 1 to {TRANSFERRED} groups, not {count}"
        ))),
    }
}
