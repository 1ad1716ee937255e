use super::*;

/// The text between the elements is layout; what counts is the order and the way of writing.
fn unwrapped(sample: &str) -> String {
    sample.lines().map(str::trim).collect()
}

fn survives(sample: &str) -> Received {
    let sample = unwrapped(sample);
    let received = Received::read(&sample).unwrap();
    assert_eq!(received.write(), sample);
    received
}

fn common(what: &str, tail: &str) -> String {
    format!(
        "<xml>
         <ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
         <FromUserName><![CDATA[mycreate]]></FromUserName>
         <CreateTime>1409659813</CreateTime>
         <MsgType><![CDATA[{what}]]></MsgType>
         {tail}
         </xml>"
    )
}

fn event(name: &str, tail: &str) -> String {
    common(
        "event",
        &format!("<Event><![CDATA[{name}]]></Event>\n{tail}"),
    )
}

#[test]
fn the_official_vector() {
    let received = survives(&common(
        "text",
        "<Content><![CDATA[hello]]></Content><MsgId>4561255354251345929</MsgId><AgentID>218</AgentID>",
    ));
    assert_eq!(
        received,
        Received {
            to_user_name: "wx5823bf96d3bd56c7".into(),
            from_user_name: "mycreate".into(),
            create_time: 1_409_659_813,
            agent_id: Some(218),
            what: What::Text(Text {
                content: "hello".into(),
                msg_id: 4_561_255_354_251_345_929,
            }),
        }
    );
    assert_eq!(received.what.msg_id(), Some(4_561_255_354_251_345_929));
}

#[test]
fn messages_of_every_kind() {
    for (kind, tail) in [
        (
            "image",
            "<PicUrl><![CDATA[http://p/1]]></PicUrl><MediaId><![CDATA[m]]></MediaId><MsgId>1</MsgId><AgentID>1</AgentID>",
        ),
        (
            "voice",
            "<MediaId><![CDATA[m]]></MediaId><Format><![CDATA[amr]]></Format><MsgId>2</MsgId><AgentID>1</AgentID>",
        ),
        (
            "video",
            "<MediaId><![CDATA[m]]></MediaId><ThumbMediaId><![CDATA[t]]></ThumbMediaId><MsgId>3</MsgId><AgentID>1</AgentID>",
        ),
        (
            "location",
            "<Location_X>23.134</Location_X><Location_Y>113.358</Location_Y><Scale>20</Scale><Label><![CDATA[somewhere]]></Label>\
             <MsgId>4</MsgId><AgentID>1</AgentID><AppType><![CDATA[wxwork]]></AppType>",
        ),
        (
            "link",
            "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><Url><![CDATA[u]]></Url>\
             <PicUrl><![CDATA[p]]></PicUrl><MsgId>5</MsgId><AgentID>1</AgentID>",
        ),
    ] {
        let received = survives(&common(kind, tail));
        assert_eq!(received.what.name(), kind);
        assert!(!matches!(received.what, What::Unknown(_)), "{kind}");
        assert!((1..=5).contains(&received.what.msg_id().unwrap()));
    }
}

#[test]
fn events_of_an_app() {
    for (name, tail) in [
        (
            "enter_agent",
            "<EventKey><![CDATA[]]></EventKey><AgentID>1</AgentID>",
        ),
        ("subscribe", "<AgentID>1</AgentID>"),
        ("unsubscribe", "<AgentID>1</AgentID>"),
        (
            "template_card_event",
            "<EventKey><![CDATA[key111]]></EventKey><TaskId><![CDATA[taskid111]]></TaskId>\
             <CardType><![CDATA[text_notice]]></CardType><ResponseCode><![CDATA[ResponseCode]]></ResponseCode><AgentID>1</AgentID>\
             <SelectedItems><SelectedItem><QuestionKey><![CDATA[q1]]></QuestionKey>\
             <OptionIds><OptionId><![CDATA[o1]]></OptionId><OptionId><![CDATA[o2]]></OptionId></OptionIds></SelectedItem></SelectedItems>",
        ),
        (
            "template_card_menu_event",
            "<EventKey><![CDATA[key111]]></EventKey><TaskId><![CDATA[taskid111]]></TaskId>\
             <CardType><![CDATA[text_notice]]></CardType><ResponseCode><![CDATA[ResponseCode]]></ResponseCode><AgentID>1</AgentID>",
        ),
    ] {
        let received = survives(&event(name, tail));
        assert_eq!(received.agent_id, Some(1));
        let What::Event(event) = &received.what else {
            panic!("{name}");
        };
        assert_eq!(event.name(), name);
        assert!(!matches!(event, Event::Unknown(_)), "{name}");
        assert_eq!(received.what.msg_id(), None);
        if let Event::TemplateCard(card) = event {
            assert_eq!(&*card.response_code, "ResponseCode");
            assert_eq!(card.selected_items[0].option_ids, ["o1", "o2"]);
        }
    }
}

