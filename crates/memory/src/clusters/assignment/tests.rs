use std::collections::BTreeMap;

use campanile_base::Timestamp;
use campanile_embed::Vector;

use super::affinity::{JOINED, Links, affinity};
use super::gathering::Gathering;
use super::observed::{Observed, ObservedPerson, SubjectState, is_open};
use super::topic_counts::TopicCounts;
use super::topics::characteristic;

const HOUR: i64 = 3_600;

fn observed(hour: i64, text: &str) -> Observed {
    let at = Timestamp::from_seconds(1_770_000_000 + hour * HOUR);
    let mut splitter = campanile_search::terms::Splitter::default();
    Observed {
        id: format!("obs_{hour}"),
        organisation: "org".into(),
        provider: "github".into(),
        title: text.into(),
        significance: 50,
        topics: vec!["checkout".into()],
        actor: Some(ObservedPerson { id: "github:1".into(), name: "ada".into(), person: "github:1".into() }),
        entities: vec!["project:#12".into(), "reference:branch:fix/checkout".into()],
        terms: super::words::terms(&mut splitter, text, ""),
        vector: None,
        subjects: Vec::new(),
        occurred_at: at,
        captured_at: at,
        cluster: None,
        was_redirected: false,
    }
}

fn gathered(all: &[Observed], embedder: Option<&str>) -> Gathering {
    let mut cluster = Gathering::new(all[0].occurred_at, &all[0]);
    all.iter().for_each(|one| cluster.add(one, embedder));
    cluster
}

#[test]
fn affinity_counts_words_entities_actor_and_time() {
    let cluster = gathered(&[observed(0, "Checkout times out")], None);
    let same = observed(0, "Checkout times out");
    assert!((affinity(&same, &cluster, Links::default()) - 100.0).abs() < 0.01);
    let later = Observed { entities: Vec::new(), actor: None, ..observed(4, "Dark mode of the settings page") };
    assert!((affinity(&later, &cluster, Links::default()) - 6.0).abs() < 0.01);
    let half = Observed { entities: vec!["project:#12".into()], ..later };
    assert!((affinity(&half, &cluster, Links::default()) - 21.0).abs() < 0.01);
    let earlier = Observed { actor: None, entities: Vec::new(), ..observed(-2, "Dark mode") };
    assert!((affinity(&earlier, &cluster, Links::default()) - 8.0).abs() < 0.01);
}

#[test]
fn another_account_of_a_person_counts_as_that_person() {
    let cluster = gathered(&[observed(0, "Checkout times out")], None);
    let by = |id: &str, person: &str| {
        let actor = ObservedPerson { id: id.into(), name: "ada".into(), person: person.into() };
        affinity(&Observed { actor: Some(actor), ..observed(0, "Checkout times out") }, &cluster, Links::default())
    };
    assert!((by("linear:ada", "github:1") - 100.0).abs() < 0.01);
    assert!((by("linear:ada", "linear:ada") - 80.0).abs() < 0.01);
}

#[test]
fn vectors_count_in_place_of_words_where_both_have_them() {
    let with = |numbers: &[f32]| Observed { vector: Vector::new(numbers), ..observed(0, "Checkout times out") };
    let other = Observed { entities: Vec::new(), actor: None, ..with(&[0.0, 1.0]) };
    let cluster = gathered(&[with(&[1.0, 0.0])], Some("model"));
    assert!(
        (affinity(&other, &cluster, Links::default()) - 10.0).abs() < 0.3,
        "the words are the same, the meaning is not"
    );
    let cluster = gathered(&[with(&[1.0, 0.0]), with(&[0.0, 1.0])], Some("model"));
    let likeness = affinity(&other, &cluster, Links::default()) - 10.0;
    assert!((likeness - 40.0 / 2.0_f32.sqrt()).abs() < 0.3, "the mean moves: {likeness}");
    let none = Observed { vector: None, ..other };
    assert!((affinity(&none, &cluster, Links::default()) - 50.0).abs() < 0.3, "the words count again");
}

