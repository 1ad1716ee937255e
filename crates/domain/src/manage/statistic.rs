use qun_protocol::{Done, Refusal as R, manage::MarkMigrated};
use qun_store::table::customer_group;

use crate::{
    Command, Cx, Outcome, Use,
    customer_group::{What, record},
};

impl Command<MarkMigrated> for Use {
    fn run(cx: &mut Cx, request: &MarkMigrated) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let group = customer_group::by_chat_id(cx.tx.as_read(), corp, &request.chatid)?
            .filter(|group| group.dismissed.is_none())
            .ok_or(R::GroupUnknown)?;
        record(cx, corp, &group, cx.now, What::Migrated)?;
        Ok(Done {})
    }
}
