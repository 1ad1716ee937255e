//! `qun call`: any endpoint, with flags made from its own fields.

mod field;
mod find;
mod rooms;

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Args, ColorChoice, Command, FromArgMatches, Subcommand};
use qun_protocol::{Auth, Body, Callers, Meta, all};
use serde_json::{Map, Value};

use self::{
    field::{Field, Kind, Shape, scalar},
    find::{Found, find},
};
use crate::{
    connect::{Connection, Session},
    failure::usage,
    noun::media,
    output::progress,
    output::{self, Format, Output},
};

/// The end of the help.
pub(crate) const HELP: &str = "\
An endpoint is named as in the documents (appchat/create), or by its path (/_qun/people/zhangsan/inbox),
with the method before it where several share a path (POST /_qun/clock). Its own help names its fields.

Variables: QUN_URL (http://127.0.0.1:7800 where it is not set), QUN_CORPID, QUN_SECRET, QUN_MANAGE_TOKEN,
QUN_JUZI_TOKEN, QUN_PROFILE.

Example:
  qun call appchat/create --userlist zhangsan,lisi";

#[derive(Args)]
#[command(
    arg_required_else_help = true,
    disable_help_subcommand = true,
    override_usage = "qun call <ENDPOINT> [--FIELD VALUE]... [PATH=VALUE]...\n       qun call <ENDPOINT> --help\n       qun call --list"
)]
pub(crate) struct Call {
    /// List the endpoints.
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    endpoint: Option<Named>,
}

#[derive(Subcommand)]
enum Named {
    #[command(external_subcommand)]
    Endpoint(Vec<String>),
}

pub(crate) async fn run(call: Call) -> Result<()> {
    if call.list {
        let rows = all::ALL.iter().map(|entry| entry.meta);
        let rows: Vec<_> = rows.map(|m| (m.name(), m.title.to_owned())).collect();
        return Ok(output::columns(&rows)?);
    }
    let Some(Named::Endpoint(words)) = call.endpoint else {
        return Err(usage("name an endpoint; qun call --list names them all"));
    };
    let found = find(&words)?;
    let shape = Shape::of(found.entry);
    let command = command(found.entry.meta, &shape);
    let given = command.try_get_matches_from(&words[found.words..])?;
    let output = Output::new(Format::from_arg_matches(&given)?)?;
    let session = Session::of(&connection(&given), output)?;
    let meta = found.entry.meta;
    let mut request = request(&found, &shape, &given)?;
    if !request.contains_key("corpid") && shape.fields().iter().any(|f| f.name == "corpid") {
        if meta.path_fields().any(|field| field == "corpid") {
            request.insert("corpid".into(), session.corpid().await?.0.into());
        } else if let Some(corpid) = &session.target.corpid {
            request.insert("corpid".into(), corpid.as_str().into());
        }
    }
    send(&session, meta, request, &given).await
}

/// The flag of a field; with underscores it is taken too.
fn flag(field: &Field) -> Arg {
    let long = field.name.replace('_', "-");
    let value = field.name.to_ascii_uppercase();
    let arg = Arg::new(id(&field.name)).help(field.help.clone());
    let arg = if long == field.name {
        arg
    } else {
        arg.alias(field.name.clone())
    };
    let arg = arg.long(long).allow_hyphen_values(true);
    match field.kind {
        Kind::Boolean => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .allow_hyphen_values(false)
            .default_missing_value("true"),
        Kind::Texts | Kind::Integers => arg
            .value_name(value)
            .value_delimiter(',')
            .action(ArgAction::Append),
        _ => arg.value_name(value),
    }
}

/// Fields live beside the flags of the connection.
fn id(field: &str) -> String {
    format!("field {field}")
}

