use qun_protocol::{
    ChatId, CorpId, Done, GroupChatId, Name, Refusal as R, Refused, UserId,
    groupchat::JoinScene,
    people::{
        CreateGroup, CreatedGroup, Dismiss, GroupCode, Invite, Invited, Join, Joined,
        OpenMiniProgram, Opengid, SetAdmins, SetNickname, SetNotice, ShareLink, ShowQrCode,
    },
    world::UserStatus,
};
use qun_store::table::{
    chat,
    company::Company,
    customer_group::{self, Code, Group, Way},
};

use super::{owner_only, seen_customer_group};
use crate::{
    Command, Cx, Outcome, Use, customer_group as core,
    participant::{self, Participant},
    rule,
};

/// A link or QR code is good for so long, ms.
const CODE_LASTS: i64 = 7 * 86_400_000;
/// Characters of a name in a group.
const NICKNAME: usize = 64;
/// Characters of a notice.
const NOTICE: usize = 2000;

/// A member before a customer group.
struct Inside {
    company: Company,
    member: Participant,
    group: Group,
}

fn enter(cx: &mut Cx, corpid: &Option<CorpId>, id: &UserId, chatid: &ChatId) -> Outcome<Inside> {
    let company = cx.company(corpid.as_ref())?;
    let member = cx.participant(company.corp, id)?;
    let group = seen_customer_group(cx.tx.as_read(), company.corp, member.key(), chatid)?;
    Ok(Inside {
        company,
        member,
        group,
    })
}

/// The owner and admins may.
pub(super) fn manager_only(cx: &mut Cx, corp: i64, group: &Group, member: i64) -> Outcome<()> {
    if group.owner == member || customer_group::is_admin(cx.tx.as_read(), corp, group.chat, member)?
    {
        Ok(())
    } else {
        Err(R::NotOwner.into())
    }
}

/// The key of another member.
pub(super) fn member(cx: &mut Cx, corp: i64, group: &Group, id: &UserId) -> Outcome<i64> {
    let stranger = || Refused::because(R::NotMember, id.to_string());
    let key = participant::named(cx.tx.as_read(), corp, id)
        .map_err(|_| stranger())?
        .key();
    if chat::is_member(cx.tx.as_read(), corp, group.chat, key)? {
        Ok(key)
    } else {
        Err(stranger().into())
    }
}

impl Command<CreateGroup> for Use {
    fn run(cx: &mut Cx, request: &CreateGroup) -> Outcome<CreatedGroup> {
        let company = cx.company(request.corpid.as_ref())?;
        let rules = cx.rules(company.corp)?;
        let owner = cx.person(company.corp, &request.userid)?;
        if !owner.customer_contact || UserStatus::numbered(owner.status) != UserStatus::Active {
            return Err(Refused::because(R::NoCustomerContact, owner.userid).into());
        }
        let name = match request.name.as_str() {
            "" => String::new(),
            name => rule::chat::name(&rules, &Name::Text(name.to_owned()))?,
        };
        let others = participant::keys(cx.tx.as_read(), company.corp, &request.userlist)?;
        let new = core::New {
            kind: chat::kind::CUSTOMER,
            name: &name,
            owner: owner.person,
            others: &others,
        };
        let group = core::create(cx, &company, &rules, new)?;
        Ok(CreatedGroup {
            chat_id: GroupChatId(group.chat_id),
        })
    }
}

impl Command<Invite> for Use {
    fn run(cx: &mut Cx, request: &Invite) -> Outcome<Invited> {
        let mut inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        let corp = inside.company.corp;
        let rules = cx.rules(corp)?;
        let people = participant::keys(cx.tx.as_read(), corp, &request.userlist)?;
        let way = Way {
            scene: JoinScene::Invited.number(),
            invitor: Some(inside.member.key()),
            state: None,
        };
        let joined = core::join(cx, &inside.company, &rules, &mut inside.group, &people, way)?;
        Ok(Invited {
            joined: participant::ids_of(cx.tx.as_read(), corp, &joined)?,
        })
    }
}

fn share(
    cx: &mut Cx,
    (corpid, id, chatid): (&Option<CorpId>, &UserId, &ChatId),
    scene: JoinScene,
) -> Outcome<GroupCode> {
    let inside = enter(cx, corpid, id, chatid)?;
    let code = cx.letters(32);
    let row = Code {
        chat: inside.group.chat,
        invitor: inside.member.key(),
        scene: scene.number(),
        expires: cx.now + CODE_LASTS,
    };
    customer_group::add_code(cx.tx, inside.company.corp, &code, &row)?;
    Ok(GroupCode {
        code,
        expires: row.expires / 1000,
    })
}

