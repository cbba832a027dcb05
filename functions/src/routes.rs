//! Every endpoint and every trigger: the one table from which the template, the tests and the local server follow.

use crate::route::{Route, Trigger};
use crate::{
    bitdefender_get_check, bitdefender_get_checks, bitdefender_get_finding_changes, bitdefender_get_framework,
    bitdefender_get_frameworks, bitdefender_get_resource, bitdefender_get_resources, bitdefender_get_rule,
    bitdefender_get_rules, bitdefender_get_scan, bitdefender_get_scans, bitdefender_update_checks, create_key,
    datadog_get_finding, datadog_list_findings, datadog_mute_findings, datadog_mute_security_findings, decide_findings,
    fold_ledgers, get_docs, get_finding_history, get_job, get_openapi, get_related_resources, get_resource, get_rule,
    import_hub_events, import_resources, import_snapshots, infracast_accept_finding, infracast_get_compliance_summary,
    infracast_get_finding, infracast_get_remediation, infracast_get_terraform_patch, infracast_list_findings,
    infracast_list_scored_findings, infracast_resolve_finding, infracast_run_audit, infracast_stream_findings,
    list_accounts, list_changes, list_decisions, list_jobs, list_keys, list_resources, list_rules, record_expiries,
    record_resource, retire_rule, revoke_key, run_audits, run_decisions, securityhub_batch_import_findings,
    securityhub_batch_update_findings, securityhub_describe_hub, securityhub_get_finding_history,
    securityhub_get_findings, securityhub_list_enabled_products, set_account, set_rule, set_rule_params, set_terraform,
    start_audits, sweep_inventory, synchronise_hubs, tell_hubs, verify_ledgers,
};

/// Every endpoint. Order does not matter: literal segments win over parameters.
pub static ROUTES: &[&Route] = &[
    &bitdefender_get_check::ROUTE,
    &bitdefender_get_checks::ROUTE,
    &bitdefender_get_finding_changes::ROUTE,
    &bitdefender_get_framework::ROUTE,
    &bitdefender_get_frameworks::ROUTE,
    &bitdefender_get_resource::ROUTE,
    &bitdefender_get_resources::ROUTE,
    &bitdefender_get_rule::ROUTE,
    &bitdefender_get_rules::ROUTE,
    &bitdefender_get_scan::ROUTE,
    &bitdefender_get_scans::ROUTE,
    &bitdefender_update_checks::ROUTE,
    &create_key::ROUTE,
    &datadog_get_finding::ROUTE,
    &datadog_list_findings::ROUTE,
    &datadog_mute_findings::ROUTE,
    &datadog_mute_security_findings::ROUTE,
    &decide_findings::ROUTE,
    &get_docs::ROUTE,
    &get_finding_history::ROUTE,
    &get_job::ROUTE,
    &get_openapi::ROUTE,
    &get_related_resources::ROUTE,
    &get_resource::ROUTE,
    &get_rule::ROUTE,
    &import_resources::ROUTE,
    &import_snapshots::ROUTE,
    &infracast_accept_finding::ROUTE,
    &infracast_get_compliance_summary::ROUTE,
    &infracast_get_finding::ROUTE,
    &infracast_get_remediation::ROUTE,
    &infracast_get_terraform_patch::ROUTE,
    &infracast_list_findings::ROUTE,
    &infracast_list_scored_findings::ROUTE,
    &infracast_resolve_finding::ROUTE,
    &infracast_run_audit::ROUTE,
    &infracast_stream_findings::ROUTE,
    &list_accounts::ROUTE,
    &list_changes::ROUTE,
    &list_decisions::ROUTE,
    &list_jobs::ROUTE,
    &list_keys::ROUTE,
    &list_resources::ROUTE,
    &list_rules::ROUTE,
    &retire_rule::ROUTE,
    &revoke_key::ROUTE,
    &securityhub_batch_import_findings::ROUTE,
    &securityhub_batch_update_findings::ROUTE,
    &securityhub_describe_hub::ROUTE,
    &securityhub_get_finding_history::ROUTE,
    &securityhub_get_findings::ROUTE,
    &securityhub_list_enabled_products::ROUTE,
    &set_account::ROUTE,
    &set_rule::ROUTE,
    &set_rule_params::ROUTE,
    &set_terraform::ROUTE,
];

