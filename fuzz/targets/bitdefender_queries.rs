//! Queries of Bitdefender's routes, cursors among them: first line the route, then a query as a gateway hands it over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::{NOW, finding, masters};
use posture_shared::dialects::bitdefender::parameters::decoded;
use posture_shared::dialects::bitdefender::{finding_changes, get_check, get_checks, listing, resources, rules};
use posture_shared::domain::{Row, TenantId};
use posture_shared::seal::Seal;

fuzz_target!(|text: &str| {
    let (route, query) = text.split_once('\n').unwrap_or(("", text));
    let pairs = decoded(query);
    let tenant = TenantId::parse("acme").unwrap_or_else(|error| panic!("{error}"));
    let seal = Seal::new(&masters(), &tenant, "page");
    let page = match route {
        "checks" => get_checks::parse(&pairs, &seal).map(|request| {
            let finding = finding();
            request.filter.accepts(&finding, &Row::of(&finding, NOW), NOW);
            request.page
        }),
        "changes" => finding_changes::parse(&pairs, &seal, NOW, Some(90)).map(|request| {
            assert!(request.end(NOW).is_err() || request.from <= NOW);
            request.page
        }),
        "rules" => listing::parse(&rules::RULES, &pairs, &seal).map(|request| request.page),
        "resources" => listing::parse(&resources::RESOURCES, &pairs, &seal).map(|request| request.page),
        id => {
            let _ = get_check::parse(id, &pairs);
            return;
        }
    };
    let Ok(page) = page else { return };
    assert!(page.token.is_none() && (1..=1000).contains(&page.limit));
    // A link means what it was made from.
    let link = page.this("https://example.com");
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let again = listing::parse(page.endpoint, &decoded(query), &seal).unwrap_or_else(|error| panic!("{link}: {error}"));
    assert_eq!((again.page.fingerprint, again.page.limit), (page.fingerprint, page.limit), "{link}");
});
