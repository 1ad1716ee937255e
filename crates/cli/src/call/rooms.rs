//! Calls around rooms that work on the demo company: most of them need more than one value.

use qun_protocol::Meta;

/// The example of an endpoint, if it is one of these.
pub(super) fn example(meta: &Meta) -> Option<&'static str> {
    let found = EXAMPLES.iter().find(|(name, _)| *name == meta.name());
    found.map(|(_, example)| *example)
}

const EXAMPLES: &[(&str, &str)] = &[
    (
        "room/addMember",
        "qun call room/addMember --botUserId testUserId --contactWxid 7888888888 --roomWxid R:888888",
    ),
    (
        "room/create",
        "qun call room/create --botUserId testUserId --wxids 7888888888,wmrRhyBgAANQ1O34HRXfVQh17exxxxxx",
    ),
    (
        "room/exit",
        "qun call room/exit --wecomUserId testUserId --roomWxid R:123123123",
    ),
    (
        "room/listByMHTag",
        "qun call room/listByMHTag --mhTagId 5eda03260e21f35ca20f9eb4",
    ),
    (
        "room/listByMember",
        "qun call room/listByMember --contactWxid kx23498",
    ),
    (
        "PATCH /_qun/companies/{corpid}/hostings/{group}",
        "qun call PATCH /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0 --name 一组",
    ),
    (
        "POST /_qun/companies/{corpid}/hostings/{group}/tokens",
        "qun call POST /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0/tokens --body token.json",
    ),
    (
        "POST /_qun/companies/{corpid}/hostings/{group}/revoke",
        "qun call POST /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0/revoke --token abcd",
    ),
    (
        "POST /_qun/companies/{corpid}/hostings/{group}/bots",
        "qun call POST /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0/bots --body bot.json",
    ),
    (
        "GET /_qun/companies/{corpid}/hostings/{group}/labels",
        "qun call /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0/labels",
    ),
    (
        "POST /_qun/companies/{corpid}/hostings/{group}/labels",
        "qun call POST /_qun/companies/$QUN_CORPID/hostings/5f60998462c907003e1fa2c0/labels --body label.json",
    ),
    (
        "PATCH /_qun/companies/{corpid}/labels/{id}",
        "qun call PATCH /_qun/companies/$QUN_CORPID/labels/5eda03260e21f35ca20f9eb4 --name 贵宾",
    ),
    (
        "DELETE /_qun/companies/{corpid}/labels/{id}",
        "qun call DELETE /_qun/companies/$QUN_CORPID/labels/5eda03260e21f35ca20f9eb4",
    ),
    (
        "PUT /_qun/companies/{corpid}/labels/{id}/rooms/{room}",
        "qun call PUT /_qun/companies/$QUN_CORPID/labels/5eda03260e21f35ca20f9eb4/rooms/R:123123123",
    ),
    (
        "DELETE /_qun/companies/{corpid}/labels/{id}/rooms/{room}",
        "qun call DELETE /_qun/companies/$QUN_CORPID/labels/5eda03260e21f35ca20f9eb4/rooms/R:888888",
    ),
    (
        "GET /_qun/companies/{corpid}/ids/{id}",
        "qun call /_qun/companies/$QUN_CORPID/ids/R:888888",
    ),
    ("GET /_qun/bots/{id}", "qun call /_qun/bots/testUserId"),
    (
        "PATCH /_qun/bots/{id}",
        "qun call PATCH /_qun/bots/testUserId --online=false",
    ),
    (
        "DELETE /_qun/bots/{id}",
        "qun call DELETE /_qun/bots/testUserId",
    ),
    (
        "POST /_qun/bots/{id}/fail-next",
        "qun call POST /_qun/bots/testUserId/fail-next op=create",
    ),
    (
        "PUT /_qun/bots/{id}/friends/{contact}",
        "qun call PUT /_qun/bots/testUserId/friends/kx23498",
    ),
    (
        "DELETE /_qun/bots/{id}/friends/{contact}",
        "qun call DELETE /_qun/bots/testUserId/friends/7888888888",
    ),
    (
        "PUT /_qun/bots/{id}/rooms/{room}",
        "qun call PUT /_qun/bots/testUserId/rooms/R:888888 --loaded=false",
    ),
    (
        "POST /_qun/bots/{id}/rooms",
        "qun call POST /_qun/bots/iguxiaobei/rooms --body room.json",
    ),
    (
        "POST /_qun/people/{userid}/rooms/{room}/sync",
        "qun call POST /_qun/people/testUserId/rooms/R:888888/sync",
    ),
    (
        "POST /_qun/people/{userid}/invitations/{id}/accept",
        "qun call POST /_qun/people/7888888888/invitations/1698811200000000/accept",
    ),
    (
        "POST /_qun/people/{userid}/invitations/{id}/ignore",
        "qun call POST /_qun/people/7888888888/invitations/1698811200000000/ignore",
    ),
];
