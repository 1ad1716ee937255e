use qun_domain::{Failure, world::EVERYBODY};
use qun_protocol::{
    Refusal as R, Refused,
    manage::{AdvanceClock, ClockShown, GetClock},
};
use qun_store::{Effect, table::meta};

use super::{Beside, Own, Serve};
use crate::{
    app::App,
    http::{Answer, Call},
    job,
    run::{Settings, write},
};

/// The key under which a movable clock's offset is kept, microseconds.
pub(crate) const OFFSET: &str = "clock_offset_us";

/// Ten years, seconds.
const FAR: i64 = 10 * 366 * 86_400;

fn shown(app: &App) -> ClockShown {
    ClockShown {
        now_ms: app.now_ms(),
        movable: app.clock.is_movable(),
    }
}

impl Serve<GetClock> for Own {
    async fn serve(call: Call<GetClock>, _: Beside) -> Result<Answer<GetClock>, Failure> {
        Ok(Answer::Typed(shown(&call.app), Vec::new()))
    }
}

impl Serve<AdvanceClock> for Own {
    async fn serve(call: Call<AdvanceClock>, _: Beside) -> Result<Answer<AdvanceClock>, Failure> {
        if !call.app.clock.is_movable() {
            let detail = "start with --clock TIME, and with --memory or a new data directory";
            return Err(Refused::because(R::ClockFixed, detail).into());
        }
        if !(0..=FAR).contains(&call.request.advance) {
            return Err(
                Refused::because(R::BadRequest, "advance is 0 to ten years, in seconds").into(),
            );
        }
        let by = call.request.advance * 1_000_000;
        let settings = Settings {
            effect: Effect::Change,
            wakes: false,
            evicts: false,
        };
        let clock = call.app.clock.clone();
        // In the writer, so that two moves at once add up.
        write(&call.app, call.who, call.address, settings, move |cx| {
            cx.tx.enter(EVERYBODY, Effect::Change)?;
            let offset = clock.offset_us() + by;
            meta::set(cx.tx, OFFSET, &offset.to_string())?;
            clock.set_offset_us(offset);
            Ok(())
        })
        .await?;
        // What the move has made due is done before it is answered.
        job::inherit_due(&call.app).await;
        job::forget_old_figures(&call.app).await;
        call.app.deliverer.wake();
        Ok(Answer::Typed(shown(&call.app), Vec::new()))
    }
}
