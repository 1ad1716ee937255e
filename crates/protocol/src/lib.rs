//! Endpoints, refusals, rulebooks, codes and ids of WeCom group chats.
