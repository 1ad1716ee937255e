//! `qun customer`: the customers of a company (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use qun_client::Error;
use qun_protocol::{
    ExternalUserId,
    manage::{AddCustomer, Customers, GetCustomer, PutCustomer},
    world::{Customer, CustomerKind},
};

use crate::connect::{Common, Session};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the customers.
    #[command(after_help = "Example:\n  qun customer list")]
    List,
    /// Show a customer.
    #[command(after_help = "Example:\n  qun customer show wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA")]
    Show {
        /// The customer
        external_userid: String,
    },
    /// Add a customer and print the external_userid that is made.
    #[command(after_help = "Example:\n  qun customer add --name 王小姐")]
    Add {
        #[command(flatten)]
        values: Values,
    },
    /// Make a customer, or change what is given of one.
    #[command(
        after_help = "Example:\n  qun customer set wmExample --name 李先生 --unionid oExample"
    )]
    Set {
        /// The customer
        external_userid: String,
        #[command(flatten)]
        values: Values,
    },
}

#[derive(Args)]
struct Values {
    /// 名称
    #[arg(long)]
    name: Option<String>,
    /// What kind of account it is
    #[arg(long = "type")]
    kind: Option<Kind>,
    /// 微信unionid
    #[arg(long)]
    unionid: Option<String>,
    /// 所在企业
    #[arg(long)]
    corp_name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 微信用户
    Wechat,
    /// 企业微信用户
    Wecom,
}

impl Values {
    /// A customer with what is given.
    fn of(self, mut customer: Customer) -> Customer {
        customer.name = self.name.unwrap_or(customer.name);
        customer.unionid = self.unionid.or(customer.unionid);
        customer.corp_name = self.corp_name.or(customer.corp_name);
        match self.kind {
            Some(Kind::Wechat) => customer.kind = CustomerKind::Wechat,
            Some(Kind::Wecom) => customer.kind = CustomerKind::Wecom,
            None => {}
        }
        customer
    }
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let corpid = session.corpid().await?;
    match noun.verb {
        Verb::List => {
            let request = Customers {
                corpid,
                after: None,
                limit: Some(1000),
            };
            let customers = session.all(request).await?;
            let columns = ["external_userid", "name", "type", "unionid", "corp_name"];
            session.output.list(&columns, &customers)
        }
        Verb::Show { external_userid } => {
            let external_userid = external_userid.into();
            let request = GetCustomer {
                corpid,
                external_userid,
            };
            session.output.record(&session.send(request).await?)
        }
        Verb::Add { values } => {
            let customer = values.of(Customer::default());
            let request = AddCustomer { corpid, customer };
            let Some(made) = session.change(request).await? else {
                return Ok(());
            };
            let id = made.external_userid.clone().unwrap_or_default();
            session.output.bare(&id, &made)
        }
        Verb::Set {
            external_userid,
            values,
        } => {
            let external_userid = ExternalUserId(external_userid);
            let known = session.send(GetCustomer {
                corpid: corpid.clone(),
                external_userid: external_userid.clone(),
            });
            let absent =
                |error: &anyhow::Error| error.downcast_ref().is_some_and(Error::is_not_found);
            let known = match known.await {
                Err(error) if absent(&error) => Customer::default(),
                known => known?,
            };
            let request = PutCustomer {
                corpid,
                external_userid,
                customer: values.of(known),
            };
            match session.change(request).await? {
                Some(customer) => session.output.record(&customer),
                None => Ok(()),
            }
        }
    }
}
