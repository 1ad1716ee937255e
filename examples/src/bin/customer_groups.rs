//! 客户群 (document 004): its nine functions in the order of a working day.

use std::error::Error;

use futures_util::TryStreamExt;
use qun_client::{
    AddJoinWay, CustomerGroups, Days, TransferState,
    protocol::groupchat::{FollowStatus, List, OwnerFilter},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wecom = qun_examples::client()?;
    let groups = wecom.customer_groups();

    // 获取客户群列表 list, 获取客户群详情 get
    let owners = ["ZhuShengBen", "abel", "jack", "former_sales"];
    let filter = List {
        owner_filter: Some(OwnerFilter {
            userid_list: owners.map(Into::into).into(),
        }),
        ..Default::default()
    };
    let all: Vec<_> = groups.list(filter).try_collect().await?;
    let waiting = FollowStatus::Resigned.number();
    let waiting = all.iter().filter(|group| group.status == waiting).count();
    println!("{} 个客户群, {waiting} 个待继承", all.len());
    let group = groups.get("wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA").await?;
    println!(
        "{}: 群主 {}, {} 人",
        group.name,
        group.owner,
        group.member_list.len()
    );

    inherit(&groups).await?;
    invite(&groups).await?;

    // 群聊数据统计 statistic_group_by_day, statistic
    let days = Days::until_yesterday(7);
    for day in groups.statistics(days, ["ZhuShengBen", "abel"]).await? {
        println!("{} 群总数 {}", day.stat_time, day.data.chat_total);
    }
    for owner in groups
        .statistics_by_owner(days, ["ZhuShengBen", "abel"])
        .await?
    {
        println!(
            "{}: {} 群, {} 人",
            owner.owner, owner.data.chat_total, owner.data.member_total
        );
    }
    Ok(())
}

/// 分配离职成员的客户群 transfer
async fn inherit(groups: &CustomerGroups) -> Result<(), qun_client::Error> {
    // As document 004 asks for it: the owner of the first is still there.
    let two = [
        "wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA",
        "wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA",
    ];
    let given = groups.transfer(two, "zhangsan").await?;
    for failed in given.failed_chat_list {
        println!("{}: {} {}", failed.chat_id, failed.errcode, failed.errmsg);
    }
    // All that somebody has left behind, over as many calls and days as that takes. What was given just now is not given twice.
    let all = groups.transfer_all("former_sales", "zhangsan");
    let report = all
        .run(|group| println!("{}: {:?}", group.chat_id, group.state))
        .await?;
    let pending = report.count(|state| *state == TransferState::Pending);
    println!("{pending} 个继承中");
    Ok(())
}

/// 「加入群聊」 add_join_way, get_join_way, update_join_way, del_join_way
async fn invite(groups: &CustomerGroups) -> Result<(), qun_client::Error> {
    let join_ways = groups.join_ways();
    let rooms = [
        "wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa",
        "wrOgQhDgAALPUthpRAKvl7mgiQRwAAA",
    ];
    let poster = AddJoinWay::qr_code(rooms)
        .remark("aa_remark")
        .new_rooms("销售客服群", 10)
        .state("klsdup3kj3s1");
    let config_id = join_ways.add(poster.clone()).await?;
    let made = join_ways.get(&config_id).await?;
    println!(
        "{}: {} 个群, 二维码 {}",
        made.remark,
        made.chat_id_list.len(),
        made.qr_code.is_some()
    );
    join_ways
        .update(&config_id, poster.remark("bb_remark"))
        .await?;
    println!("{}", join_ways.get(&config_id).await?.remark);
    join_ways.delete(config_id).await
}
