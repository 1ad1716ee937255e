//! 项目群管理 (document 000): makes a project's group, welcomes its members, and reminds them of their progress.

use std::error::Error;

use jiff::{Timestamp, tz};
use qun_client::{Article, Create, News, Text};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wecom = qun_examples::client()?;
    let chat = wecom.chat();

    // 1. 创建项目群
    let today = Timestamp::now().to_zoned(tz::Offset::constant(8).to_time_zone());
    let project = Create::new([
        "pm_001",  // 项目经理
        "dev_001", // 开发
        "dev_002", //
        "qa_001",  // 测试
        "ui_001",  // 设计
        "ops_001", // 运维
    ])
    .chatid(format!("alpha_project_{}", today.strftime("%Y%m%d")))
    .name("Alpha项目组")
    .owner("project_manager_001");
    let chatid = chat.create(project).await?;
    println!("项目群创建成功: {chatid}");

    // 2. 发送欢迎消息
    let welcome = "欢迎大家加入Alpha项目组!\n\n\
                   项目目标:开发新版本产品功能\n\
                   预计周期:8周\n\
                   请大家及时在群内同步工作进展,有问题随时讨论。";
    chat.send(&chatid, Text::new(welcome)).await?;
    println!("欢迎消息发送成功");

    // 3. 定期发送项目进度提醒
    let reminder = Article::new("项目进度提醒", "https://project.company.com/alpha/progress")
        .description("请各位同事及时更新项目进度,确保按时完成任务")
        .picture("https://cdn.company.com/project-icon.png");
    chat.send(&chatid, News::new([reminder])).await?;
    Ok(())
}
