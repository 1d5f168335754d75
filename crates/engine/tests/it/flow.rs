//! Flow control on real databases.
