use qun_crypt::xml::Element;

use super::Part;

/// `change_external_chat` (page 92130): a customer group was made, changed or dismissed. Told to apps of customer contact; it
/// comes from `sys`. What such an app has done itself through the API, it is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeExternalChat {
    /// 客户群ID
    pub chat_id: String,
    /// `create`, `update` or `dismiss`; empty in texts of before 2020.
    pub change_type: String,
    /// Of an update: `add_member`, `del_member`, `change_owner`, `change_name` or `change_notice`.
    pub update_detail: String,
    /// Of `add_member`: 0 invited (directly or by a link), 3 by a QR code. Not the numbers of `join_scene`.
    pub join_scene: Option<i64>,
    /// Of `del_member`: 0 left, 1 was removed.
    pub quit_scene: Option<i64>,
    /// How many came or went.
    pub mem_change_cnt: Option<i64>,
    /// Who: userids and external_userids.
    pub mem_change_list: Vec<String>,
    /// The `member_version` before.
    pub last_mem_ver: String,
    /// The `member_version` now.
    pub cur_mem_ver: String,
}

impl Part for ChangeExternalChat {
    fn read(xml: &Element) -> Self {
        let items = xml.get("MemChangeList").map_or(&[][..], |it| &it.children);
        Self {
            chat_id: xml.text_of("ChatId").to_owned(),
            change_type: xml.text_of("ChangeType").to_owned(),
            update_detail: xml.text_of("UpdateDetail").to_owned(),
            join_scene: xml.number_of("JoinScene"),
            quit_scene: xml.number_of("QuitScene"),
            mem_change_cnt: xml.number_of("MemChangeCnt"),
            mem_change_list: items.iter().map(|item| item.text.clone()).collect(),
            last_mem_ver: xml.text_of("LastMemVer").to_owned(),
            cur_mem_ver: xml.text_of("CurMemVer").to_owned(),
        }
    }

    fn write(&self, xml: Element) -> Element {
        let text = |xml: Element, name: &str, text: &str| match text {
            "" => xml,
            text => xml.text(name, text),
        };
        let number = |xml: Element, name: &str, number: Option<i64>| match number {
            None => xml,
            Some(number) => xml.bare(name, number),
        };
        let xml = xml.text("ChatId", &self.chat_id);
        let xml = text(xml, "ChangeType", &self.change_type);
        let xml = text(xml, "UpdateDetail", &self.update_detail);
        let xml = number(xml, "JoinScene", self.join_scene);
        let xml = number(xml, "QuitScene", self.quit_scene);
        let mut xml = number(xml, "MemChangeCnt", self.mem_change_cnt);
        if !self.mem_change_list.is_empty() {
            let items = Element::new("MemChangeList");
            let ids = self.mem_change_list.iter();
            xml = xml.child(ids.fold(items, |items, id| items.text("Item", id)));
        }
        let xml = text(xml, "LastMemVer", &self.last_mem_ver);
        text(xml, "CurMemVer", &self.cur_mem_ver)
    }
}
