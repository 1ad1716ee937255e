use qun_protocol::ip_list::{Addresses, ApiAddresses, CallbackAddresses};

use crate::{Outcome, Query, ReadCx};

/// This server answers and calls from this machine alone.
fn here() -> Addresses {
    Addresses {
        ip_list: vec!["127.0.0.1".into(), "::1".into()],
    }
}

impl Query<ApiAddresses> for super::Use {
    fn run(_: &mut ReadCx, _: &ApiAddresses) -> Outcome<Addresses> {
        Ok(here())
    }
}

impl Query<CallbackAddresses> for super::Use {
    fn run(_: &mut ReadCx, _: &CallbackAddresses) -> Outcome<Addresses> {
        Ok(here())
    }
}
