//! The rules and use cases of WeCom group chats, pure and synchronous.