#[test]
fn a_certain_edge_is_enough_and_others_only_help() {
    let cluster = gathered(&[observed(0, "Checkout times out")], None);
    let stranger = Observed { entities: Vec::new(), actor: None, ..observed(48, "Bump the linter") };
    let linked = |edge_types: &[&str]| {
        let mut links = Links::default();
        links.add(edge_types.iter().copied());
        affinity(&stranger, &cluster, links)
    };
    assert!(linked(&["fixes"]) >= JOINED && linked(&["references", "deploys"]) >= JOINED);
    assert!(linked(&["references"]) < JOINED && linked(&["same_branch"]) < JOINED);
    let mut many = Links::default();
    (0..9).for_each(|_| many.add(["references"]));
    assert!(affinity(&stranger, &cluster, many) < JOINED);
}

#[test]
fn a_cluster_is_open_for_a_week_and_for_thirty_days_in_all() {
    let cluster = gathered(&[observed(0, "Checkout"), observed(29 * 24, "Checkout")], None);
    let at = |hour: i64| observed(hour, "Checkout").occurred_at;
    assert!(cluster.is_open_at(at(15 * 24)) && cluster.is_open_at(at(30 * 24)) && cluster.is_open_at(at(-24)));
    assert!(!cluster.is_open_at(at(31 * 24)) && !cluster.is_open_at(at(-2 * 24)));
    let cluster = gathered(&[observed(0, "Checkout")], None);
    assert!(cluster.is_open_at(at(7 * 24)) && !cluster.is_open_at(at(7 * 24 + 1)));
    assert!(cluster.is_open_at(at(-7 * 24)) && !cluster.is_open_at(at(-7 * 24 - 1)));
}

#[test]
fn a_cluster_is_completed_when_the_newest_states_leave_nothing_open() {
    let tells = |hour: i64, key: &str, state: &str| {
        let subject = SubjectState { key: key.into(), is_open: is_open(state) };
        Observed { subjects: vec![subject], ..observed(hour, "Checkout") }
    };
    let of = |all: &[Observed]| gathered(all, None).is_completed;
    assert!(!of(&[observed(0, "Checkout")]), "nothing is known");
    assert!(!of(&[tells(0, "eng-1", "In Progress"), tells(1, "acme/shop#2", "merged")]));
    assert!(of(&[tells(0, "eng-1", "In Progress"), tells(1, "acme/shop#2", "merged"), tells(2, "eng-1", "Done")]));
    assert!(!of(&[tells(0, "eng-1", "Done"), tells(2, "eng-1", "open")]), "it was opened again");
    assert!(of(&[tells(2, "eng-1", "Done"), tells(1, "eng-1", "open")]), "an event that comes late changes nothing");
}

#[test]
fn lists_of_a_cluster_are_bounded() {
    let one = |n: i64| Observed {
        actor: Some(ObservedPerson { id: format!("github:{n}"), name: n.to_string(), person: format!("github:{n}") }),
        entities: (0..20).map(|m| format!("project:#{}", n * 20 + m)).collect(),
        topics: (0..20).map(|m| format!("topic {}", n * 20 + m)).collect(),
        subjects: vec![SubjectState { key: n.to_string(), is_open: true }],
        ..observed(0, &format!("{} words", (0..60).map(|m| format!("word{}x ", n * 60 + m)).collect::<String>()))
    };
    let cluster = gathered(&(0..200).map(one).collect::<Vec<_>>(), None);
    assert_eq!((cluster.observations, cluster.actors.len(), cluster.entities.len()), (200, 10, 20));
    assert!(cluster.topics.len() <= 50 && cluster.terms.len() <= 96 && cluster.subjects.len() <= 50);
}

