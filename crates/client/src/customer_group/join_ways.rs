use qun_protocol::{
    ConfigId,
    groupchat::{AddJoinWay, DelJoinWay, GetJoinWay, JoinWay},
};

use crate::{Client, Error};

/// 「加入群聊」管理: QR codes and mini-program buttons with which people join customer groups. From
/// [`CustomerGroups::join_ways`](crate::CustomerGroups::join_ways).
///
/// An app manages only what it has made itself, and the cloud lists nothing: keep the ids.
///
/// ```no_run
/// use qun_client::{AddJoinWay, Client};
///
/// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
/// let join_ways = wecom.customer_groups().join_ways();
/// let poster = AddJoinWay::qr_code(["wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa"])
///     .new_rooms("销售客服群", 10)
///     .state("poster");
/// let config_id = join_ways.add(poster).await?;
/// println!("{:?}", join_ways.get(&config_id).await?.qr_code);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JoinWays(pub(crate) Client);

impl JoinWays {
    /// 配置客户群进群方式 Makes a join way and brings its id.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a value would be cut or refused; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::{AddJoinWay, Client};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let button = AddJoinWay::mini_program(["wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa"]).no_new_rooms();
    /// let config_id = wecom.customer_groups().join_ways().add(button).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add(&self, way: AddJoinWay) -> Result<ConfigId, Error> {
        way.check_by(self.0.rules())?;
        Ok(self.0.send(way).await?.config_id)
    }

    /// 获取客户群进群方式配置 Reads a join way.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where the app has made none with this id; else as [`Client::send`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let way = wecom.customer_groups().join_ways().get("9ad7fa5cdaa6511298498f979c472aaa").await?;
    /// println!("{} groups, picture at {:?}", way.chat_id_list.len(), way.qr_code);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, config_id: impl Into<ConfigId>) -> Result<JoinWay, Error> {
        let request = GetJoinWay {
            config_id: Some(config_id.into()),
        };
        Ok(self.0.send(request).await?.join_way)
    }

    /// 更新客户群进群方式配置 Replaces a join way as a whole; its QR code stays the same. To change a part, begin with what
    /// [`JoinWays::get`] brings.
    ///
    /// # Errors
    /// As [`JoinWays::add`] and [`JoinWays::get`].
    ///
    /// ```no_run
    /// # use qun_client::{AddJoinWay, Client};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let join_ways = wecom.customer_groups().join_ways();
    /// let config_id = "9ad7fa5cdaa6511298498f979c472aaa";
    /// let way = AddJoinWay::from(join_ways.get(config_id).await?).state("autumn");
    /// join_ways.update(config_id, way).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(
        &self,
        config_id: impl Into<ConfigId>,
        way: AddJoinWay,
    ) -> Result<(), Error> {
        let request = way.replacing(config_id);
        request.check_by(self.0.rules())?;
        self.0.send(request).await?;
        Ok(())
    }

    /// 删除客户群进群方式配置 Removes a join way. Its groups stay, and so do those who came with it.
    ///
    /// # Errors
    /// As [`JoinWays::get`].
    ///
    /// ```no_run
    /// # use qun_client::Client;
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// wecom.customer_groups().join_ways().delete("42b34949e138eb6e027c123cba77faaa").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, config_id: impl Into<ConfigId>) -> Result<(), Error> {
        let request = DelJoinWay {
            config_id: Some(config_id.into()),
        };
        self.0.send(request).await?;
        Ok(())
    }
}
