//! Companies and what is in them, and the server itself. Own API, with the manage token.

mod app;
mod bot;
mod callback;
mod company;
mod customer;
mod directory;
mod group;
mod hosting;
mod join_way;
mod server;
mod statistic;
mod usage;

pub use app::{AppSecret, AppShown, Apps, AppsOf, ChangeApp, CreateApp, ResetSecret, RevokeTokens};
pub use bot::{
    Befriend, BotOperation, BotShown, BotWhole, Bots, BotsOf, ChangeBot, CreatePersonalRoom,
    DeleteBot, FailNext, GetBot, PersonalRoomMade, PutBotRoom, Unfriend,
};
pub use callback::{
    Attempt, CallbackSet, CallbackShown, CallbackState, CallbackWhole, Callbacks, CallbacksPage,
    DeleteCallback, GetCallback, GetCallbackEvent, ResendCallback, SetCallback,
};
pub use company::{
    ChangeCompany, ChangeRules, Companies, CompaniesOf, CompanyShown, GetCompany, GetRules,
    RulesShown,
};
pub use customer::{AddCustomer, Customers, CustomersOf, GetCustomer, PutCustomer, Resign};
pub use directory::{
    DeleteDepartment, DeleteTag, DeleteUser, Departments, DepartmentsOf, GetUser, PutDepartment,
    PutTag, PutUser, Tags, TagsOf, Users, UsersOf,
};
pub use group::{GetGroup, GroupShown, Groups, GroupsPage, History, HistoryPage};
pub use hosting::{
    AddHostingToken, AttachRoomLabel, ChangeHosting, CreateBot, CreateHosting, CreateRoomLabel,
    DeleteRoomLabel, DetachRoomLabel, ExplainId, Explained, HostingMade, HostingShown, Hostings,
    HostingsOf, Meaning, RenameRoomLabel, RevokeHostingToken, RoomLabels, RoomLabelsOf, Sibling,
};
pub use join_way::{JoinWayShown, JoinWays, JoinWaysPage};
pub use server::{AdvanceClock, ClockShown, GetClock, LoadWorld, Loaded, LoadedCompany};
pub use statistic::MarkMigrated;
pub use usage::{COUNTED, GetUsage, Spent, Usage};
