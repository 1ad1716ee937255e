//! SDK for WeCom group chats: the cloud, qun, and whoever comes next.
