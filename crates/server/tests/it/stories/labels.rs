//! The marks of a reader in the observations of the stories and of the captured deliveries.

/// The end of the source id, the category, the band of significance (low, middle, high) and the entities.
pub(super) type Label = (&'static str, &'static str, char, &'static str);

const STORY_1: &[Label] = &[
    (
        "evt_pinecone_dim_001",
        "bug_fix",
        'm',
        "d:api/console/src/inngest/workflow/neural/observation-capture.ts|d:packages/console-pinecone/src/client.ts|\
         d:generateAndUpsertEmbeddings|d:upsertVectors",
    ),
    (
        "sentry-issue:5012847391:created",
        "bug_fix",
        'm',
        "p:NEURAL-847|p:lightfast-console|d:api/console/src/inngest/workflow/neural/observation-capture.ts|\
         d:generateAndUpsertEmbeddings",
    ),
    (
        "high-error-volume---neural-pipeline",
        "incident",
        'h',
        "d:api/console/src/inngest/workflow/neural/observation-capture.ts",
    ),
    ("metric_alert_obs_capture_001:triggered:1770000003", "incident", 'h', ""),
    ("linear-issue:issue_lf_412:created", "incident", 'h', LF_412),
    (
        "linear-comment:comment_lf_412_001:created",
        "incident",
        'm',
        "p:LF-412|d:observation-capture.ts|r:branch:fix/neural-embedding-dimension-validation|s:Pinecone|s:Cohere",
    ),
    (
        "#361:opened",
        "bug_fix",
        'h',
        "p:#361|p:NEURAL-847|p:LF-412|e:@jeevanpillay|d:observation-capture.ts|\
         d:packages/console-pinecone/src/client.ts|d:generateAndUpsertEmbeddings|d:upsertVectors|s:Pinecone|s:Cohere",
    ),
    ("issue_lf_412:updated:2026-02-04T10:30:00Z", "incident", 'h', LF_412),
    ("#362:opened", "bug_fix", 'm', PR_362),
    ("#362:merged", "bug_fix", 'h', PR_362_MERGED),
    (
        "c9d8e7f6a5b43210:a8f3c2d91e4b5678",
        "bug_fix",
        'm',
        "p:#362|r:a8f3c2d|r:branch:main|r:branch:fix/neural-embedding-dimension-validation|s:Pinecone",
    ),
    ("dpl_neural_fix_362:deployment.created", "deployment", 'l', DEPLOYMENT_362),
    ("dpl_neural_fix_362:deployment.succeeded", "deployment", 'm', DEPLOYMENT_362),
    (
        "sentry-issue:5012847391:resolved:1770000013:2026-02-04T12:30:00Z:user_jeevan_sentry",
        "bug_fix",
        'm',
        "p:NEURAL-847|p:lightfast-console|e:@jp@lightfast.ai|r:a8f3c2d|\
         d:api/console/src/inngest/workflow/neural/observation-capture.ts|d:generateAndUpsertEmbeddings",
    ),
    (
        "issue_lf_412:updated:2026-02-04T12:45:00Z",
        "incident",
        'h',
        "p:LF-412|p:NEURAL-847|p:#362|p:Neural Memory v1|r:Sprint 4|r:LF|e:@jp@lightfast.ai|r:a8f3c2d|\
         r:branch:fix/neural-embedding-dimension-validation|s:Pinecone|s:Cohere",
    ),
    (
        "#361:closed:2026-02-04T12:50:00Z",
        "bug_fix",
        'm',
        "p:#361|p:#362|p:NEURAL-847|p:LF-412|e:@jeevanpillay|d:observation-capture.ts|\
         d:packages/console-pinecone/src/client.ts|d:generateAndUpsertEmbeddings|d:upsertVectors|s:Pinecone|s:Cohere",
    ),
    ("linear-comment:comment_lf_412_002:created", "incident", 'm', "p:LF-412|p:#361|p:#362|p:NEURAL-847|s:Pinecone"),
    ("update_neural_memory_incident:created", "incident", 'm', "p:Neural Memory v1|p:#362|s:Pinecone|s:Cohere"),
];
const LF_412: &str = "p:LF-412|p:NEURAL-847|p:Neural Memory v1|r:Sprint 4|r:LF|e:@jp@lightfast.ai|\
    r:branch:fix/neural-embedding-dimension-validation|d:observation-capture.ts|d:generateAndUpsertEmbeddings|\
    s:Pinecone|s:Cohere";
const PR_362: &str = "p:#362|p:#361|p:LF-412|p:NEURAL-847|r:branch:fix/neural-embedding-dimension-validation|\
    r:b7e4d1f|d:observation-capture.ts|d:validateEmbeddingDimensions|d:getIndexDimension|\
    d:pineconeClient.upsertVectors|d:@repo/console-pinecone|s:Pinecone|s:Cohere";
const PR_362_MERGED: &str = "p:#362|p:#361|p:LF-412|p:NEURAL-847|r:branch:fix/neural-embedding-dimension-validation|\
    r:b7e4d1f|r:a8f3c2d|d:observation-capture.ts|d:validateEmbeddingDimensions|d:getIndexDimension|\
    d:pineconeClient.upsertVectors|d:@repo/console-pinecone|s:Pinecone|s:Cohere";
const DEPLOYMENT_362: &str = "p:#362|p:lightfast-console|r:dpl_neural_fix_362|r:a8f3c2d|r:branch:main|\
    r:branch:fix/neural-embedding-dimension-validation|s:Pinecone";

const STORY_2: &[Label] = &[
    (":f1a2b3c4d5e6f7a8", "feature", 'l', "r:branch:feat/search-answer-workspace-rework|r:f1a2b3c"),
    (":f2b3c4d5e6f7a8b9", "feature", 'l', "r:branch:feat/search-answer-workspace-rework|r:f2b3c4d"),
    (
        "#352:opened",
        "feature",
        'm',
        "p:#352|r:branch:feat/search-answer-workspace-rework|r:f2b3c4d|d:relationship-graph.ts|\
         d:linear-relationship.ts|d:sentry-relationship.ts",
    ),
    (
        "#352:merged",
        "feature",
        'h',
        "p:#352|r:branch:feat/search-answer-workspace-rework|r:f2b3c4d|r:d1e2f3a|d:relationship-graph.ts|\
         d:linear-relationship.ts|d:sentry-relationship.ts",
    ),
    (":f3c4d5e6f7a8b9c0", "feature", 'l', "r:branch:feat/search-answer-workspace-rework|r:f3c4d5e"),
    (":f4d5e6f7a8b9c0d1", "refactor", 'l', "r:branch:feat/search-answer-workspace-rework|r:f4d5e6f"),
    (":f5e6f7a8b9c0d1e2", "feature", 'l', "r:branch:feat/search-answer-workspace-rework|r:f5e6f7a"),
    (
        "dpl_sb2_preview_353:deployment.created",
        "deployment",
        'l',
        "p:lightfast-console|r:dpl_sb2_preview_353|r:f5e6f7a|r:branch:feat/search-answer-workspace-rework",
    ),
    (
        "dpl_sb2_preview_353:deployment.succeeded",
        "deployment",
        'l',
        "p:lightfast-console|r:dpl_sb2_preview_353|r:f5e6f7a|r:branch:feat/search-answer-workspace-rework",
    ),
    (":f6f7a8b9c0d1e2f3", "feature", 'l', "r:branch:feat/search-answer-workspace-rework|r:f6f7a8b"),
    ("evt_sb2_err_001", "bug_fix", 'm', "d:packages/console-search/src/answer/answer-runtime.ts|d:executeAnswerQuery"),
    (
        "sentry-issue:5001:created",
        "bug_fix",
        'm',
        "p:CONSOLE-291|p:lightfast-console|d:packages/console-search/src/answer/answer-runtime.ts|\
         d:executeAnswerQuery",
    ),
    ("error-rate-preview-environments", "incident", 'm', "d:packages/console-search/src/answer/answer-runtime.ts"),
    (
        "comment_sb2_sentry_ref:created",
        "bug_fix",
        'l',
        "p:LF-398|p:#353|p:CONSOLE-291|d:answer-runtime.ts|d:executeAnswerQuery",
    ),
    (":f7a8b9c0d1e2f3a4", "refactor", 'l', "r:branch:feat/search-answer-workspace-rework|r:f7a8b9c"),
    (":f8b9c0d1e2f3a4b5", "bug_fix", 'l', "r:branch:feat/search-answer-workspace-rework|r:f8b9c0d"),
    (
        "2026-02-06T11:30:00Z:501",
        "bug_fix",
        'm',
        "p:CONSOLE-291|p:lightfast-console|e:@jp@lightfast.ai|r:f8b9c0d|\
         d:packages/console-search/src/answer/answer-runtime.ts|d:executeAnswerQuery",
    ),
    ("#353:opened", "feature", 'm', "p:#353|p:#352|r:branch:feat/search-answer-workspace-rework|r:f8b9c0d"),
    ("#353:merged", "feature", 'h', "p:#353|p:#352|r:branch:feat/search-answer-workspace-rework|r:f8b9c0d|r:e2f3a4b"),
    ("dpl_sb2_prod_353:deployment.created", "deployment", 'l', DEPLOYMENT_353),
    ("dpl_sb2_prod_353:deployment.succeeded", "deployment", 'm', DEPLOYMENT_353),
    ("cycle_sprint_3:updated:2026-02-06T12:15:00Z", "other", 'l', "r:Sprint 3|r:LF"),
    (
        "issue_lf_398:updated:2026-02-06T12:20:00Z",
        "feature",
        'm',
        "p:LF-398|p:#353|p:CONSOLE-291|p:Neural Memory v1|r:Sprint 3|r:LF|e:@jp@lightfast.ai|\
         r:branch:feat/search-answer-workspace-rework",
    ),
    (
        "issue_lf_399:updated:2026-02-06T12:25:00Z",
        "refactor",
        'm',
        "p:LF-399|p:#352|p:Neural Memory v1|r:Sprint 3|r:LF|e:@jp@lightfast.ai|\
         r:branch:feat/search-answer-workspace-rework",
    ),
    ("update_search_answer_milestone:created", "feature", 'm', "p:Neural Memory v1|p:#352|p:#353|r:Sprint 3"),
];
const DEPLOYMENT_353: &str = "p:#353|p:lightfast-console|r:dpl_sb2_prod_353|r:e2f3a4b|r:branch:main|\
    r:branch:feat/search-answer-workspace-rework";

const STORY_4: &[Label] = &[
    (
        "evt_search_001:test:",
        "bug_fix",
        'm',
        "d:apps/console/src/components/search-form.tsx|d:apps/console/src/hooks/useSearchFilters.ts|\
         d:parseNumberInput|d:handleFilterChange",
    ),
    (
        "sentry-issue:5023561001:created",
        "bug_fix",
        'm',
        "p:SEARCH-742|p:lightfast-console|d:apps/console/src/components/search-form.tsx|d:handleFilterChange",
    ),
    (
        "issue_lf_420:created",
        "bug_fix",
        'h',
        "p:LF-420|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-number-inputs|d:useSearchFilters|d:parseNumberInput",
    ),
    (
        "issue_lf_421:created",
        "bug_fix",
        'h',
        "p:LF-421|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-race-condition",
    ),
    (
        "issue_lf_422:created",
        "bug_fix",
        'h',
        "p:LF-422|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-filter-validation",
    ),
    (
        "issue_lf_423:created",
        "bug_fix",
        'h',
        "p:LF-423|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-history-pollution|d:handleFilterChange|d:router.push",
    ),
    (
        "issue_lf_424:created",
        "bug_fix",
        'h',
        "p:LF-424|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-state-sync",
    ),
    (
        "issue_lf_425:created",
        "bug_fix",
        'm',
        "p:LF-425|p:SEARCH-742|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/search-sentry-context",
    ),
    (
        "#355:opened",
        "bug_fix",
        'h',
        "p:#355|p:LF-420|p:LF-421|p:LF-422|p:LF-423|p:LF-424|p:LF-425|p:SEARCH-742|e:@jeevanpillay|\
         d:apps/console/src/components/search-form.tsx|d:apps/console/src/hooks/useSearchFilters.ts|\
         d:apps/console/src/lib/search-state.ts",
    ),
    ("#356:opened", "bug_fix", 'm', PR_356),
    ("#356:merged", "bug_fix", 'h', PR_356),
    ("c9d8e7f6a5b43210:7a914dbd", "bug_fix", 'm', "p:#356|r:7a914db|r:branch:main|r:branch:fix/search-form-bugs"),
    ("dpl_search_fix_356:deployment.created", "deployment", 'l', DEPLOYMENT_356),
    ("dpl_search_fix_356:deployment.succeeded", "deployment", 'm', DEPLOYMENT_356),
    (
        "2026-02-08T19:00:00Z:user_jeevan_sentry",
        "bug_fix",
        'm',
        "p:SEARCH-742|p:lightfast-console|e:@jp@lightfast.ai|r:7a914db|\
         d:apps/console/src/components/search-form.tsx|d:handleFilterChange",
    ),
    (
        "issue_lf_420:updated:2026-02-08T19:00:00Z",
        "bug_fix",
        'm',
        "p:LF-420|p:SEARCH-742|p:#356|p:Console UI v2|r:Sprint 5|r:LF|e:@jp@lightfast.ai|r:7a914db|\
         r:branch:fix/search-number-inputs|d:parseNumberInput",
    ),
    ("comment_lf_420_001:created", "incident", 'm', "p:LF-420|p:LF-425|p:SEARCH-742|p:#355|p:#356|r:7a914db"),
];
const PR_356: &str = "p:#356|p:#355|p:LF-420|p:LF-421|p:LF-422|p:LF-423|p:LF-424|p:LF-425|p:SEARCH-742|\
    r:branch:fix/search-form-bugs|r:7a914db|d:parseNumberInput";
const DEPLOYMENT_356: &str =
    "p:#356|p:lightfast-console|r:dpl_search_fix_356|r:7a914db|r:branch:main|r:branch:fix/search-form-bugs";

const STORY_6: &[Label] = &[
    ("#358:opened", "security", 'h', "p:#358|e:@jeevanpillay|s:prod-db-primary.internal"),
    (
        "issue_lf_428:created",
        "security",
        'h',
        "p:LF-428|p:Security|r:Sprint 5|r:LF|e:@jp@lightfast.ai|r:branch:fix/prevent-credential-leaks|\
         c:DB_CONNECTION_FAILED|c:credential_leak_risk|d:api/console/src/trpc/routers/org/workspace.ts|\
         d:packages/console-db/src/client.ts|d:packages/console-db/src/connection-validator.ts|d:sanitizeCredentials",
    ),
    (
        "comment_lf_428_001:created",
        "security",
        'm',
        "p:LF-428|c:DB_HOST|c:DB_PORT|c:DB_USER|c:DB_PASSWORD|c:DB_ERROR|c:DB_CONNECTION_FAILED|\
         c:credential_leak_risk|d:validateDbEnvironment|d:sanitizeCredentials",
    ),
    ("metric_alert_security_001:triggered:1770000003", "security", 'h', "c:credential_leak_risk"),
    (":2377a7b9", "security", 'm', "r:2377a7b|r:branch:fix/prevent-credential-leaks"),
    ("#359:opened", "security", 'h', PR_359),
    ("comment_lf_428_002:created", "security", 'm', "p:LF-428|p:#359|c:credential_leak_risk"),
    ("#359:merged", "security", 'h', PR_359_MERGED),
    (":3c8d9f4a7e2b1567", "security", 'm', "p:#359|r:3c8d9f4|r:branch:main|r:branch:fix/prevent-credential-leaks"),
    ("dpl_security_hardening_359:deployment.created", "deployment", 'l', DEPLOYMENT_359),
    ("dpl_security_hardening_359:deployment.succeeded", "deployment", 'm', DEPLOYMENT_359),
    (
        "issue_lf_428:updated:2026-02-08T15:00:00Z",
        "security",
        'm',
        "p:LF-428|p:#358|p:#359|p:Security|r:Sprint 5|r:LF|e:@jp@lightfast.ai|\
         r:branch:fix/prevent-credential-leaks|c:credential_leak_risk",
    ),
    ("#358:closed:2026-02-08T15:15:00Z", "security", 'm', "p:#358|p:#359|e:@jeevanpillay"),
];
const PR_359: &str = "p:#359|p:#358|p:LF-428|r:branch:fix/prevent-credential-leaks|r:2377a7b|c:DB_CONNECTION_FAILED|\
    c:credential_leak_risk|d:@repo/console-db/src/sanitize-credentials.ts|\
    d:@repo/console-db/src/validate-environment.ts|d:api/console/src/trpc/routers/org/workspace.ts|\
    d:packages/console-db/src/client.ts|d:api/console/src/__tests__/credential-leak.test.ts";
const PR_359_MERGED: &str = "p:#359|p:#358|p:LF-428|r:branch:fix/prevent-credential-leaks|r:2377a7b|r:3c8d9f4|\
    c:DB_CONNECTION_FAILED|c:credential_leak_risk|d:@repo/console-db/src/sanitize-credentials.ts|\
    d:@repo/console-db/src/validate-environment.ts|d:api/console/src/trpc/routers/org/workspace.ts|\
    d:packages/console-db/src/client.ts|d:api/console/src/__tests__/credential-leak.test.ts";
const DEPLOYMENT_359: &str = "p:#359|p:lightfast-console|r:dpl_security_hardening_359|r:3c8d9f4|r:branch:main|\
    r:branch:fix/prevent-credential-leaks";

/// The labels of each story.
pub(super) const STORIES: [(&str, &[Label]); 4] =
    [("story-1", STORY_1), ("story-2", STORY_2), ("story-4", STORY_4), ("story-6", STORY_6)];

/// Deliveries that were marked before the patterns were tried on them.
pub(super) const CAPTURED: &[Label] = &[
    ("installation:124664830:created:installation.created.json", "other", 'l', "p:redacted-org/redacted-repo"),
    (
        ":20c56310fb378b44432f66c909dd5273468bdc4f",
        "documentation",
        'l',
        "r:20c5631|r:branch:feat/desktop-pre-release-batch|p:#621|c:NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY|\
         c:VITE_LIGHTFAST_API_URL|d:apps/desktop/.env.development|d:apps/desktop/.vercel/.env.development.local|\
         d:.env.example|d:.vercel/.env.development.local",
    ),
    (
        "#620:opened",
        "refactor",
        'm',
        "p:#620|r:branch:refactor/core-cli-barebones-reset|r:aa53d42|\
         d:thoughts/shared/plans/2026-04-24-core-cli-barebones-reset.md|d:src/index.ts|d:src/env.ts|d:src/bin.ts|\
         d:tsup.config.ts|d:core/cli/turbo.json|d:.changeset/pre.json|d:ci-core.yml|d:verify-changeset.yml|\
         d:dist/bin.mjs|d:core/cli/dist/bin.mjs|d:@inquirer/select|d:@t3-oss/env-core|d:@lightfastai/cli|\
         d:@lightfastai/mcp|c:LIGHTFAST_API_URL|c:LIGHTFAST_API_KEY|x:/api/cli/*|x:/api/gateway/stream",
    ),
    (
        "dpl_2x5K8GQJSNmhgRSRf7b27rKgsU2h:deployment.succeeded",
        "deployment",
        'm',
        "r:dpl_2x5K8GQJSNmhgRSRf7b27rKgsU2h|r:9cd4478|r:branch:fix/coderabbit-config-nesting|p:#618|\
         p:lightfast-platform|d:schema.v2.json",
    ),
    (
        "dpl_ZvVTjyBCKBF8RmmaTpKDh1ra2SoH:deployment.error",
        "deployment",
        'h',
        "r:dpl_ZvVTjyBCKBF8RmmaTpKDh1ra2SoH|r:fe272f5|r:branch:entire/checkpoints/v1|p:lightfast-platform|r:ea6223a",
    ),
    ("#4:opened", "other", 'l', "p:#4"),
];
