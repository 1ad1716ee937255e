//! Starting and stopping a server.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::serve::ListenerExt;
use qun_domain::{Failure, Who, demo, seal, token, world::EVERYBODY};
use qun_protocol::{Rulebook, Rules, manage::Loaded, world::World};
use qun_store::{
    Place, Store,
    table::{company, media, meta},
};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    app::{App, Callers},
    blob::{Blobs, Files, Rows},
    clock::{Clock, system_us},
    credentials::Credentials,
    deliver::{self, CallbackSettings, Deliverer, ReachError},
    http,
    http::rates::Rates,
    job,
    kept::Kept,
    metrics::Metrics,
    neighbours,
    run::blocking,
    serve::{self, OFFSET},
    wait::Waiters,
};

/// How a server is started.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 picks a free one. The caller decides whether beyond loopback is meant.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub place: Place,
    /// What to load at start: absent companies are created. Where nothing is there yet and this is absent, the demo company.
    pub world: Option<World>,
    /// The rulebook of companies that name none.
    pub rules: Rulebook,
    /// Count, but refuse nothing by number.
    pub limits_off: bool,
    /// Where the clock starts, ms UTC; it can then be moved. Only for memory, a new directory, or one so created.
    pub clock: Option<i64>,
    /// The manage token; made (and kept) where absent.
    pub manage_token: Option<String>,
    /// How apps are told what happens.
    pub callbacks: CallbackSettings,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("place", &self.place)
            .field("rules", &self.rules)
            .field("limits_off", &self.limits_off)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// What a caller needs to begin.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ready {
    /// The base URL.
    pub url: String,
    /// The first company.
    pub corpid: String,
    /// Its apps.
    pub agents: Vec<AgentReady>,
    /// The operator's token.
    pub manage_token: String,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("url", &self.url)
            .field("corpid", &self.corpid)
            .field("agents", &self.agents)
            .finish_non_exhaustive()
    }
}

/// An app that can be used at once.
#[derive(Clone, Serialize, Deserialize)]
pub struct AgentReady {
    /// 应用id
    pub agentid: i64,
    /// 应用的凭证密钥
    pub secret: String,
    /// Its name.
    pub name: String,
}

impl fmt::Debug for AgentReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentReady")
            .field("agentid", &self.agentid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why a server could not be started; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened at.
    #[error(
        "cannot listen at {0}: {1}; is another server running there? --listen 127.0.0.1:0 picks a free port"
    )]
    Listen(SocketAddr, io::Error),
    /// The store cannot be opened.
    #[error("{0}")]
    Store(#[from] qun_store::Error),
    /// A file of the data directory cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The world was refused.
    #[error("the world cannot be loaded: {0}")]
    World(String),
    /// The clock cannot start there.
    #[error("--clock: {0}")]
    Clock(&'static str),
    /// The settings of callbacks are wrong.
    #[error("{0}")]
    Callbacks(#[from] ReachError),
}

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    ready: Ready,
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
    jobs: Vec<JoinHandle<()>>,
    store: Arc<Store>,
}

impl Running {
    /// What a caller needs to begin.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Stops listening, lets requests finish, and closes the store.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Ok(Err(error)) = self.server.await {
            tracing::error!(%error, "the server ended with an error");
        }
        for job in self.jobs {
            let _ = job.await;
        }
        let store = self.store;
        // Closing waits for the writer; it must not hold up whatever else runs here.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Starts a server. When this returns, it answers.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let clock = Clock::default();
    let deliverer = Deliverer::new(&config.callbacks)?;
    let shared = matches!(config.place, Place::Postgres { .. });
    let (wanted, source) = (config.clone(), clock.clone());
    let store = blocking(shared, move || open(&wanted, &source)).await?;
    let blobs = open_blobs(&config, &store).await?;

    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| StartError::Listen(config.listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::Listen(config.listen, error))?;
    // Every address is where it listens, and none to call.
    let called = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(HERE, address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    };
    let url = format!("http://{called}");

    let file = match &config.place {
        Place::Directory(directory) => Some(directory.join("credentials.json")),
        _ => None,
    };
    let known = match &file {
        Some(path) => {
            Credentials::load(path).map_err(|error| StartError::File(path.clone(), error))?
        }
        None => None,
    };
    let mut credentials = known.clone().unwrap_or_default();
    if let Some(token) = &config.manage_token {
        credentials.manage_token.clone_from(token);
    }
    if credentials.manage_token.is_empty() {
        credentials.manage_token = new_token()
            .map_err(|error| StartError::File("the system's randomness".into(), error))?;
    }

    let (stop, stopping) = watch::channel(false);
    let mut default_rules = Rules::of(config.rules);
    default_rules.enforced = !config.limits_off;
    let app = Arc::new(App {
        store: store.clone(),
        clock,
        blobs,
        callers: Callers::default(),
        kept: Kept::default(),
        rates: Rates::default(),
        waiters: Waiters::default(),
        metrics: Metrics::new(),
        deliverer,
        manage_hash: token::hash(&credentials.manage_token),
        default_rules,
        url: url.clone(),
        stopping,
    });

    let loaded = load(&app, &config).await?;
    // The first company is the first that was ever made here; one that is made anew has new secrets.
    let first = loaded.companies.iter().find(|company| {
        company.created && (credentials.corpid.is_empty() || *company.corpid == *credentials.corpid)
    });
    if let Some(first) = first {
        credentials.corpid = first.corpid.0.clone();
        let agents = first.agents.iter().map(|app| AgentReady {
            agentid: app.agentid,
            secret: app.secret.clone(),
            name: app.name.clone(),
        });
        credentials.agents = agents.collect();
    }
    if let Some(path) = &file {
        credentials
            .save(path)
            .map_err(|error| StartError::File(path.clone(), error))?;
    }

    let ready = Ready {
        url,
        corpid: credentials.corpid,
        agents: credentials.agents,
        manage_token: credentials.manage_token,
    };
    let mut jobs = vec![
        tokio::spawn(job::run(app.clone())),
        tokio::spawn(deliver::run(app.clone())),
    ];
    if shared {
        jobs.push(tokio::spawn(neighbours::watch(app.clone())));
    }
    let mut ending = app.stopping.clone();
    let service = http::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| {
        // Answers are small and whole: waiting for more to send only costs time.
        let _ = stream.set_nodelay(true);
    });
    let server = tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                let _ = ending.wait_for(|stop| *stop).await;
            })
            .await
    });
    Ok(Running {
        ready,
        stop,
        server,
        jobs,
        store,
    })
}

