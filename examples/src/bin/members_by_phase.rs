//! 动态群成员管理 (document 000): a project's phases bring people in and take people out.
//!
//! `members_by_phase CHATID design|development|testing|deployment`

use std::{env, error::Error};

use qun_client::{Chat, Text};

/// 根据项目阶段动态调整群成员
async fn update_project_team(chat: &Chat, chatid: &str, phase: &str) -> Result<(), Box<dyn Error>> {
    let text = match phase {
        "design" => {
            // 设计阶段:加入设计师,移除运维
            chat.add_members(chatid, ["ui_002", "ux_001"]).await?;
            chat.remove_members(chatid, ["ops_001"]).await?;
            "项目进入设计阶段,欢迎设计团队加入!"
        }
        "development" => {
            // 开发阶段:加入更多开发者
            let developers = ["dev_003", "dev_004", "backend_001"];
            chat.add_members(chatid, developers).await?;
            "项目进入开发阶段,开发团队全员到位!"
        }
        "testing" => {
            // 测试阶段:加入测试团队
            let testers = ["qa_002", "qa_003", "automation_001"];
            chat.add_members(chatid, testers).await?;
            "项目进入测试阶段,测试团队请开始工作!"
        }
        "deployment" => {
            // 部署阶段:重新加入运维
            chat.add_members(chatid, ["ops_001", "ops_002"]).await?;
            "项目准备部署,运维团队请准备!"
        }
        other => return Err(format!("no phase {other}").into()),
    };
    chat.send(chatid, Text::new(text)).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Some(chatid), Some(phase)) = (env::args().nth(1), env::args().nth(2)) else {
        return Err("members_by_phase CHATID design|development|testing|deployment".into());
    };
    let wecom = qun_examples::client()?;
    update_project_team(&wecom.chat(), &chatid, &phase).await
}