#[test]
fn rare_topics_come_first_and_general_ones_not_at_all() {
    let topics = BTreeMap::from([("bug_fix".to_owned(), 9), ("backend".to_owned(), 5), ("checkout".to_owned(), 4)]);
    let by_topic = [("bug_fix".to_owned(), 400), ("backend".to_owned(), 900), ("checkout".to_owned(), 8)];
    let counts = TopicCounts { observations: 1_000, by_topic: by_topic.into_iter().collect() };
    assert_eq!(characteristic(&topics, &counts), ["checkout", "backend"]);
}

mod joining {
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::clusters::assignment::joining::{join, survivor};
    use crate::observations::ClusterId;

    /// Clusters of one observation each, at these hours, by the ids that they get.
    fn clusters(all: &[(i64, &str)]) -> (HashMap<ClusterId, Gathering>, Vec<ClusterId>) {
        let one = |(hour, text): &(i64, &str)| {
            let entities = vec![format!("project:{text}")];
            gathered(&[Observed { entities, ..observed(*hour, text) }], None)
        };
        let made: Vec<Gathering> = all.iter().map(one).collect();
        let ids = made.iter().map(|cluster| cluster.id.clone()).collect();
        (made.into_iter().map(|cluster| (cluster.id.clone(), cluster)).collect(), ids)
    }

    fn links(edge_type: &str) -> Links {
        let mut links = Links::default();
        links.add([edge_type]);
        links
    }

    #[test]
    fn a_certain_edge_joins_clusters_and_the_older_survives() {
        let (mut all, ids) = clusters(&[(5, "Retry the gateway"), (0, "Checkout times out"), (3, "Softer colours")]);
        let tied =
            [(ids[0].clone(), ids[1].clone(), links("fixes")), (ids[0].clone(), ids[2].clone(), links("references"))];
        let joined = join(&mut all, &tied, &BTreeSet::new());
        assert_eq!(joined.len(), 1);
        assert_eq!((&joined[0].vanished, &joined[0].survivor), (&ids[0], &ids[1]));
        assert!(!joined[0].was_stored, "it was made in the same step");
        let whole = &all[&ids[1]];
        assert_eq!((whole.observations, whole.entities.len(), whole.actors[0].observations), (2, 2, 2));
        assert_eq!((all.len(), survivor(&joined, &ids[0])), (2, ids[1].clone()));
    }

    #[test]
    fn chains_end_at_one_survivor() {
        let (mut all, ids) = clusters(&[(2, "One"), (1, "Two"), (0, "Three")]);
        let tied = [
            (ids[0].clone(), ids[1].clone(), links("fixes")),
            (ids[0].clone(), ids[2].clone(), links("deploys")),
            (ids[1].clone(), ids[2].clone(), links("fixes")),
        ];
        let joined = join(&mut all, &tied, &BTreeSet::new());
        assert_eq!((joined.len(), all.len(), all[&ids[2]].observations), (2, 1, 3));
        assert!(ids.iter().all(|id| survivor(&joined, id) == ids[2]));
    }

    #[test]
    fn the_same_texts_and_names_join_clusters_and_person_and_time_do_not() {
        let (mut all, ids) = clusters(&[(0, "Checkout times out"), (1, "Softer colours")]);
        let touched: BTreeSet<ClusterId> = ids.into_iter().collect();
        assert!(join(&mut all, &[], &touched).is_empty());
        let (mut all, ids) = clusters(&[(0, "Checkout times out"), (90, "Checkout times out")]);
        let touched = BTreeSet::from([ids[1].clone()]);
        assert_eq!(join(&mut all, &[], &touched).len(), 1);
    }

    #[test]
    fn clusters_that_are_far_apart_stay_two() {
        let (mut all, ids) = clusters(&[(0, "Checkout times out"), (8 * 24, "Checkout times out")]);
        let tied = [(ids[0].clone(), ids[1].clone(), links("fixes"))];
        assert!(join(&mut all, &tied, &ids.into_iter().collect()).is_empty());
    }
}