fn command(meta: &'static Meta, shape: &Shape) -> Command {
    let fields = shape.fields();
    let mut command = Command::new(format!("qun call {}", meta.name()))
        .no_binary_name(true)
        .color(ColorChoice::Never)
        .about(about(meta))
        .after_help(after_help(meta, shape, &fields))
        .next_help_heading("Fields")
        .args(fields.iter().filter(|f| f.kind != Kind::Deep).map(flag));
    if meta.body == Body::Json || matches!(meta.body, Body::Item(_)) {
        let what = match meta.body {
            Body::Item(field) => {
                format!("The whole of {field} as JSON, from a file or from - (stdin)")
            }
            _ => {
                "All fields as a JSON object, from a file or from - (stdin); flags count before it"
                    .into()
            }
        };
        command = command
            .arg(Arg::new("body").long("body").value_name("FILE").help(what))
            .arg(
                Arg::new("assignments")
                    .value_name("PATH=VALUE")
                    .action(ArgAction::Append)
                    .help("Deeper fields, such as text.content=你好"),
            );
    }
    command = command.next_help_heading(clap::builder::Resettable::Reset);
    let path =
        |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    if meta.body == Body::Upload {
        let file = path("file", "PATH").required(true);
        command = command
            .arg(file.help("The file to upload"))
            .arg(path("filename", "NAME").help("Its name, where it is not the path's last part"));
    }
    if meta.file {
        command = command.arg(path("out", "PATH").help("Where the file goes; - is stdout"));
    }
    let shared = Connection::augment_args(Format::augment_args(Command::new("")));
    // Where an endpoint has a field of the same name, the flag is the field's.
    let own = |arg: &Arg| {
        fields
            .iter()
            .any(|field| arg.get_long() == Some(&field.name))
    };
    let shared = shared.get_arguments().filter(|arg| !own(arg)).cloned();
    command.args(shared.map(|arg| match arg.get_id().as_str() {
        "call_timeout" => arg.long("timeout"),
        _ => arg,
    }))
}

/// The flags of the connection, which an endpoint's own fields may hide.
fn connection(given: &ArgMatches) -> Connection {
    let text = |id: &str| given.try_get_one::<String>(id).ok().flatten().cloned();
    let path = |id: &str| given.try_get_one::<PathBuf>(id).ok().flatten().cloned();
    Connection {
        profile: text("profile"),
        url: text("url"),
        corpid: text("corpid"),
        secret_file: path("secret_file"),
        manage_token_file: path("manage_token_file"),
        juzi_token_file: path("juzi_token_file"),
        ca: path("ca"),
        call_timeout: given
            .try_get_one::<u64>("call_timeout")
            .ok()
            .flatten()
            .copied(),
    }
}

fn about(meta: &Meta) -> String {
    let mut about = format!("{}\n\n{} {}", meta.title, meta.method.as_str(), meta.path);
    if meta.page != 0 {
        about.push_str(&format!(
            "\nhttps://developer.work.weixin.qq.com/document/path/{}",
            meta.page
        ));
    }
    if meta.callers == Callers::ContactsSync {
        about.push_str("\n\nNeeds the secret of 通讯录同步.");
    }
    about
}

fn after_help(meta: &Meta, shape: &Shape, fields: &[Field]) -> String {
    let mut help = String::new();
    let deep = shape.deep();
    if !deep.is_empty() {
        help.push_str("Deeper fields:\n");
        let width = deep.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
        for (path, doc) in &deep {
            help.push_str(&format!("  {path:width$}  {doc}\n"));
        }
        help.push('\n');
    }
    help.push_str("Example:\n  ");
    help.push_str(&example(meta, fields));
    help
}

