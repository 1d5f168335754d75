use super::*;

fn organisations() -> (OrganisationId, OrganisationId, Vec<(OrganisationId, Role)>) {
    let (first, second) = (OrganisationId::from("org_1".to_owned()), OrganisationId::from("org_2".to_owned()));
    let memberships = vec![(first.clone(), Role::Owner), (second.clone(), Role::Staff)];
    (first, second, memberships)
}

#[test]
fn a_password_opens_the_organisation_that_is_named_or_the_one_joined_first() {
    let (first, second, memberships) = organisations();
    assert_eq!(opened(memberships.clone(), None, None).unwrap().0, first);
    assert_eq!(opened(memberships.clone(), None, Some(&second)).unwrap(), (second, Role::Staff));
    let elsewhere = OrganisationId::from("org_3".to_owned());
    assert!(matches!(opened(memberships, None, Some(&elsewhere)), Err(Error::Forbidden(_))));
    assert!(matches!(opened(Vec::new(), None, None), Err(Error::Unauthenticated(_))));
}

#[test]
fn a_password_that_an_owner_has_chosen_opens_their_organisation_alone() {
    let (first, second, memberships) = organisations();
    assert_eq!(opened(memberships.clone(), Some(&second), None).unwrap().0, second);
    assert!(matches!(opened(memberships, Some(&second), Some(&first)), Err(Error::Forbidden(_))));
}
