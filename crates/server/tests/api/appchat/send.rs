//! `POST /cgi-bin/appchat/send`

mod arrival;
mod content;
mod quota;
