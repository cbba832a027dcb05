//! `GET /docs`: one page that holds everything it shows (DESIGN §5).

use crate::house::House;
use lambda_http::{Body, Request, RequestExt};
use posture_functions::get_docs::ROUTE;

#[tokio::test]
async fn it_needs_no_key_and_no_other_host() {
    let house = House::new().await;
    let request: Request = Request::new(Body::Empty).with_raw_http_path("/docs");
    let response = house.app.answer(&ROUTE, request).await;
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(header("content-security-policy").starts_with("default-src 'none'; "));
    let Body::Text(page) = response.body() else { panic!("a page is text") };
    assert!(page.contains("/v1/cspm/checks") && page.contains("bitdefender-get-checks"));
    for outside in ["src=\"", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