/// A call that works on the demo company.
fn example(meta: &Meta, fields: &[Field]) -> String {
    if let Some(example) = rooms::example(meta) {
        return example.into();
    }
    match meta.name().as_str() {
        "gettoken" => return "qun call gettoken".into(),
        "appchat/create" => return "qun call appchat/create --userlist zhangsan,lisi".into(),
        "appchat/update" => {
            return "qun call appchat/update --chatid alpha_project_20231101 --add-user-list zhangsan".into();
        }
        "appchat/send" => {
            return "qun call appchat/send --chatid alpha_project_20231101 --msgtype text text.content=大家好".into();
        }
        name if let Some(rest) = directory(name) => return format!("qun call {name} {rest}"),
        "message/update_template_card" => {
            return "qun call message/update_template_card --agentid 1000002 --response-code RESPONSE_CODE --atall 1 button.replace_name=已同意".into();
        }
        "externalcontact/groupchat/list" => {
            return "qun call externalcontact/groupchat/list --limit 100".into();
        }
        "externalcontact/groupchat/transfer" | "externalcontact/groupchat/onjob_transfer" => {
            let (chat_id, call) = match meta.name() {
                name if name.ends_with("onjob_transfer") => {
                    ("wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA", name)
                }
                name => ("wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA", name),
            };
            return format!("qun call {call} --chat-id-list {chat_id} --new-owner zhangsan");
        }
        "POST /_qun/people/{userid}/groups" => {
            return "qun call POST /_qun/people/ZhuShengBen/groups --userlist wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA".into();
        }
        "POST /_qun/people/{userid}/groups/{chatid}/admins" => {
            return "qun call POST /_qun/people/ZhuShengBen/groups/wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA/admins --userlist sam".into();
        }
        "POST /_qun/people/{userid}/join" => {
            return "CODE=$(qun people link ZhuShengBen wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA)\n  qun call POST /_qun/people/zhangsan/join --code \"$CODE\"".into();
        }
        "externalcontact/groupchat/add_join_way" => {
            return "qun call externalcontact/groupchat/add_join_way --scene 2 --chat-id-list wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa".into();
        }
        "externalcontact/groupchat/update_join_way" => {
            return "qun call externalcontact/groupchat/update_join_way --config-id 9ad7fa5cdaa6511298498f979c4722de --scene 2 \
                    --chat-id-list wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa"
                .into();
        }
        "POST /_qun/people/{userid}/scan" => {
            return "URL=$(qun join-way get 9ad7fa5cdaa6511298498f979c472aaa --jq .qr_code)\n  qun call POST /_qun/people/wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA/scan --url \"$URL\"".into();
        }
        "POST /_qun/people/{userid}/tap" => {
            return "qun call POST /_qun/people/wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA/tap --config-id 42b34949e138eb6e027c123cba77faaa".into();
        }
        "message/send" => {
            return "qun call message/send --agentid 1000002 --touser 'zhangsan|lisi' --msgtype text text.content=大家好".into();
        }
        "message/recall" => {
            return "MSGID=$(qun call message/send --agentid 1000002 --touser zhangsan --msgtype text text.content=大家好 --jq .msgid)\n  qun call message/recall --msgid \"$MSGID\"".into();
        }
        "media/upload" => return "qun call media/upload --type file --file README.md".into(),
        "media/uploadimg" => return "qun call media/uploadimg --file picture.png".into(),
        _ => {}
    }
    let mut path = String::new();
    for part in meta.path.split('/').skip(1) {
        let field = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        path.push('/');
        match field {
            Some("corpid") => path.push_str("$QUN_CORPID"),
            Some("userid") => path.push_str(person(meta)),
            Some("chatid") if is_of_customer_groups(meta) => path.push_str(sample("chat_id")),
            Some(field) => path.push_str(sample(field)),
            None => path.push_str(part),
        }
    }
    let mut words = match meta.method {
        qun_protocol::Method::Get if path == meta.path => vec![meta.name()],
        qun_protocol::Method::Get => vec![path],
        method => vec![method.as_str().to_owned(), path],
    };
    if let Some(short) = meta.path.strip_prefix("/cgi-bin/") {
        words = vec![short.to_owned()];
    }
    let own: Vec<&str> = meta.path_fields().collect();
    match meta.body {
        Body::Item(field) => words.push(format!("--body {field}.json")),
        Body::Json => words.extend(
            fields
                .iter()
                .filter(|f| {
                    !own.contains(&f.name.as_str()) && f.name != "corpid" && f.kind != Kind::Deep
                })
                .take(1)
                .map(|f| format!("--{} {}", f.name.replace('_', "-"), sample(&f.name))),
        ),
        _ => words.extend(
            meta.required
                .iter()
                .map(|(name, _)| format!("--{} {}", name.replace('_', "-"), sample(name))),
        ),
    }
    if meta.file {
        words.push("--out -".into());
    }
    format!("qun call {}", words.join(" "))
}

/// Whether a step is one in customer groups alone.
fn is_of_customer_groups(meta: &Meta) -> bool {
    const STEPS: [&str; 9] = [
        "/admins",
        "/dismiss",
        "/invite",
        "/link",
        "/migrate",
        "/mini_program",
        "/nickname",
        "/notice",
        "/qr_code",
    ];
    meta.auth == Auth::Manage && STEPS.iter().any(|step| meta.path.ends_with(step))
}