/// Every endpoint that needs a key.
pub fn keyed() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().filter(|route| route.needs_key())
}

/// Every function that events wake.
pub static TRIGGERS: &[&Trigger] = &[
    &fold_ledgers::TRIGGER,
    &import_hub_events::TRIGGER,
    &record_expiries::TRIGGER,
    &record_resource::TRIGGER,
    &run_audits::TRIGGER,
    &run_decisions::TRIGGER,
    &start_audits::TRIGGER,
    &sweep_inventory::TRIGGER,
    &synchronise_hubs::TRIGGER,
    &tell_hubs::TRIGGER,
    &verify_ledgers::TRIGGER,
];

#[cfg(test)]
mod tests {
    use super::{ROUTES, TRIGGERS};
    use crate::route::find;
    use lambda_http::http::Method;
    use std::collections::BTreeSet;

    /// CONTRACTS §1.1, and our own routes of DESIGN §7.
    #[test]
    fn every_path_finds_its_function() {
        let cases = [
            (Method::POST, "/findings", "securityhub-get-findings"),
            (Method::POST, "/findingHistory/get", "securityhub-get-finding-history"),
            (Method::POST, "/findings/import", "securityhub-batch-import-findings"),
            (Method::PATCH, "/findings/batchupdate", "securityhub-batch-update-findings"),
            (Method::GET, "/openapi.json", "get-openapi"),
            (Method::GET, "/docs", "get-docs"),
            (Method::GET, "/accounts", "securityhub-describe-hub"),
            (Method::GET, "/productSubscriptions", "securityhub-list-enabled-products"),
            (Method::POST, "/api/v1/tenants/acme/snapshots", "import-snapshots"),
            (Method::GET, "/api/v1/tenants/acme/keys", "list-keys"),
            (Method::POST, "/api/v1/tenants/acme/keys", "create-key"),
            (Method::DELETE, "/api/v1/tenants/acme/keys/ci", "revoke-key"),
            (Method::GET, "/api/v1/tenants/acme/accounts", "list-accounts"),
            (Method::PUT, "/api/v1/tenants/acme/accounts/123456789012", "set-account"),
            (Method::GET, "/api/v1/tenants/acme/jobs", "list-jobs"),
            (Method::GET, "/api/v1/tenants/acme/jobs/x", "get-job"),
            (Method::POST, "/api/v1/tenants/acme/findings/run", "infracast-run-audit"),
            (Method::PUT, "/api/v1/tenants/acme/resources", "import-resources"),
            (Method::GET, "/api/v1/tenants/acme/resources", "list-resources"),
            (Method::GET, "/api/v1/tenants/acme/resources/arn%3Aaws%3As3%3A%3A%3Ab", "get-resource"),
            (Method::GET, "/api/v1/tenants/acme/resources/x%2Fy/related", "get-related-resources"),
            (Method::GET, "/api/v1/tenants/acme/rules", "list-rules"),
            (Method::GET, "/api/v1/tenants/acme/rules/x.y", "get-rule"),
            (Method::PUT, "/api/v1/tenants/acme/rules/x.y", "set-rule"),
            (Method::DELETE, "/api/v1/tenants/acme/rules/x.y", "retire-rule"),
            (Method::PUT, "/api/v1/tenants/acme/rules/x.y/params", "set-rule-params"),
            (Method::PUT, "/api/v1/tenants/acme/terraform", "set-terraform"),
            (Method::GET, "/api/v1/tenants/acme/findings/x/remediation", "infracast-get-remediation"),
            (Method::GET, "/api/v1/tenants/acme/findings/x/terraform-patch", "infracast-get-terraform-patch"),
            (Method::GET, "/api/v2/posture_management/findings", "datadog-list-findings"),
            (Method::GET, "/api/v2/posture_management/findings/AQAAAYZzBl", "datadog-get-finding"),
            (Method::GET, "/api/v1/tenants/acme/findings", "infracast-list-findings"),
            (Method::GET, "/api/v1/tenants/acme/findings/scored", "infracast-list-scored-findings"),
            (Method::GET, "/api/v1/tenants/acme/findings/CIS-AWS-5.2-sg-0abc123", "infracast-get-finding"),
            (Method::GET, "/api/v1/tenants/acme/compliance/summary", "infracast-get-compliance-summary"),
            (Method::POST, "/api/v1/tenants/acme/findings/x/accept", "infracast-accept-finding"),
            (Method::POST, "/api/v1/tenants/acme/findings/x/resolve", "infracast-resolve-finding"),
            (Method::POST, "/api/v1/tenants/acme/findings/decisions", "decide-findings"),
            (Method::GET, "/api/v1/tenants/acme/audit-log", "list-decisions"),
            (Method::GET, "/api/v1/tenants/acme/changes", "list-changes"),
            (Method::GET, "/api/v1/tenants/acme/findings/x/history", "get-finding-history"),
            (Method::GET, "/api/v1/tenants/acme/findings/stream", "infracast-stream-findings"),
            (Method::PATCH, "/api/v2/posture_management/findings", "datadog-mute-findings"),
            (Method::PATCH, "/api/v2/security/findings/mute", "datadog-mute-security-findings"),
            (Method::POST, "/v1/cspm/vm/update", "bitdefender-update-checks"),
            (Method::GET, "/v1/cspm/checks/x", "bitdefender-get-check"),
            (Method::GET, "/v1/cspm/checks", "bitdefender-get-checks"),
            (Method::GET, "/v1/cspm/finding_changes", "bitdefender-get-finding-changes"),
            (Method::GET, "/v1/cspm/system_compliance/x", "bitdefender-get-framework"),
            (Method::GET, "/v1/cspm/system_compliance", "bitdefender-get-frameworks"),
            (Method::GET, "/v1/cspm/resources/x", "bitdefender-get-resource"),
            (Method::GET, "/v1/cspm/resources", "bitdefender-get-resources"),
            (Method::GET, "/v1/cspm/rules/x", "bitdefender-get-rule"),
            (Method::GET, "/v1/cspm/rules", "bitdefender-get-rules"),
            (Method::GET, "/v1/setting/scans/x", "bitdefender-get-scan"),
            (Method::GET, "/v1/setting/scans", "bitdefender-get-scans"),
        ];
        assert_eq!(cases.len(), ROUTES.len(), "list the new route here");
        for (method, path, function) in cases {
            assert_eq!(find(ROUTES, &method, path).map(|(route, _)| route.function), Some(function), "{method} {path}");
        }
    }

