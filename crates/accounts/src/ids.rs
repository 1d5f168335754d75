//! The ids of organisations, workspaces and people.

campanile_base::id_type!(
    /// One organisation.
    pub OrganisationId, "org"
);
campanile_base::id_type!(
    /// One workspace.
    pub WorkspaceId, "ws"
);
campanile_base::id_type!(
    /// One person.
    pub PersonId, "user"
);