/// What follows the name of an endpoint of the directory.
fn directory(name: &str) -> Option<&'static str> {
    Some(match name {
        "user/getuserid" => "--mobile 13430388888",
        "user/get_userid_by_email" => "--email zhangsan@demo.example",
        "user/create" => "--userid anna --name 安娜 --mobile 13900000001 --department 2",
        "user/update" => "--userid dev_001 --position 产品经理",
        "user/delete" => "--userid zhaoliu",
        "user/batchdelete" => "--useridlist zhaoliu,wangwu",
        "user/simplelist" | "user/list" => "--department-id 2 --fetch-child 1",
        "user/list_id" => "--limit 100",
        "department/create" => "--name 广州研发中心 --parentid 1",
        "department/update" => "--id 3 --name 广州研发中心",
        "tag/create" => "--tagname 早班",
        "tag/update" => "--tagid 2 --tagname 早班",
        "tag/addtagusers" | "tag/deltagusers" => "--tagid 2 --userlist zhangsan,lisi",
        _ => return None,
    })
}

/// Somebody of the demo company who may do this: who was in a group cannot be removed, and some things only owners may.
fn person(meta: &Meta) -> &'static str {
    let owners = ["/owner", "/remove"];
    match meta.method {
        qun_protocol::Method::Delete => "zhaoliu",
        _ if is_of_customer_groups(meta) => "ZhuShengBen",
        _ if owners.iter().any(|step| meta.path.ends_with(step)) => "project_manager_001",
        _ => sample("userid"),
    }
}

/// A value that the demo company knows.
fn sample(field: &str) -> &'static str {
    match field {
        "chatid" => "alpha_project_20231101",
        "userid" | "owner" => "dev_001",
        "userlist" => "dev_002",
        "chat_id" => "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA",
        "external_userid" => "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA",
        "opengid" => "oAAAAAAA",
        "agentid" => "1000002",
        "key" => "agree",
        "config_id" => "9ad7fa5cdaa6511298498f979c472aaa",
        "media_id" => "file_media_id_456",
        "id" => "3",
        "tagid" => "2",
        "advance" => "60",
        "day_begin_time" => "1698681600",
        "rulebook" => "live-2026",
        "disabled" | "customer_contact" => "true",
        _ => "新名称",
    }
}

/// The request's fields from all that was given.
fn request(found: &Found, shape: &Shape, given: &ArgMatches) -> Result<Map<String, Value>> {
    let meta = found.entry.meta;
    let mut request = Map::new();
    let body = given.try_get_one::<String>("body").ok().flatten();
    if let Some(source) = body {
        let value: Value = serde_json::from_slice(&read(source)?)
            .map_err(|error| usage(format!("{source} is no JSON: {error}")))?;
        match (meta.body, value) {
            (Body::Item(field), value) => {
                request.insert(field.to_owned(), value);
            }
            (_, Value::Object(fields)) => request = fields,
            _ => return Err(usage(format!("{source} is no JSON object"))),
        }
    }
    let fields = shape.fields();
    for field in &fields {
        if let Some(Value::String(text)) = found.fields.get(&field.name) {
            request.insert(field.name.clone(), scalar(field.kind, &field.name, text)?);
        }
        if field.kind == Kind::Deep {
            continue;
        }
        let Some(values) = given.get_many::<String>(&id(&field.name)) else {
            continue;
        };
        let flag = format!("--{}", field.name.replace('_', "-"));
        let item = match field.kind {
            Kind::Texts => Kind::Text,
            Kind::Integers => Kind::Integer,
            kind => kind,
        };
        let mut values: Vec<Value> = values
            .map(|text| scalar(item, &flag, text))
            .collect::<Result<_>>()?;
        let value = if item == field.kind {
            values.pop().unwrap_or_default()
        } else {
            values.into()
        };
        request.insert(field.name.clone(), value);
    }
    let assignments = given.try_get_many::<String>("assignments").ok().flatten();
    for assignment in assignments.into_iter().flatten() {
        let Some((path, text)) = assignment.split_once('=') else {
            return Err(usage(format!(
                "{assignment:?} is no assignment; it looks like text.content=你好"
            )));
        };
        shape.assign(&mut request, path, text)?;
    }
    Ok(request)
}

fn read(source: &str) -> Result<Vec<u8>> {
    if source == "-" {
        let mut bytes = Vec::new();
        io::stdin()
            .read_to_end(&mut bytes)
            .context("stdin cannot be read")?;
        return Ok(bytes);
    }
    fs::read(source).with_context(|| format!("{source} cannot be read"))
}