    /// CONTRACTS 3.4: a prefix under which the official client's shape answers.
    #[test]
    fn further_paths_find_their_function() {
        for (path, function) in [
            ("/datadog/api/v2/posture_management/findings", "datadog-list-findings"),
            ("/datadog/api/v2/posture_management/findings/x", "datadog-get-finding"),
        ] {
            assert_eq!(find(ROUTES, &Method::GET, path).map(|(route, _)| route.function), Some(function), "{path}");
        }
    }

    /// CONTRACTS §7: not served.
    #[test]
    fn what_is_not_served_has_no_route() {
        for (method, path) in [(Method::PATCH, "/findings"), (Method::POST, "/findingsv2"), (Method::GET, "/findings")]
        {
            assert!(find(ROUTES, &method, path).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn names_and_addresses_are_unique() {
        let names = ROUTES.iter().map(|route| route.function).chain(TRIGGERS.iter().map(|trigger| trigger.function));
        let unique: BTreeSet<&str> = names.collect();
        assert_eq!(unique.len(), ROUTES.len() + TRIGGERS.len());
        let addresses = ROUTES.iter().flat_map(|route| route.paths().map(|path| (route.method.as_str(), path)));
        let addresses: Vec<(&str, &str)> = addresses.collect();
        assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len(), "{addresses:?}");
    }

    /// A gateway hands parameters over by name, whichever of the paths was asked for.
    #[test]
    fn every_path_of_a_route_has_its_parameters() {
        let parameters = |path: &'static str| path.split('/').filter(|segment| segment.starts_with('{'));
        for route in ROUTES {
            for path in route.paths() {
                assert!(parameters(path).eq(parameters(route.path)), "{path}");
            }
        }
    }
}
