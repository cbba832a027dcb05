//! OPTIONS needs no key on any path, and pages of other origins may read only what a setting lets them (DESIGN §5).

use crate::checkout::read;
use crate::house::House;
use crate::template::Template;
use lambda_http::http::{Method, Response};
use lambda_http::{Body, Request, RequestExt};
use posture_functions::cors::SENT;
use posture_functions::{App, ROUTES, Route};

const OURS: &str = "https://console.example.com";

fn request(method: &Method, path: &str, origin: &str) -> Request {
    let request = lambda_http::http::Request::builder().method(method.clone()).uri(path).header("origin", origin);
    request.body(Body::Empty).unwrap().with_raw_http_path(path)
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

/// A path that is one of the route's.
fn filled(route: &Route) -> String {
    route.path.replace(['{', '}'], "")
}

async fn app(origins: &[&str]) -> App {
    House::new().await.app.allowing(origins.iter().map(|origin| (*origin).to_owned()).collect())
}

#[tokio::test]
async fn every_path_answers_options_without_a_key() {
    let app = app(&[OURS]).await;
    for route in ROUTES {
        let path = filled(route);
        let request = || request(&Method::OPTIONS, &path, OURS);
        // The local server asks for the path, a function knows its route.
        for response in [app.answer_unknown(&path, &request()), app.answer(route, request()).await] {
            assert_eq!(response.status(), 204, "{path}");
            assert!(header(&response, "allow").unwrap().contains(route.method.as_str()), "{path}");
            assert!(header(&response, "access-control-allow-methods").unwrap().contains(route.method.as_str()));
            assert_eq!(header(&response, "access-control-allow-origin"), Some(OURS));
            assert_eq!(header(&response, "access-control-allow-headers"), Some(SENT));
        }
    }
    let keys = app.answer_unknown("/api/v1/tenants/a/keys", &request(&Method::OPTIONS, "/api/v1/tenants/a/keys", OURS));
    assert_eq!(header(&keys, "allow"), Some("GET,POST,OPTIONS"));
    assert_eq!(app.answer_unknown("/nothing", &request(&Method::OPTIONS, "/nothing", OURS)).status(), 404);
}

#[tokio::test]
async fn only_origins_that_are_named_may_read() {
    let route = ROUTES.iter().find(|route| route.function == "securityhub-describe-hub").unwrap();
    for (allowed, asks, may) in [
        (&[][..], OURS, false),
        (&[OURS], OURS, true),
        (&["https://a.example", OURS], OURS, true),
        (&[OURS], "https://console.example.com.evil.example", false),
        (&[OURS], "https://console.example.com:8443", false),
        (&[OURS], "http://console.example.com", false),
        (&[OURS], "null", false),
        (&[OURS], "", false),
    ] {
        let app = app(allowed).await;
        let get = request(&Method::GET, "/accounts", asks);
        let unknown = app.answer_unknown("/nothing", &request(&Method::GET, "/nothing", asks));
        let preflight = app.answer(route, request(&Method::OPTIONS, "/accounts", asks)).await;
        for response in [app.answer(route, get).await, unknown, preflight] {
            let origin = header(&response, "access-control-allow-origin");
            assert_eq!(origin, may.then_some(asks), "{allowed:?} {asks}");
            assert_eq!(header(&response, "access-control-expose-headers").is_some(), may, "{allowed:?} {asks}");
            assert_eq!(header(&response, "vary"), (!allowed.is_empty()).then_some("Origin"), "{allowed:?} {asks}");
            assert_eq!(header(&response, "access-control-allow-credentials"), None);
        }
    }
}

/// On AWS the gateway answers OPTIONS by itself: with the same headers.
#[test]
fn the_gateway_lets_pages_send_the_same() {
    let template = Template::parse(&read("template.yaml"));
    let cors = |name: &str| template.get(&format!("Resources/Api/Properties/Cors/{name}")).unwrap_or_default();
    assert_eq!(cors("AllowHeaders").trim_matches(['"', '\'']), SENT);
    assert_eq!(cors("AllowOrigin"), "!Sub \"'${AllowedOrigin}'\"");
    assert_eq!(template.get("Parameters/AllowedOrigin/Default"), Some("https://none.invalid"));
}
