//! `GET /qr-code`, as a telephone's camera reads it. The picture is painted here from its path and
//! read by a library that shares nothing with the one that wrote the code.

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::support::{Answer, World, assert_error, worlds};

impl World {
    async fn qr_code(&self, url: &str) -> Answer {
        let data: String = byte_serialize(url.as_bytes()).collect();
        self.get(&format!("/qr-code?data={data}")).await
    }
}

/// Side of the picture as it is published.
const PUBLISHED_SIDE: usize = 240;

/// The picture with `side` pixels per side: true where a pixel's middle is dark.
fn painted(svg: &str, side: usize) -> Vec<bool> {
    let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"240\" height=\"240\" \
                viewBox=\"0 0 240 240\"><svg width=\"240\" height=\"240\" viewBox=\"0 0 ";
    let rest = svg.strip_prefix(head).unwrap_or_else(|| panic!("{svg}"));
    let modules: usize = rest.split(' ').next().unwrap().parse().unwrap();
    let light = format!("<path fill=\"#fff\" d=\"M0 0h{modules}v{modules}H0z\"/>");
    let (_, rest) = rest.split_once(&light).unwrap_or_else(|| panic!("{svg}"));
    let path = rest.trim_end().strip_prefix("<path d=\"").unwrap();
    let path = path.strip_suffix("\"/></svg></svg>").unwrap();
    let mut dark = vec![false; modules * modules];
    // Rectangles, one module high: `M<x> <y>h<length>v1h-<length>z`.
    for rectangle in path.split('M').skip(1) {
        let (x, rest) = rectangle.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (length, rest) = rest.split_once('v').unwrap();
        assert_eq!(rest, format!("1h-{length}z"));
        let [x, y, length]: [usize; 3] = [x, y, length].map(|number| number.parse().unwrap());
        for column in x..x + length {
            dark[y * modules + column] = true;
        }
    }
    // The middle of pixel p lies in module (p + 1/2) · modules / side.
    let module = |pixel: usize| (2 * pixel + 1) * modules / (2 * side);
    let pixels = (0..side * side).map(|at| (at % side, at / side));
    pixels.map(|(x, y)| dark[module(y) * modules + module(x)]).collect()
}

/// The text that a reader finds in the picture.
fn read(svg: &str, side: usize) -> String {
    let pixels = painted(svg, side);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        if pixels[y * side + x] { 0 } else { 255 }
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code is in the picture");
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn a_reader_finds_the_url_in_the_picture() {
    for world in worlds().await {
        let payment = world.create(&crate::support::hosted_order()).await;
        let hosted = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let long = format!("https://bank.example/authorize?request={}", "aZ9-_.".repeat(60));
        for url in [
            hosted,
            "https://a.example",
            "https://shop.example/pay?cart=7&note=1%202+3%26#top",
            "paymentdemoapp://return/1",
            "https://b\u{fc}cher.example/\u{1f642}",
            &long,
        ] {
            let answer = world.qr_code(url).await;
            assert_eq!(answer.status, 200, "{url}: {}", answer.text());
            assert_eq!(answer.header("content-type"), "image/svg+xml");
            assert_eq!(read(&answer.text(), PUBLISHED_SIDE), url, "{}", world.name);
        }
    }
}

#[tokio::test]
async fn the_longest_url_can_be_read_and_a_longer_one_is_refused() {
    for world in worlds().await {
        let longest = format!("https://a.example/{}", "x".repeat(2_048 - 18));
        assert_eq!(longest.len(), 2_048);
        let answer = world.qr_code(&longest).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // Such a code is for a large screen.
        assert_eq!(read(&answer.text(), 4 * PUBLISHED_SIDE), longest);
        let message = "`data` should not be longer than 2048 bytes.";
        assert_error(
            &world.qr_code(&format!("{longest}x")).await,
            400,
            json!({ "message": message }),
        );
    }
}

#[tokio::test]
async fn what_is_no_encoded_url_is_refused_in_the_older_family() {
    for world in worlds().await {
        for (query, word) in [
            ("", "`data` is required"),
            ("?data=", "`data` is required"),
            ("?data=hello", "should be a URL"),
            ("?data=%2Frelative", "should be a URL"),
            ("?data=https%3A%2F%2F", "should be a URL"),
            ("?data=javascript%3Aalert(1)", "should not begin with javascript:"),
            ("?data=JavaScript%3Aalert(1)", "should not begin with javascript:"),
            ("?data=data%3Atext%2Fhtml%2Cx", "should not begin with data:"),
            ("?data=https://a.example/?b=1&c=2", "there is `c`"),
            ("?data=https://a.example/?b=1+2", "%2B for each +"),
            ("?data=https%3A%2F%2Fa.example%2F%0A", "control characters"),
        ] {
            let answer = world.get(&format!("/qr-code{query}")).await;
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(word), "{query}: {message}");
            assert_error(&answer, 400, json!({ "message": message }));
        }
        let text = [("token-json-error", "false")];
        let answer = world.send_unjudged(world.request("GET", "/qr-code", b"", &text)).await;
        assert_eq!(
            (answer.status, &*answer.text()),
            (400, "INVALID_ARGUMENT: `data` is required.")
        );
    }
}

#[tokio::test]
async fn a_code_needs_a_signature() {
    for world in worlds().await {
        let answer = world.page("/qr-code?data=https%3A%2F%2Fa.example").await;
        assert_eq!(answer.status, 401);
    }
}
