//! What apps are told of a group's members, applied again.

use qun_protocol::event::ChangeExternalChat;

/// Applies the events of one group to the members that were there when it was made.
pub fn replay(changes: &[ChangeExternalChat], version: &mut String, members: &mut Vec<String>) {
    for change in changes.iter().filter(|it| it.mem_change_cnt.is_some()) {
        assert_eq!(&change.last_mem_ver, version);
        assert_ne!(&change.cur_mem_ver, version);
        assert_eq!(
            change.mem_change_cnt,
            Some(change.mem_change_list.len() as i64)
        );
        version.clone_from(&change.cur_mem_ver);
        match change.update_detail.as_str() {
            "add_member" => {
                assert!(
                    change
                        .mem_change_list
                        .iter()
                        .all(|id| !members.contains(id))
                );
                members.extend(change.mem_change_list.iter().cloned());
            }
            "del_member" => {
                assert!(change.mem_change_list.iter().all(|id| members.contains(id)));
                members.retain(|id| !change.mem_change_list.contains(id));
            }
            other => panic!("{other}"),
        }
    }
}