fn new_token() -> io::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens the store and sets the clock by what the store remembers of it.
fn open(config: &Config, clock: &Clock) -> Result<Arc<Store>, StartError> {
    let source = clock.clone();
    let store = Arc::new(Store::open(
        &config.place,
        Arc::new(move || source.now_us()),
    )?);
    let (kept, used) = store.read(|read| {
        Ok((
            meta::get(read, OFFSET)?,
            !company::first_two(read)?.is_empty(),
        ))
    })?;
    if let Some(offset) = kept.as_deref().and_then(|text| text.parse().ok()) {
        clock.set_offset_us(offset);
        clock.allow_moves();
    }
    let Some(start) = config.clock else {
        return Ok(store);
    };
    if used && !clock.is_movable() {
        return Err(StartError::Clock(
            "what is there was made with the system's clock; use --memory or a new place",
        ));
    }
    let offset = start.saturating_mul(1000).saturating_sub(system_us());
    if used && start.saturating_mul(1000) < store.last_id() {
        return Err(StartError::Clock(
            "what is there is of a later time; a clock does not go back",
        ));
    }
    clock.set_offset_us(offset);
    clock.allow_moves();
    Ok(store)
}

async fn open_blobs(config: &Config, store: &Arc<Store>) -> Result<Blobs, StartError> {
    let blobs = match &config.place {
        Place::Directory(directory) => {
            let directory = directory.join("media");
            Blobs::Files(
                Files::open(directory.clone())
                    .map_err(|error| StartError::File(directory, error))?,
            )
        }
        // Nothing is left over in memory, and what other nodes are uploading is not to be swept: that is a job's work.
        _ => return Ok(Blobs::Rows(Rows::new(store.clone()))),
    };
    let known: std::collections::HashSet<(i64, String)> =
        store.read(media::blobs)?.into_iter().collect();
    let swept = blobs
        .sweep(&mut |corp, blob| known.contains(&(corp, blob.to_owned())))
        .await;
    match swept {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed files of uploads that were never finished"),
        Err(error) => tracing::warn!(%error, "files of unfinished uploads could not be removed"),
    }
    Ok(blobs)
}

/// Loads the world that was given, or the demo company where nothing is there yet, and keeps the clock's offset.
async fn load(app: &Arc<App>, config: &Config) -> Result<Loaded, StartError> {
    let failed = |failure: Failure| match failure {
        Failure::Refused(refused) | Failure::Traced(refused, _) => {
            StartError::World(refused.to_string())
        }
        Failure::Store(error) => StartError::Store(error),
        Failure::Unknown => StartError::Store(qun_store::Error::Unavailable(
            "nobody knows whether the world was loaded".into(),
        )),
    };
    if app.clock.is_movable() {
        let offset = app.clock.offset_us().to_string();
        let settings = crate::run::Settings {
            effect: qun_store::Effect::Change,
            wakes: false,
            evicts: false,
        };
        let keep = move |cx: &mut qun_domain::Cx| {
            cx.tx.enter(EVERYBODY, qun_store::Effect::Change)?;
            Ok(meta::set(cx.tx, OFFSET, &offset)?)
        };
        crate::run::write(app, Who::Operator, HERE, settings, keep)
            .await
            .map_err(failed)?;
    }
    let store = app.store.clone();
    let look = move || store.read(seal::is_ready);
    if !blocking(app.store.is_shared(), look).await? {
        let settings = crate::run::Settings {
            effect: qun_store::Effect::Change,
            wakes: false,
            evicts: false,
        };
        crate::run::write(app, Who::Operator, HERE, settings, seal::make_ready)
            .await
            .map_err(failed)?;
    }
    let store = app.store.clone();
    let look = move || store.read(company::first_two);
    let empty = blocking(app.store.is_shared(), look).await?.is_empty();
    let world = match &config.world {
        Some(world) => world.clone(),
        None if empty => demo::world(config.rules, app.now_ms()),
        None => return Ok(Loaded::default()),
    };
    let (loaded, lints) = serve::load(app, Who::Operator, HERE, world)
        .await
        .map_err(failed)?;
    for company in loaded.companies.iter().filter(|company| !company.created) {
        tracing::info!(corpid = %company.corpid, "is there already and stays as it is");
    }
    for lint in lints {
        tracing::info!(target: "qun::lint", "{lint}");
    }
    Ok(loaded)
}
