//! `GET /openapi.json`: to everyone, the same, with the address that the client has reached us by (DESIGN §5).

use crate::house::House;
use lambda_http::http::Method;
use posture_functions::ROUTES;
use serde_json::{Value, json};

#[tokio::test]
async fn it_needs_no_key_and_asks_no_store() {
    let house = House::new().await;
    house.meter.take();
    for token in ["nonsense", &house.acme.token] {
        let answer = house.ask(token, Method::GET, "/openapi.json", &Value::Null).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert_eq!(answer.body["openapi"], "3.1.0");
        assert_eq!(answer.body["servers"], json!([{"url": "http://localhost"}]));
        let paths: usize = ROUTES.iter().map(|route| route.paths().count()).sum();
        let described = answer.body["paths"].as_object().unwrap().values();
        assert_eq!(described.map(|methods| methods.as_object().unwrap().len()).sum::<usize>(), paths);
    }
    assert_eq!(house.meter.take().total(), 0);
}

#[tokio::test]
async fn other_methods_are_not_there() {
    let house = House::new().await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for path in ["/openapi.json", "/docs"] {
            assert_eq!(house.ask("x", method.clone(), path, &Value::Null).await.status, 404, "{method} {path}");
        }
    }
}
