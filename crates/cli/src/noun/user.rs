//! `qun user`: the people of a company (all but `find` need the manage token).

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use qun_client::{Error, Mailbox};
use qun_protocol::{
    Endpoint, UserId,
    manage::{DeleteUser, GetUser, PutUser, Resign, Users},
    user::GetUserId,
    world::{User, UserStatus},
};
use serde_json::json;

use crate::{
    connect::{Common, Session},
    failure::not_found,
    output::progress,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List or search the people.
    #[command(after_help = "Example:\n  qun user list --search 开发")]
    List {
        /// Part of a userid or name
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show a person.
    #[command(after_help = "Example:\n  qun user show zhangsan")]
    Show {
        /// The person
        userid: String,
    },
    /// Find a person by mobile number or e-mail address, as the app may (needs the app's secret).
    ///
    /// What nobody in the app's visible range has is counted: beyond a fifth of the company's account cap the rest of the day
    /// is blocked.
    #[command(after_help = "Example:\n  qun user find --mobile 13430388888")]
    Find(Sought),
    /// Make a person, or change what is given of one.
    #[command(
        after_help = "Example:\n  qun user set anna --name 安娜 --mobile 13900000001 --departments 2"
    )]
    Set(Given),
    /// Mark a person as resigned; customer groups of that owner wait for groupchat/transfer.
    #[command(after_help = "Example:\n  qun user resign zhaoliu --yes")]
    Resign {
        /// The person
        userid: String,
    },
    /// Remove a person who was never in a group. For others there is: qun user resign USERID
    #[command(after_help = "Example:\n  qun user delete zhaoliu --yes")]
    Delete {
        /// The person
        userid: String,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false, id = "detail")]
struct Sought {
    /// The mobile number
    #[arg(long, value_name = "NUMBER", group = "detail")]
    mobile: Option<String>,
    /// The address in the company's mail (企业邮箱)
    #[arg(long, value_name = "ADDRESS", group = "detail")]
    email: Option<String>,
    /// The person's own address (个人邮箱)
    #[arg(long, value_name = "ADDRESS", group = "detail")]
    personal_email: Option<String>,
}

#[derive(Args)]
struct Given {
    /// The person
    userid: String,
    /// 成员名称
    #[arg(long)]
    name: Option<String>,
    /// 别名
    #[arg(long)]
    alias: Option<String>,
    /// 手机号码
    #[arg(long)]
    mobile: Option<String>,
    /// 邮箱
    #[arg(long)]
    email: Option<String>,
    /// 企业邮箱
    #[arg(long, value_name = "ADDRESS")]
    biz_mail: Option<String>,
    /// 所属部门
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    departments: Option<Vec<i64>>,
    /// Whether the account can be used
    #[arg(long)]
    status: Option<Status>,
    /// Give customer contact
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    customer_contact: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// 已激活
    Active,
    /// 已禁用
    Disabled,
    /// 未激活
    NotActivated,
    /// 退出企业
    Left,
}

impl From<Status> for UserStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => UserStatus::Active,
            Status::Disabled => UserStatus::Disabled,
            Status::NotActivated => UserStatus::NotActivated,
            Status::Left => UserStatus::Left,
        }
    }
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List { search } => list(&session, search).await,
        Verb::Show { userid } => {
            let corpid = session.corpid().await?;
            let userid = userid.into();
            let user = session.send(GetUser { corpid, userid }).await?;
            session.output.record(&user)
        }
        Verb::Find(sought) => find(&session, sought).await,
        Verb::Set(given) => set(&session, given).await,
        Verb::Resign { userid } => {
            if !session.confirm(&format!("Mark {userid} as resigned?"))? {
                return Ok(());
            }
            let corpid = session.corpid().await?;
            let said = format!("{userid} has resigned");
            let userid = UserId(userid);
            let request = Resign { corpid, userid };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Delete { userid } => {
            if !session.confirm(&format!("Remove {userid}?"))? {
                return Ok(());
            }
            let corpid = session.corpid().await?;
            let said = format!("removed {userid}");
            let userid = UserId(userid);
            let request = DeleteUser { corpid, userid };
            session.carry_out(request, said, &json!({})).await
        }
    }
}

async fn list(session: &Session, search: Option<String>) -> Result<()> {
    let request = Users {
        corpid: session.corpid().await?,
        search,
        limit: Some(1000),
        ..Default::default()
    };
    let users = session.all(request).await?;
    let columns = ["userid", "name", "mobile", "departments", "status"];
    session.output.list(&columns, &users)
}

async fn find(session: &Session, sought: Sought) -> Result<()> {
    let directory = session.client()?.directory();
    let finding = async {
        match (sought.mobile, sought.email, sought.personal_email) {
            (Some(mobile), ..) => directory.find_by_mobile(mobile).await,
            (_, Some(email), _) => directory.find_by_email(email, Mailbox::Company).await,
            (.., email) => {
                let email = email.unwrap_or_default();
                directory.find_by_email(email, Mailbox::Personal).await
            }
        }
    };
    let found = progress::during(&session.output, GetUserId::META.title, finding).await?;
    let userid = found.ok_or_else(|| not_found("nobody in the app's visible range has it"))?;
    session.output.bare(&userid, &json!({ "userid": userid }))
}

async fn set(session: &Session, given: Given) -> Result<()> {
    let corpid = session.corpid().await?;
    let userid = UserId(given.userid);
    let known = session
        .send(GetUser {
            corpid: corpid.clone(),
            userid: userid.clone(),
        })
        .await;
    let absent = |error: &anyhow::Error| error.downcast_ref().is_some_and(Error::is_not_found);
    let mut user = match known {
        Err(error) if absent(&error) => User {
            userid: userid.clone(),
            ..Default::default()
        },
        known => known?,
    };
    user.name = given.name.or(user.name);
    user.alias = given.alias.or(user.alias);
    user.mobile = given.mobile.or(user.mobile);
    user.email = given.email.or(user.email);
    user.biz_mail = given.biz_mail.or(user.biz_mail);
    user.departments = given.departments.or(user.departments);
    user.status = given.status.map_or(user.status, Into::into);
    user.customer_contact = given.customer_contact.unwrap_or(user.customer_contact);
    let request = PutUser {
        corpid,
        userid,
        user,
    };
    match session.change(request).await? {
        Some(user) => session.output.record(&user),
        None => Ok(()),
    }
}
