//! The app's files as a browser gets them: compressed at build, cached as long as they are true.

use std::fs;

use crate::world::{Answer, TestApp};

/// Big enough that a layer which compresses by itself would do so.
fn script(word: &str) -> String {
    format!("export const word = '{word}';\n").repeat(100)
}

async fn served() -> (TestApp, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("assets")).expect("a folder");
    for name in ["index.html", "sw.js", "manifest.webmanifest", "assets/index-abc.js", "assets/index-abc.css"] {
        fs::write(dir.path().join(name), script(name)).expect("a file");
        fs::write(dir.path().join(format!("{name}.br")), format!("br of {name}")).expect("a file");
        fs::write(dir.path().join(format!("{name}.gz")), format!("gz of {name}")).expect("a file");
    }
    let folder = dir.path().to_owned();
    (TestApp::with(move |config| config.http.pwa_dir = folder).await, dir)
}

fn encoding(answer: &Answer) -> (&str, &str) {
    assert_eq!((answer.status, answer.header("vary")), (200, Some("accept-encoding")), "{answer:?}");
    (answer.header("content-encoding").unwrap_or("none"), answer.text.as_str())
}

#[tokio::test]
async fn every_file_comes_as_it_was_compressed_at_build() {
    let (app, _dir) = served().await;
    for (path, name) in [
        ("/", "index.html"),
        ("/leads/0190aaaa-0000-7000-8000-000000000000", "index.html"),
        ("/sw.js", "sw.js"),
        ("/manifest.webmanifest", "manifest.webmanifest"),
        ("/assets/index-abc.js", "assets/index-abc.js"),
        ("/assets/index-abc.css", "assets/index-abc.css"),
    ] {
        let get = async |accepts: &str| app.anonymous().with_header("accept-encoding", accepts).get(path).await;
        assert_eq!(encoding(&get("gzip, deflate, br").await), ("br", format!("br of {name}").as_str()), "{path}");
        assert_eq!(encoding(&get("gzip").await), ("gzip", format!("gz of {name}").as_str()), "{path}");
        assert_eq!(encoding(&get("identity").await), ("none", script(name).as_str()), "{path}");
    }
}

#[tokio::test]
async fn what_has_its_hash_in_its_name_is_kept_forever_and_the_shell_is_asked_for_by_what_is_in_it() {
    let (app, dir) = served().await;
    let asset = app.anonymous().get("/assets/index-abc.js").await;
    assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(app.anonymous().get("/assets/gone-abc.js").await.status, 404, "a missing asset is no HTML");
    for path in ["/", "/sw.js", "/manifest.webmanifest"] {
        let first = app.anonymous().get(path).await;
        assert_eq!(first.header("cache-control"), Some("no-cache"), "{path}");
        assert_eq!(first.header("last-modified"), None, "{path}: two releases may share a time");
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = app.anonymous().with_header("if-none-match", &tag).get(path).await;
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some(tag.as_str())), "{path}");
        let packed = app.anonymous().with_header("accept-encoding", "br").get(path).await;
        assert_ne!(packed.header("etag"), Some(tag.as_str()), "{path}: another encoding is another thing");
    }
    let tag = app.anonymous().get("/").await.header("etag").expect("a tag").to_owned();
    let index = dir.path().join("index.html");
    let before = fs::metadata(&index).and_then(|known| known.modified()).expect("a time");
    fs::write(&index, script("a release")).expect("a file");
    fs::File::open(&index).and_then(|file| file.set_modified(before)).expect("the same time");
    let released = app.anonymous().with_header("if-none-match", &tag).get("/").await;
    assert_eq!((released.status, released.text), (200, script("a release")));
}

#[tokio::test]
async fn the_page_may_carry_what_the_build_put_into_it_and_nothing_else() {
    let (app, dir) = served().await;
    let policy = async |path: &str| {
        app.anonymous().get(path).await.header("content-security-policy").unwrap_or_default().to_owned()
    };
    assert!(!policy("/").await.contains("sha256"), "a build that put nothing into it");
    fs::write(dir.path().join("inline.json"), r#"{"script":"sha256-AAAA","style":"sha256-BBBB"}"#).expect("a file");
    // As the browser asks for it, and as the worker fetches it to keep it.
    for path in ["/", "/leads/0190aaaa-0000-7000-8000-000000000000", "/index.html"] {
        let policy = policy(path).await;
        assert!(policy.contains("script-src 'self' 'sha256-AAAA';"), "{path}: {policy}");
        assert!(policy.contains("style-src 'self' 'sha256-BBBB';"), "{path}: {policy}");
        assert!(
            policy.contains("default-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
    for path in ["/sw.js", "/assets/index-abc.js", "/api/session"] {
        assert!(!policy(path).await.contains("sha256"), "{path}");
    }
    fs::write(dir.path().join("inline.json"), r#"{"script":"x\n","style":"y"}"#).expect("a file");
    assert!(!policy("/").await.contains("'x"), "what is no header is left out");
}
