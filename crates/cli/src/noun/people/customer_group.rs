//! `qun people`: what is done in customer groups alone.

use anyhow::Result;
use clap::Subcommand;
use qun_protocol::{
    CorpId,
    people::{
        CreateGroup, Dismiss, Invite, Join, OpenMiniProgram, SetAdmins, SetNickname, SetNotice,
        ShareLink, ShowQrCode,
    },
};
use serde_json::json;

use crate::{connect::Session, noun::chat::people};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make a customer group as an employee with customer contact, and print its chat_id.
    #[command(
        after_help = "Example:\n  qun people create-group ZhuShengBen wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA --name 老客户"
    )]
    CreateGroup {
        /// The employee, who owns it
        userid: String,
        /// Colleagues by userid, customers by external_userid
        #[arg(value_delimiter = ',', value_name = "ID")]
        userlist: Vec<String>,
        /// Its name, at most 50 characters
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
    },
    /// Let colleagues or customers into a customer group.
    #[command(
        after_help = "Example:\n  qun people invite ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA zhangsan"
    )]
    Invite {
        /// The member
        userid: String,
        /// The group
        chatid: String,
        /// Colleagues by userid, customers by external_userid
        #[arg(required = true, value_delimiter = ',', value_name = "ID")]
        userlist: Vec<String>,
    },
    /// Give away a link into a customer group: print the code that `join` takes.
    #[command(
        after_help = "Example:\n  qun people link ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
    )]
    Link {
        /// The member who invites
        userid: String,
        /// The group
        chatid: String,
    },
    /// Show a customer group's QR code: print the code that `join` takes.
    #[command(
        after_help = "Example:\n  qun people qr-code ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
    )]
    QrCode {
        /// The member
        userid: String,
        /// The group
        chatid: String,
    },
    /// Come into a customer group by a link or QR code, and print its chat_id.
    #[command(
        after_help = "Example:\n  CODE=$(qun people link ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA)\n  qun people join zhangsan \"$CODE\""
    )]
    Join {
        /// The customer or employee
        userid: String,
        /// The code
        code: String,
    },
    /// Set one's own name in a customer group; an empty one takes it away.
    #[command(
        after_help = "Example:\n  qun people nickname abel wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA 客服小张"
    )]
    Nickname {
        /// The member
        userid: String,
        /// The group
        chatid: String,
        /// The name, at most 64 characters
        nickname: String,
    },
    /// Set a customer group's notice as its owner or an admin.
    #[command(
        after_help = "Example:\n  qun people notice sam wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA 文明沟通"
    )]
    Notice {
        /// The owner or an admin
        userid: String,
        /// The group
        chatid: String,
        /// The notice, at most 2000 characters
        notice: String,
    },
    /// Say who are a customer group's admins, as its owner; all others are none.
    #[command(
        after_help = "Example:\n  qun people admins ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA sam,jack"
    )]
    Admins {
        /// The owner
        userid: String,
        /// The group
        chatid: String,
        /// Employees among the members
        #[arg(value_delimiter = ',', value_name = "USERID")]
        userlist: Vec<String>,
    },
    /// Dismiss a customer group as its owner.
    #[command(
        after_help = "Example:\n  qun people dismiss abel wrOgQhDgAAcwMTB7YmDkbeBsAAAA --yes"
    )]
    Dismiss {
        /// The owner
        userid: String,
        /// The group
        chatid: String,
    },
    /// Open a mini-program in a customer group: print the opengid that it learns.
    #[command(
        after_help = "Example:\n  qun people mini-program abel wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
    )]
    MiniProgram {
        /// The member
        userid: String,
        /// The group
        chatid: String,
    },
}

pub(super) async fn run(session: &Session, corpid: Option<CorpId>, verb: Verb) -> Result<()> {
    match verb {
        Verb::CreateGroup {
            userid,
            userlist,
            name,
        } => {
            let made = session.change(CreateGroup {
                corpid,
                userid: userid.into(),
                name,
                userlist: people(userlist),
            });
            match made.await? {
                Some(made) => session.output.bare(&made.chat_id, &made),
                None => Ok(()),
            }
        }
        Verb::Invite {
            userid,
            chatid,
            userlist,
        } => {
            let invited = session.change(Invite {
                corpid,
                userid: userid.clone().into(),
                chatid: chatid.clone().into(),
                userlist: people(userlist),
            });
            let Some(invited) = invited.await? else {
                return Ok(());
            };
            let joined: Vec<&str> = invited.joined.iter().map(|id| &**id).collect();
            let said = format!("{userid} let {} into {chatid}", joined.join(", "));
            session.output.done(said, &json!(invited))
        }
        Verb::Link { userid, chatid } => {
            let code = session.change(ShareLink {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
            });
            match code.await? {
                Some(code) => session.output.bare(&code.code, &code),
                None => Ok(()),
            }
        }
        Verb::QrCode { userid, chatid } => {
            let code = session.change(ShowQrCode {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
            });
            match code.await? {
                Some(code) => session.output.bare(&code.code, &code),
                None => Ok(()),
            }
        }
        Verb::Join { userid, code } => {
            let joined = session.change(Join {
                corpid,
                userid: userid.into(),
                code,
            });
            match joined.await? {
                Some(joined) => session.output.bare(&joined.chat_id, &joined),
                None => Ok(()),
            }
        }
        Verb::Nickname {
            userid,
            chatid,
            nickname,
        } => {
            let said = format!("{userid} is {nickname:?} in {chatid}");
            let request = SetNickname {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                nickname,
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Notice {
            userid,
            chatid,
            notice,
        } => {
            let said = format!("{userid} set the notice of {chatid}");
            let request = SetNotice {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                notice,
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Admins {
            userid,
            chatid,
            userlist,
        } => {
            let said = format!("{userid} set the admins of {chatid}");
            let request = SetAdmins {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                userlist: people(userlist),
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Dismiss { userid, chatid } => {
            if !session.confirm(&format!("Dismiss {chatid} for all its members?"))? {
                return Ok(());
            }
            let said = format!("{userid} dismissed {chatid}");
            let request = Dismiss {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::MiniProgram { userid, chatid } => {
            let opengid = session.change(OpenMiniProgram {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
            });
            match opengid.await? {
                Some(opengid) => session.output.bare(&opengid.opengid, &opengid),
                None => Ok(()),
            }
        }
    }
}
