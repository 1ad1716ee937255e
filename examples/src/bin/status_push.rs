//! 群消息推送系统 (document 000): tells a group how its project stands. Run it once a day.
//!
//! `status_push CHATID`

use std::{env, error::Error};

use qun_client::{Chat, Text};

/// 项目数据
struct Project {
    completed_tasks: u32,
    total_tasks: u32,
    bugs_fixed: u32,
    open_bugs: u32,
    /// 0 to 100
    progress: u32,
}

/// 推送项目状态
async fn send_project_status(
    chat: &Chat,
    chatid: &str,
    project: &Project,
) -> Result<(), qun_client::Error> {
    let done = (project.progress.min(100) / 10) as usize;
    let bar = "█".repeat(done) + &"░".repeat(10 - done);
    let status = format!(
        "📊 项目进度日报\n\n\
         进度: {bar} {}%\n\
         任务完成: {}/{}\n\
         Bug修复: {}\n\
         待修复Bug: {}\n\n\
         继续加油!💪",
        project.progress,
        project.completed_tasks,
        project.total_tasks,
        project.bugs_fixed,
        project.open_bugs,
    );
    chat.send(chatid, Text::new(status)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let chatid = env::args().nth(1).ok_or("status_push CHATID")?;
    let wecom = qun_examples::client()?;
    let project = Project {
        completed_tasks: 45,
        total_tasks: 60,
        bugs_fixed: 12,
        open_bugs: 3,
        progress: 75,
    };
    send_project_status(&wecom.chat(), &chatid, &project).await?;
    Ok(())
}
