use std::sync::Arc;

use qun_domain::{Failure, callback};
use qun_protocol::manage::SetCallback;
use qun_store::Effect;

use super::{Beside, Own, Serve};
use crate::{
    deliver::verify,
    http::{Answer, Call},
    run::{Settings, read, write},
};

impl Serve<SetCallback> for Own {
    async fn serve(call: Call<SetCallback>, _: Beside) -> Result<Answer<SetCallback>, Failure> {
        let Call {
            app,
            request,
            who,
            address,
            ..
        } = call;
        let request = Arc::new(request);
        let asked = Arc::clone(&request);
        let check = move |cx: &mut qun_domain::ReadCx| callback::verifiable(cx, &asked);
        let checked = read(&app, &who, address, check).await.0?;
        verify(&app, &checked).await?;
        let settings = Settings {
            effect: Effect::Change,
            wakes: false,
            evicts: false,
        };
        let keep = move |cx: &mut qun_domain::Cx| callback::set(cx, &request, &checked.callback);
        let (set, lints) = write(&app, who, address, settings, keep).await?;
        Ok(Answer::Typed(set, lints))
    }
}
