//! A checked key and what its role may do.

use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// How operations name the person at the command line.
pub const COMMAND: &str = "command";

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything but keys.
    Manager,
    /// Reads everything but keys, costs included.
    Viewer,
    /// One supplier: its own data, imports and stock.
    Supplier,
    /// One channel: its own feeds, and the products that are ready for it.
    Channel,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Manager, Self::Viewer, Self::Supplier, Self::Channel];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Viewer => "viewer",
            Self::Supplier => "supplier",
            Self::Channel => "channel",
        }
    }

    /// May it do this at all? Whose object it is, is asked separately.
    pub fn allows(self, permission: Permission) -> bool {
        use Permission::{Edit, ManageKeys, ReadCatalog, ReadFeeds, ReadInner, ReadSupply, Supply};
        match permission {
            ManageKeys => self == Self::Admin,
            Edit => matches!(self, Self::Admin | Self::Manager),
            Supply => matches!(self, Self::Admin | Self::Manager | Self::Supplier),
            ReadInner => matches!(self, Self::Admin | Self::Manager | Self::Viewer),
            ReadSupply => self != Self::Channel,
            ReadCatalog | ReadFeeds => self != Self::Supplier,
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(|| {
            Error::field(
                "/role",
                "unknown_role",
                format!("there is no role '{name}'; use admin, manager, viewer, supplier or channel"),
            )
        })
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See products and search, as far as the caller may see them (a channel: what is ready for it, without costs).
    ReadCatalog,
    /// See costs, offers, lineage, operations, events and settings.
    ReadInner,
    /// See a supplier's own data, imports and stock. Also ask [`Caller::require_supplier`].
    ReadSupply,
    /// Import, report stock, change a supplier's own data. Also ask [`Caller::require_supplier`].
    Supply,
    /// Read feeds. Also ask [`Caller::require_channel`].
    ReadFeeds,
    /// Change the catalogue, channels and settings, publish.
    Edit,
    /// Make and revoke keys.
    ManageKeys,
}

/// The one supplier a key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierScope {
    /// Row id.
    pub id: i64,
    /// Code.
    pub code: String,
}

/// Somebody with a valid key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key's id.
    pub key_id: String,
    /// The key's name.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The supplier of a supplier key.
    pub supplier: Option<SupplierScope>,
    /// The channel of a channel key.
    pub channel: Option<String>,
}

impl Caller {
    /// The person at the machine's own command line.
    pub fn command_line() -> Self {
        Self { key_id: COMMAND.to_owned(), name: COMMAND.to_owned(), role: Role::Admin, supplier: None, channel: None }
    }

    /// How operations name this caller: `key:NAME`, or `command`.
    pub fn actor(&self) -> String {
        if self.key_id == COMMAND { COMMAND.to_owned() } else { format!("key:{}", self.name) }
    }

    /// Forbids what the role does not allow.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.role.allows(permission) {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, format!("a {} key may not do that; use a key of another role", self.role.as_str())))
    }

    /// Hides every other supplier from a supplier key, as if it did not exist.
    pub fn require_supplier(&self, code: &str) -> Result<()> {
        match &self.supplier {
            Some(own) if own.code != code => Err(Error::not_found(format!("supplier '{code}'"))),
            Some(_) => Ok(()),
            None => self.require(Permission::ReadSupply),
        }
    }

    /// Hides every other channel from a channel key, as if it did not exist.
    pub fn require_channel(&self, code: &str) -> Result<()> {
        match &self.channel {
            Some(own) if own != code => Err(Error::not_found(format!("channel '{code}'"))),
            Some(_) => Ok(()),
            None => self.require(Permission::ReadFeeds),
        }
    }

    /// May costs, suppliers, offers and lineage be shown?
    pub fn sees_inner(&self) -> bool {
        self.role.allows(Permission::ReadInner)
    }
}
