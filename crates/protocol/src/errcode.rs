//! 全局错误码 The official table of errcodes (page 90313): those that this project's endpoints and their neighbours answer.

/// The page of the table.
pub const PAGE: u32 = 90313;

/// A row of the official table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errcode {
    /// The number.
    pub code: i32,
    /// What the table says, in its words or close to them.
    pub official: &'static str,
    /// The same in English, and what was found out beyond the table.
    pub meaning: &'static str,
    /// The errmsg as it was seen, before its tail; empty where none was seen.
    pub text: &'static str,
}

impl Errcode {
    /// The row with a number.
    pub fn find(code: i64) -> Option<&'static Errcode> {
        TABLE.iter().find(|row| i64::from(row.code) == code)
    }
}

macro_rules! errcodes {
    ($($code:literal $official:literal $meaning:literal $text:literal;)*) => {
        /// The table, by number.
        pub const TABLE: &[Errcode] = &[$(Errcode {
            code: $code,
            official: $official,
            meaning: $meaning,
            text: $text,
        },)*];
    };
}

errcodes! {
    -1 "系统繁忙" "system busy; retry at most three times" "system busy";
    0 "请求成功" "ok" "ok";
    6000 "数据版本冲突" "changed by somebody else at the same time; retry" "";
    40001 "不合法的secret" "wrong secret, one that was reset, or an app that was stopped" "invalid credential";
    40003 "无效的UserID" "invalid userid; also where a POST endpoint is called with GET" "invalid userid";
    40004 "不合法的媒体文件类型" "the file is not of the type that was said" "invalid media type";
    40005 "不合法的type参数" "type is none of image, voice, video, file" "";
    40006 "不合法的文件大小" "a file too small (5 bytes or fewer) or too large" "invalid media size";
    40007 "不合法的media_id参数" "unknown, older than three days, or of another type" "invalid media_id";
    40008 "不合法的msgtype参数" "a msgtype that the endpoint does not know" "invalid message type";
    40009 "上传图片大小不是有效值" "an image too large" "invalid image size";
    40011 "上传视频大小不是有效值" "a video too large" "invalid video size";
    40013 "不合法的CorpID" "no company with this corpid" "invalid corpid";
    40014 "不合法的access_token" "never given out, or revoked" "invalid access_token";
    40031 "不合法的UserID列表" "a userid in the list is invalid" "";
    40032 "不合法的UserID列表长度" "too many userids" "";
    40033 "不合法的请求字符" "a character that no request may hold" "";
    40035 "不合法的参数" "a parameter of a wrong type" "";
    40039 "不合法的url长度" "a link too long" "";
    40050 "chatid不存在" "no customer group with this chat_id" "invalid group id";
    40056 "不合法的agentid" "no app with this agentid" "invalid agentid";
    40057 "不合法的callbackurl或者callbackurl验证失败" "the callback URL was not confirmed" "";
    40058 "不合法的参数" "broken JSON, a value outside its range, a list too long, or GET for POST" "invalid param. invalid Request Parameter";
    40063 "参数为空" "nothing arrived: wrong method or form of the body" "some parameters are empty";
    40066 "不合法的部门列表" "a department in the list is invalid" "";
    40068 "不合法的标签ID" "no tag with this id" "invalid tagid";
    40070 "指定的标签范围结点全部无效" "nobody in the list is valid" "all list invalid";
    40071 "不合法的标签名字" "a tag's name that is taken or not allowed" "";
    40072 "不合法的标签名字长度" "a tag's name too long" "";
    40074 "news消息不支持保密消息类型" "news cannot be confidential" "news does not support safe";
    40091 "secret不合法" "wrong secret, by gettoken's own page; 40001 is what is seen" "secret is invalid";
    40096 "不合法的外部联系人userid" "no such external contact" "invalid external userid";
    40098 "成员尚未实名认证" "the person is not real-named" "";
    40123 "上传临时图片素材，图片格式非法" "neither JPG nor PNG" "";
    40126 "企业标签个数达到上限" "the company has 3000 tags" "";
    40128 "转接客户过于频繁" "given on twice within 90 natural days" "";
    40201 "消息被反垃圾拦截" "held back as spam" "";
    40203 "参数已废弃" "a parameter that is no longer taken" "";
    40206 "请求body过大" "a body over the size limit" "";
    41001 "缺少access_token参数" "no access_token in the query (a header or the body does not count)" "access_token missing";
    41002 "缺少corpid参数" "no corpid" "corpid missing";
    41004 "缺少secret参数" "no corpsecret" "corpsecret missing";
    41006 "缺少media_id参数" "no media_id" "";
    41009 "缺少userid参数" "no userid" "";
    41010 "缺少url参数" "no url in a card or article" "";
    41011 "缺少agentid参数" "no agentid" "missing agentid";
    41016 "缺少title参数" "no title in a card or article" "";
    41017 "缺少tagid参数" "no tagid" "";
    41018 "缺少tagname参数" "no tag name" "";
    41019 "缺少department参数" "no department" "";
    41033 "缺少description参数" "no description in a card" "";
    41035 "缺少外部联系人userid参数" "no external userid" "missing external userid";
    41038 "缺少scene参数" "no scene in a join way" "";
    41040 "不合法的scene参数" "a join way's scene is 1 or 2" "";
    41043 "缺少config_id参数" "no config_id" "";
    41044 "不合法的config_id参数" "no join way of this app with this config_id" "";
    41045 "配置数量达到上限" "500 000 join ways and contact ways a company" "";
    41091 "「加入群聊」配置的群超过5个" "a join way names more than five groups" "";
    42001 "access_token已过期" "past its end; get another one" "access_token expired";
    42003 "oauth_code已过期" "the code is past its end" "";
    42014 "任务卡片消息的task_id不合法" "a card's task_id is missing, malformed, too long or used before" "";
    42015 "更新的消息的应用与发送消息的应用不匹配" "the card was sent by another app" "";
    42016 "更新的task_id不存在" "the card has another task_id" "";
    42017 "按钮key值不存在" "no button with this key" "";
    42018 "按钮key值不合法" "a button's key is invalid" "";
    42019 "缺少按钮key值" "a button without a key" "";
    42020 "缺少按钮名称" "a button without a name" "";
    42027 "template_card.horizontal_content_list.keyname字段缺失" "an entry without a keyname" "";
    42028 "template_card缺失url" "a link without a url: card_action, horizontal_content_list or jump_list" "";
    42029 "template_card.horizontal_content_list.media_id字段缺失" "an attachment without a media_id" "";
    42030 "template_card缺失appid" "a link to a mini program without an appid: card_action or jump_list" "";
    42031 "template_card.card_type字段不合法" "none of the five types of card" "";
    42033 "template_card缺失title" "no title: vertical_content_list or jump_list" "";
    42035 "template_card.horizontal_content_list数组长度不合法" "more than six entries" "";
    42036 "template_card.vertical_content_list数组长度不合法" "more than four entries" "";
    42037 "template_card.option_list数组长度不合法" "no option, more than ten, or more than twenty in a checkbox" "";
    42038 "template_card.button_list.text缺失或不合法" "a button without a text" "";
    42039 "template_card.button_list.key缺失或不合法" "a button without a key, or with another's or one of more than 1024 bytes" "";
    42040 "template_card.option_list.id缺失或不合法" "an option without an id, or with another's or one of more than 128 bytes" "";
    42041 "template_card.option_list.text缺失或不合法" "an option without a text" "";
    42042 "template_card.jump_list数组长度不合法" "more than three entries" "";
    42043 "template_card.question_key缺失或不合法" "a question without a key, or with another's or one of more than 1024 bytes" "";
    42044 "template_card.card_image.url缺失或不合法" "a picture without a url" "";
    42045 "template_card.card_action缺失或不合法" "text_notice and news_notice need a card_action of type 1 or 2" "";
    42046 "template_card.submit_button.key缺失或不合法" "a submit button without a key, or with one of more than 1024 bytes" "";
    42047 "template_card.select_list数组长度不合法" "no question, or more than three" "";
    42049 "template_card.submit_button.text缺失或不合法" "no submit button, or one without a text" "";
    42050 "template_card.horizontal_content_list.userid缺失或不合法" "no such person" "";
    42051 "template_card.action_menu.action_list.key冲突" "two entries of the menu with the same key" "";
    42052 "msgid已过期" "a message can be recalled for 24 hours" "";
    43004 "未关注" "the person is not bound to the WeChat plugin" "";
    43009 "企业未认证" "the company is not certified" "";
    43012 "应用需配置回调url" "a card that tells the app of taps needs a callback" "";
    44001 "多媒体文件为空" "no file part with a file name, or an empty one" "empty media data";
    44004 "文本消息content参数为空" "a text without content" "empty content";
    45001 "多媒体文件大小超过限制" "a file too large" "";
    45002 "消息内容大小超过限制" "a message's content too long" "";
    45007 "语音播放时间超过限制" "a voice of more than 60 seconds" "";
    45008 "图文消息的文章数量不符合要求" "no article, or more than eight" "";
    45009 "接口调用超过限制" "too often; blocked for a minute, an hour or the rest of the day" "api freq out of limit";
    45022 "应用name参数长度不符合要求" "an app's name too long" "";
    45024 "帐号数量超过上限" "the company has as many accounts as it may" "";
    45032 "图文消息author参数长度超过限制" "an article's author too long" "";
    45033 "接口并发调用超过限制" "too many calls of one API at the same time" "api concurrent out of limit";
    45034 "url必须有协议头" "a link without http:// or https://" "";
    46004 "指定的用户不存在" "no such person, or outside the app's range" "";
    48001 "API功能未授权" "the API's function is not authorised" "";
    48002 "API接口无权限调用" "the app is of a kind that may not call this" "api forbidden";
    48003 "不合法的suite_id" "no such suite" "";
    48004 "授权关系无效" "the authorisation does not hold" "";
    48005 "API接口已废弃" "the API is gone" "";
    48006 "接口权限被收回" "the right was taken back, mostly because the app was not used for long" "";
    48009 "通讯录同步助手从新增IP读取" "contacts-sync may not read from an address added lately" "";
    48010 "TLS版本过低" "TLS too old" "";
    49004 "签名不匹配" "the signature does not fit" "";
    49008 "群已经解散" "the group is dissolved" "";
    50001 "redirect_url未登记可信域名" "the domain is not among the app's trusted ones" "";
    50002 "成员不在权限范围" "the person is outside the app's range" "";
    50003 "应用已禁用" "the app is switched off" "";
    50100 "分页标识无效" "the cursor is invalid" "";
    60001 "部门长度不符合限制" "a department's name too short or too long" "";
    60003 "部门ID不存在" "no department with this id" "";
    60004 "父部门不存在" "no department above with this id" "";
    60005 "部门下存在成员" "the department has members" "";
    60006 "部门下存在子部门" "the department has children" "";
    60007 "不允许删除根部门" "the root department stays" "";
    60008 "部门已存在" "there is such a department" "department existed";
    60009 "部门名称含有非法字符" "a department's name holds characters that are not allowed" "";
    60010 "部门存在循环关系" "a department cannot be below itself" "";
    60011 "指定的成员/部门/标签参数无权限" "outside the app's visible range; appchat needs the root department in it" "no privilege to access/modify contact/party/agent";
    60020 "不安全的访问IP" "the caller's address is not among the app's trusted ones" "not allow to access from your ip";
    60021 "成员不在应用可见范围内" "the person is outside the app's range" "";
    60031 "应用被禁止调用API" "the app may not call APIs" "";
    60102 "UserID已存在" "there is a person with this userid" "userid existed";
    60103 "手机号码不合法" "no mobile number" "";
    60104 "手机号码已存在" "another person has this mobile number" "";
    60105 "邮箱不合法" "no e-mail address" "";
    60106 "邮箱已存在" "another person has this e-mail address" "";
    60110 "成员所属部门过多" "a person is in too many departments" "";
    60111 "UserID不存在" "no person with this userid" "userid not found";
    60123 "无效的部门ID" "no department with this id" "";
    60129 "手机和邮箱不能都为空" "neither a mobile number nor an e-mail address" "";
    60132 "department, order和is_leader_in_dept的个数不一致" "one entry for each department is needed" "";
    60140 "response_code无效" "the response_code is unknown or used" "";
    60257 "直属上级个数超过限制" "a person has at most 5 direct leaders" "";
    81001 "部门下的结点数超过3W" "more than 30 000 nodes in the department" "";
    81002 "部门的层级超过15层" "departments stand more than 15 deep" "";
    81003 "标签下的结点数超过3W" "more than 30 000 people and departments with the tag" "";
    81011 "无权限操作标签" "only the tag's maker may change it" "";
    81012 "缺失可见范围" "no visible range" "";
    81013 "UserID、部门ID、标签ID全部非法或无权限" "none of the receivers is valid or inside the range" "user & party & tag all invalid";
    81014 "标签添加成员，单次添加user或party过多" "too many in one call" "";
    81017 "请求个数超过限制" "more than 1000 people without an owner filter" "";
    82001 "指定的成员/部门/标签全部为空" "nobody is addressed" "All touser & toparty & totag invalid";
    82002 "不合法的PartyID列表长度" "too many departments" "";
    82003 "不合法的TagID列表长度" "too many tags" "";
    82004 "非法的消息内容" "content that could make clients crash" "";
    82101 "更新卡片：未指定成员、部门或标签" "a change of a card names nobody" "";
    82102 "更新卡片：指定的成员不在消息的接收范围内" "none of the people named has got the card" "";
    84061 "不存在外部联系人的关系" "no such customer relation" "not external contact";
    85002 "包含不合法的词语" "forbidden words" "";
    86001 "参数chatid不合法" "chatid invalid; also what is seen for a well-formed one that no group has" "chatid invalid";
    86003 "参数chatid不存在" "no such group, by the table; 86001 is what is seen" "";
    86004 "参数群名不合法" "invalid group name" "";
    86005 "参数群主不合法" "invalid owner" "";
    86006 "群成员数过多或过少" "fewer than two different members, or too many" "invalid chat member list size";
    86007 "不合法的群成员" "a member who is not in the directory" "";
    86008 "非法操作非自己创建的群" "the group was made by another app" "you has no privilege to access this chat, which is created by other agent.";
    86101 "仅群主才有操作权限" "only the group's owner may do this" "";
    86201 "参数需要chatid" "no chatid" "";
    86202 "需要群名" "no group name" "";
    86203 "需要群主" "no owner" "";
    86204 "需要群成员" "no members" "";
    86205 "字符串chatid过长" "a chatid of more than 32 characters" "";
    86206 "数字chatid过大" "a chatid that is a number too large" "";
    86207 "群主不在群成员列表" "the owner is not among the members" "";
    86214 "群发类型不合法" "invalid kind of group message" "";
    86215 "会话ID已经存在" "a group has this chatid" "";
    86216 "存在非法会话成员ID" "one to add is not in the directory, or one to remove not in the group" "";
    86217 "会话发送者不在会话成员列表中" "the sender is no member" "";
    86220 "指定的会话参数不合法" "invalid parameters of a group" "";
    86222 "应用多人消息成员必须要包含至少一个下游企业员工" "no employee of a downstream company among the members" "";
    86224 "不是受限群，不允许使用该接口" "the group is not a restricted one" "";
    86225 "不允许删除课程群群主" "the owner of a course group cannot be removed" "";
    90200 "缺少小程序appid参数" "a notice without the mini program's appid" "";
    90201 "小程序通知的content_item个数超过限制" "too many lines in a notice" "";
    90202 "小程序通知中的key长度不合法" "the key of a notice's line too long" "";
    90203 "小程序通知中的value长度不合法" "the value of a notice's line too long" "";
    90204 "小程序通知中的page参数不合法" "a notice's page too long" "";
    90206 "小程序未关联到企业中" "the mini program is not linked to the company" "";
    90207 "不合法的小程序appid" "no such mini program" "";
    90208 "小程序appid不匹配" "the appid of another mini program than the linked one" "";
    90500 "群主并未离职" "the group's owner has not left the company" "the owner of this chat is not resigned";
    90501 "该群不是客户群" "no customer group" "chat is not external group chat";
    90502 "群主已经离职" "the group's owner has left the company" "";
    90503 "群人数已满" "the group is full: a client must confirm" "";
    90504 "群主没有变更" "the new owner is the owner already" "";
    90507 "离职群正在继承处理中" "the group is being inherited" "";
    90508 "离职群已经继承" "the group was inherited already" "";
    90511 "opengid不存在或者无效" "no customer group with this opengid" "";
    92000 "成员不在应用可见范围内" "the member is outside the app's range" "";
    92003 "不能跨应用调用" "calls across apps are not allowed" "";
    93000 "机器人webhookurl不合法或者机器人已经被移除出群" "no such webhook, or its robot was removed" "invalid webhook url";
    301002 "无权限操作指定的应用" "the agentid belongs to another app than the token" "not allow operate another agent with this accesstoken.";
    301007 "企业不可用" "the company was dissolved or banned" "";
    301017 "无效的语音文件" "a voice that is not AMR" "";
    301019 "文件MD5不匹配" "the file's MD5 does not fit" "";
    600018 "无效的起始结束时间" "the statistics' time range is invalid" "invalid start endtime";
    830001 "文件URL不可访问" "the file's URL cannot be read" "";
    830002 "需要Range" "a file of more than 20 MiB must be read in ranges" "";
    2000002 "CorpID参数无效" "invalid corpid" "";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Refusal, Rulebook, all};

    #[test]
    fn the_table_is_sorted_and_each_number_stands_once() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        for row in TABLE {
            assert!(
                !row.official.is_empty() && row.meaning.is_ascii(),
                "{}",
                row.code
            );
            assert_eq!(Errcode::find(row.code.into()), Some(row));
        }
        assert_eq!(Errcode::find(86002), None);
    }

    #[test]
    fn what_live_2026_answers_is_in_the_table() {
        for entry in all::ALL {
            for refusal in Refusal::ALL {
                let code = refusal.code(Rulebook::Live2026, entry.meta);
                if entry.meta.declares(*refusal) && code != 0 {
                    let row = Errcode::find(code.into());
                    assert!(row.is_some(), "{refusal:?} {code}");
                    let seen = row.map_or("", |row| row.text);
                    let text = refusal.text(Rulebook::Live2026).trim();
                    // 40058 names the field in its text.
                    assert!(
                        seen.is_empty() || seen == text || code == 40058,
                        "{code}: {seen} / {text}"
                    );
                }
            }
        }
    }
}
