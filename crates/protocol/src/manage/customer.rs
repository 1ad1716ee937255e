use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, Done, ExternalUserId, Refusal as R, UserId, endpoint, world::Customer};

/// Lists the customers of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Customers {
    /// 企业ID
    pub corpid: CorpId,
    /// What `next` of the page before said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of customers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CustomersOf {
    /// In the order in which they were made.
    pub customers: Vec<Customer>,
    /// What `after` takes for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Reads a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetCustomer {
    /// 企业ID
    pub corpid: CorpId,
    /// The customer.
    pub external_userid: ExternalUserId,
}

/// Adds a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddCustomer {
    /// 企业ID
    pub corpid: CorpId,
    /// The customer; an external_userid is made where it names none.
    pub customer: Customer,
}

/// Makes or replaces a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutCustomer {
    /// 企业ID
    pub corpid: CorpId,
    /// The customer.
    pub external_userid: ExternalUserId,
    /// All of the customer; an `external_userid` in it must be the same.
    pub customer: Customer,
}

/// Marks an employee as resigned. Whoever is in groups stays in them; customer groups wait to be given on by `groupchat/transfer`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Resign {
    /// 企业ID
    pub corpid: CorpId,
    /// The person.
    pub userid: UserId,
}

endpoint! { Get "/_qun/companies/{corpid}/customers", Customers => CustomersOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the customers of a company",
} }
endpoint! { Post "/_qun/companies/{corpid}/customers", AddCustomer => Customer {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("customer"), title: "Add a customer",
    refuses: &[R::CustomerExists],
} }
endpoint! { Get "/_qun/companies/{corpid}/customers/{external_userid}", GetCustomer => Customer {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read a customer", refuses: &[R::CustomerUnknown],
} }
endpoint! { Put "/_qun/companies/{corpid}/customers/{external_userid}", PutCustomer => Customer {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("customer"), title: "Make or replace a customer",
    refuses: &[R::CustomerExists],
} }
endpoint! { Post "/_qun/companies/{corpid}/users/{userid}/resign", Resign => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Mark a person as resigned", refuses: &[R::PersonUnknown],
} }