impl Command<ShareLink> for Use {
    fn run(cx: &mut Cx, request: &ShareLink) -> Outcome<GroupCode> {
        let place = (&request.corpid, &request.userid, &request.chatid);
        share(cx, place, JoinScene::Link)
    }
}

impl Command<ShowQrCode> for Use {
    fn run(cx: &mut Cx, request: &ShowQrCode) -> Outcome<GroupCode> {
        let place = (&request.corpid, &request.userid, &request.chatid);
        share(cx, place, JoinScene::QrCode)
    }
}

impl Command<Join> for Use {
    fn run(cx: &mut Cx, request: &Join) -> Outcome<Joined> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let rules = cx.rules(corp)?;
        let comer = cx.participant(corp, &request.userid)?;
        let code = customer_group::code(cx.tx.as_read(), corp, &request.code)?
            .filter(|code| cx.now < code.expires)
            .ok_or(R::CodeUnknown)?;
        let mut group = customer_group::by_key(cx.tx.as_read(), corp, code.chat)?
            .filter(|group| group.dismissed.is_none())
            .ok_or(R::CodeUnknown)?;
        let link = code.scene == JoinScene::Link.number();
        let way = Way {
            scene: code.scene,
            // Whoever scans a group's QR code was invited by nobody.
            invitor: link.then_some(code.invitor),
            state: None,
        };
        core::join(cx, &company, &rules, &mut group, &[comer.key()], way)?;
        Ok(Joined {
            chat_id: GroupChatId(group.chat_id),
        })
    }
}

impl Command<SetNickname> for Use {
    fn run(cx: &mut Cx, request: &SetNickname) -> Outcome<Done> {
        let inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        if request.nickname.chars().count() > NICKNAME {
            return Err(Refused::too_long("nickname", NICKNAME).into());
        }
        let nickname = Some(request.nickname.as_str()).filter(|name| !name.is_empty());
        let (corp, chat, key) = (inside.company.corp, inside.group.chat, inside.member.key());
        customer_group::set_nickname(cx.tx, corp, chat, key, nickname)?;
        Ok(Done {})
    }
}

impl Command<SetNotice> for Use {
    fn run(cx: &mut Cx, request: &SetNotice) -> Outcome<Done> {
        let mut inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        let corp = inside.company.corp;
        manager_only(cx, corp, &inside.group, inside.member.key())?;
        if request.notice.chars().count() > NOTICE {
            return Err(Refused::too_long("notice", NOTICE).into());
        }
        let notice = request.notice.clone();
        core::set_notice(cx, &inside.company, &mut inside.group, notice)?;
        Ok(Done {})
    }
}

impl Command<SetAdmins> for Use {
    fn run(cx: &mut Cx, request: &SetAdmins) -> Outcome<Done> {
        let inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        let corp = inside.company.corp;
        owner_only(inside.group.owner, inside.member.key())?;
        let mut admins = Vec::new();
        for id in &request.userlist {
            let key = member(cx, corp, &inside.group, id)?;
            if key < 0 || key == inside.group.owner {
                let detail = format!("{id}: an admin is an employee and not the owner");
                return Err(Refused::because(R::BadRequest, detail).into());
            }
            admins.push(key);
        }
        customer_group::set_admins(cx.tx, corp, inside.group.chat, &admins)?;
        Ok(Done {})
    }
}

impl Command<Dismiss> for Use {
    fn run(cx: &mut Cx, request: &Dismiss) -> Outcome<Done> {
        let mut inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        owner_only(inside.group.owner, inside.member.key())?;
        core::dismiss(cx, &inside.company, &mut inside.group)?;
        Ok(Done {})
    }
}

impl Command<OpenMiniProgram> for Use {
    fn run(cx: &mut Cx, request: &OpenMiniProgram) -> Outcome<Opengid> {
        let mut inside = enter(cx, &request.corpid, &request.userid, &request.chatid)?;
        let opengid = match inside.group.opengid.take() {
            Some(opengid) => opengid,
            None => format!("o{}", cx.letters(27)),
        };
        inside.group.opengid = Some(opengid.clone());
        customer_group::update(cx.tx, inside.company.corp, &inside.group)?;
        Ok(Opengid { opengid })
    }
}
