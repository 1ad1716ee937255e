//! qun: WeCom group chats on your own machine.

fn main() {}