#[test]
fn a_customer_group_changes() {
    let change = |tail: &str| {
        let received = survives(&event("change_external_chat", tail));
        assert_eq!(received.agent_id, None);
        match received.what {
            What::Event(Event::ChangeExternalChat(change)) => change,
            other => panic!("{other:?}"),
        }
    };
    let joined = change(
        "<ChatId><![CDATA[wr1]]></ChatId><ChangeType><![CDATA[update]]></ChangeType><UpdateDetail><![CDATA[add_member]]></UpdateDetail>\
         <JoinScene>1</JoinScene><MemChangeCnt>2</MemChangeCnt><MemChangeList><Item><![CDATA[Jack]]></Item><Item><![CDATA[Rose]]></Item></MemChangeList>\
         <LastMemVer><![CDATA[9c3f97c2ada667dfb5f6d03308d963e1]]></LastMemVer><CurMemVer><![CDATA[71217227bbd112ecfe3a49c482195cb4]]></CurMemVer>",
    );
    assert_eq!(joined.update_detail, "add_member");
    assert_eq!((joined.join_scene, joined.quit_scene), (Some(1), None));
    assert_eq!(joined.mem_change_cnt, Some(2));
    assert_eq!(joined.mem_change_list, ["Jack", "Rose"]);
    assert_eq!(joined.last_mem_ver, "9c3f97c2ada667dfb5f6d03308d963e1");
    assert_eq!(joined.cur_mem_ver, "71217227bbd112ecfe3a49c482195cb4");
    // What was told before 2020 said no more than which group.
    let old = change("<ChatId><![CDATA[wr1]]></ChatId>");
    assert_eq!(
        (old.chat_id.as_str(), old.change_type.as_str()),
        ("wr1", "")
    );
}

#[test]
fn what_is_unknown_stays_whole() {
    let contact = survives(&event(
        "change_contact",
        "<ChangeType><![CDATA[create_user]]></ChangeType><UserID><![CDATA[a]]></UserID><Status>1</Status>\
         <ExtAttr><Item><![CDATA[a]]></Item><Item><![CDATA[b]]></Item></ExtAttr>",
    ));
    assert_eq!(contact.agent_id, None);
    let What::Event(Event::Unknown(unknown)) = &contact.what else {
        panic!("{contact:?}");
    };
    assert_eq!(unknown.name, "change_contact");
    assert_eq!(unknown.text_of("Status"), "1");
    assert_eq!(unknown.elements.last().unwrap().children.len(), 2);

    let received = survives(&common("sticker", "<MsgId>7</MsgId>"));
    assert_eq!(received.what.msg_id(), Some(7));
    // What third parties are told has no MsgType.
    let other = Received::read("<xml><SuiteId>s</SuiteId><InfoType>x</InfoType></xml>").unwrap();
    let What::Unknown(unknown) = &other.what else {
        panic!("{other:?}");
    };
    assert_eq!(
        (unknown.name.as_str(), unknown.text_of("InfoType")),
        ("", "x")
    );
    assert!(Received::read("<xml>").is_err());
}

#[test]
fn answers_of_every_kind() {
    for (kind, tail) in [
        ("text", "<Content><![CDATA[this is a test]]></Content>"),
        ("image", "<Image><MediaId><![CDATA[m]]></MediaId></Image>"),
        ("voice", "<Voice><MediaId><![CDATA[m]]></MediaId></Voice>"),
        (
            "video",
            "<Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description></Video>",
        ),
        (
            "news",
            "<ArticleCount>2</ArticleCount><Articles>\
             <item><Title><![CDATA[t1]]></Title><Description><![CDATA[d1]]></Description><PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[u]]></Url></item>\
             <item><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[u]]></Url></item></Articles>",
        ),
        (
            "update_button",
            "<Button><ReplaceName><![CDATA[done]]></ReplaceName></Button>",
        ),
        (
            "update_template_card",
            "<TemplateCard><CardType><![CDATA[text_notice]]></CardType><HorizontalContentList><KeyName><![CDATA[a]]></KeyName></HorizontalContentList>\
             <HorizontalContentList><KeyName><![CDATA[b]]></KeyName></HorizontalContentList></TemplateCard>",
        ),
    ] {
        let sample = unwrapped(&common(kind, tail));
        let reply = Reply::read(&sample).unwrap();
        assert_eq!(reply.what.msg_type(), kind);
        assert_eq!(reply.write(), sample);
    }
    assert!(Reply::read(&common("location", "")).is_err());
    assert!(Reply::read("<xml></xml>").is_err());
}
