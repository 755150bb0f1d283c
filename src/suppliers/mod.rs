//! Suppliers, and the profiles that say how their files map to our attributes.
