use super::*;

fn rules(include: &[&str], exclude: &[&str]) -> PathRules {
    let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
    PathRules::new(&owned(include), &owned(exclude)).unwrap()
}

#[test]
fn a_star_stays_within_a_name_and_two_stars_do_not() {
    let rules = rules(&["docs/*.md", "guides/**/*.{md,mdx}", "README.md"], &[]);
    for path in ["docs/a.md", "guides/a.md", "guides/x/y/a.mdx", "README.md"] {
        assert!(rules.is_document(path), "{path}");
    }
    for path in ["docs/x/a.md", "guides/a.txt", "x/README.md", "docs", "a.md"] {
        assert!(!rules.is_document(path), "{path}");
    }
}

#[test]
fn built_and_hidden_files_are_no_documents() {
    let every = rules(&["**/*.md"], &[]);
    for path in ["node_modules/x/a.md", "a/dist/b.md", "build/a.md", ".github/a.md", "docs/.draft.md", ".git/a.md"] {
        assert!(!every.is_document(path), "{path}");
    }
    let named = rules(&[".github/**/*.md", "docs/.vitepress/*.md", "**/node_modules/**"], &[]);
    assert!(named.is_document(".github/x/a.md") && named.is_document("docs/.vitepress/a.md"));
    assert!(!named.is_document(".github/.hidden/a.md") && !named.is_document("node_modules/a.md"));
}

#[test]
fn an_excluded_directory_takes_all_below_it() {
    for exclude in ["docs/drafts", "docs/drafts/", "docs/drafts/**", "**/drafts"] {
        let rules = rules(&["docs/**/*.md"], &[exclude]);
        assert!(rules.is_document("docs/a.md"), "{exclude}");
        assert!(!rules.is_document("docs/drafts/x/a.md"), "{exclude}");
        assert!(!rules.may_hold_documents("docs/drafts") && !rules.may_hold_documents("docs/drafts/x"), "{exclude}");
    }
    let one = rules(&["docs/**/*.md"], &["docs/**/CHANGELOG.md"]);
    assert!(!one.is_document("docs/x/CHANGELOG.md") && one.is_document("docs/x/a.md"));
    assert!(one.may_hold_documents("docs/x"));
}

#[test]
fn only_directories_that_a_glob_can_match_below_are_planned() {
    let rules = rules(&["docs/**/*.md", "packages/*/README.md", "{apps/web,site}/*.md"], &[]);
    for directory in ["", "docs", "docs/x/y", "packages", "packages/core", "apps", "apps/web"] {
        assert!(rules.may_hold_documents(directory), "{directory}");
    }
    let simple = self::rules(&["docs/**/*.md", "packages/*/README.md"], &[]);
    for directory in ["src", "packages/core/src", "docs/node_modules", "docs/.cache", "documents"] {
        assert!(!simple.may_hold_documents(directory), "{directory}");
    }
    let hidden = self::rules(&[".github/**"], &[]);
    assert!(hidden.may_hold_documents(".github") && !hidden.may_hold_documents(".vscode"));
}

#[test]
fn a_directory_with_a_document_is_never_left_out() {
    let globs = ["docs/**/*.md", "**/README.md", "a/*/c/*.md", "{x,y/z}/**/*.md", "[ab]/**", ".github/*.md", "*.md"];
    let names = ["docs", "a", "b", "c", "x", "y", "z", ".github", "README.md", "n.md"];
    let mut paths = vec![String::new()];
    for _ in 0..4 {
        let longer = paths.iter().flat_map(|path| {
            names.iter().map(move |name| if path.is_empty() { (*name).to_owned() } else { format!("{path}/{name}") })
        });
        let longer: Vec<String> = longer.collect();
        paths = longer;
        for glob in globs {
            let rules = rules(&[glob], &["a/b/**"]);
            for path in paths.iter().filter(|path| rules.is_document(path)) {
                for (at, _) in path.match_indices('/') {
                    assert!(rules.may_hold_documents(&path[..at]), "{glob}: {} of {path}", &path[..at]);
                }
            }
        }
    }
}

#[test]
fn globs_out_of_bounds_are_refused() {
    let long = "a".repeat(GLOB_BYTES + 1);
    for glob in ["", " ", "/a", "C:/a", "a\\b", "../a", "a/./b", "!a", "a\nb", "[a", long.as_str()] {
        let refused = PathRules::new(&["x".to_owned()], &[glob.to_owned()]);
        assert!(matches!(refused, Err(RuleError::Exclude { at: 0, .. })), "{glob:?}: {refused:?}");
    }
    assert_eq!(PathRules::new(&[], &[]).unwrap_err(), RuleError::NoInclude);
    assert_eq!(PathRules::new(&vec!["a".to_owned(); GLOBS], &["b".to_owned()]).unwrap_err(), RuleError::TooMany);
}