async fn send(
    session: &Session,
    meta: &'static Meta,
    mut request: Map<String, Value>,
    given: &ArgMatches,
) -> Result<()> {
    let option = |name: &str| given.try_get_one::<String>(name).ok().flatten().cloned();
    let output = &session.output;
    let open;
    let client = match meta.auth {
        Auth::Manage => {
            let calling = session.manager()?.call(meta, request);
            return output.json(progress::during(output, meta.title, calling).await?);
        }
        Auth::Juzi => {
            let client = session.juzi()?;
            let calling = client.call(meta, request);
            return output.json(progress::during(output, meta.title, calling).await?);
        }
        Auth::AccessToken => session.client()?,
        Auth::Open => {
            if !request.contains_key("corpsecret") {
                request.insert("corpsecret".into(), session.secret()?.into());
            }
            open = session.client_for("", "")?;
            &open
        }
    };
    if meta.file {
        let out = option("out").map(PathBuf::from);
        let calling = client.call_download(meta, request);
        let what = meta.title.to_owned();
        return match media::receive(session, out, &what, calling).await? {
            Some(file) => output.json(file),
            None => Ok(()),
        };
    }
    let Some(path) = option("file") else {
        let calling = client.call(meta, request);
        return output.json(progress::during(output, meta.title, calling).await?);
    };
    let name = option("filename");
    let (name, content) = media::load(Path::new(&path), name.as_deref()).await?;
    let calling = client.call_upload(meta, request, &name, &content);
    output.json(progress::during(output, meta.title, calling).await?)
}

#[cfg(test)]
mod tests {
    use qun_protocol::all::Entry;
    use serde_json::json;

    use super::*;

    fn built(words: &[&str]) -> Result<Value> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = find(&words)?;
        let shape = Shape::of(found.entry);
        let command = command(found.entry.meta, &shape);
        let given = command.try_get_matches_from(&words[found.words..])?;
        Ok(Value::Object(request(&found, &shape, &given)?))
    }

    #[test]
    fn flags_make_the_request() {
        for words in [
            &[
                "appchat/create",
                "--userlist",
                "a",
                "--userlist",
                "b",
                "--name",
                "-组",
            ][..],
            &["appchat/create", "--userlist", "a,b", "--name=-组"],
        ] {
            assert_eq!(
                built(words).unwrap(),
                json!({ "name": "-组", "userlist": ["a", "b"] })
            );
        }
        let update = ["appchat/update", "--chatid", "c", "--add_user_list", "a"];
        assert_eq!(
            built(&update).unwrap(),
            json!({ "chatid": "c", "add_user_list": ["a"] })
        );
        let send = [
            "appchat/send",
            "--chatid",
            "c",
            "--msgtype",
            "text",
            "text.content=a=b",
            "--safe",
            "1",
        ];
        assert_eq!(
            built(&send).unwrap(),
            json!({ "chatid": "c", "msgtype": "text", "safe": 1, "text": { "content": "a=b" } })
        );
        let change = [
            "PATCH",
            "/_qun/companies/ww1/apps/7",
            "--disabled",
            "--customer-contact=false",
        ];
        assert_eq!(
            built(&change).unwrap(),
            json!({ "corpid": "ww1", "agentid": 7, "customer_contact": false, "disabled": true })
        );
    }

    #[test]
    fn what_does_not_fit_is_usage() {
        for words in [
            &["appchat/create", "--userlst", "a"][..],
            &["appchat/send", "--safe", "x"],
            &["appchat/send", "hello"],
            &["appchat/get", "text.content=x"],
            &["media/upload", "--type", "file"],
            &["/_qun/companies/ww1/apps/x/secret"],
        ] {
            assert!(built(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn every_endpoint_has_flags_help_and_an_example_that_parses() {
        for entry in all::ALL {
            let meta = entry.meta;
            let shape = Shape::of(&Entry { ..*entry });
            let mut command = command(meta, &shape);
            command.clone().debug_assert();
            let help = command.render_help().to_string();
            let last = help.trim_end().lines().last().unwrap_or_default().trim();
            let words: Vec<&str> = last.split(' ').collect();
            assert_eq!(words[..2], ["qun", "call"], "{help}");
            if meta.body == Body::Json || meta.body == Body::Query {
                built(&words[2..]).unwrap_or_else(|error| panic!("{last}: {error:#}"));
            }
            let found = find(
                &words[2..]
                    .iter()
                    .map(|w| (*w).to_owned())
                    .collect::<Vec<_>>(),
            );
            assert_eq!(found.unwrap().entry.meta.name(), meta.name(), "{last}");
        }
    }
}
