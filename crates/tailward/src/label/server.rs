//! The server: routes to what the desk does.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use tailward_datasets::SampleId;
use tailward_datasets::folder::Previews;
use tailward_labelling::page::{Press, SCRIPT, STYLE, Said, shell};
use tailward_labelling::project::{PeopleTable, Secret};

use crate::error::words;

use super::admission::{ANSWERS, Admission, OURS};
use super::desk::{Desk, Fault};

/// The most bytes of a request.
const LONGEST: usize = 64 * 1024;

/// The longer side of an image on the page, in pixels.
const SIDE: u32 = 1280;

/// Everything that requests are answered from.
pub(super) struct Server {
    pub(super) admission: Admission,
    pub(super) desk: Mutex<Desk>,
    pub(super) people: Mutex<PeopleTable>,
    /// The secret of a link that works once, with whose it is.
    pub(super) once: Mutex<Option<(Secret, String)>>,
    /// The names of those who label now.
    pub(super) annotators: Vec<String>,
    /// The file of each image and its SHA-256.
    pub(super) images: Vec<(PathBuf, Option<String>)>,
    pub(super) previews: Previews,
}

/// Who sent a request.
#[derive(Clone, Debug)]
struct Annotator(String);

/// What is wrong with a request, in words for the page.
enum Wrong {
    /// It is not allowed, whoever sends it.
    Forbidden(&'static str),
    /// It is not known who sent it.
    Stranger,
    /// It cannot be done.
    Refused(String),
    /// It could not be done now.
    Failed(String),
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        match self {
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, why.to_owned()),
            Self::Stranger => {
                (StatusCode::UNAUTHORIZED, "open the link that `tailward label` shows".to_owned())
            }
            Self::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
            Self::Failed(why) => (StatusCode::INTERNAL_SERVER_ERROR, why),
        }
        .into_response()
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(why) => Self::Refused(why),
            Fault::Failed(error) => {
                let why = words(&error);
                tracing::error!("{why}");
                Self::Failed(why)
            }
        }
    }
}

/// The routes. What is behind a link is told apart from what everybody may see: a page without anything of the project.
pub(super) fn routes(server: Arc<Server>) -> Router {
    let of_people = Router::new()
        .route("/api/state", get(state))
        .route("/api/say", post(say))
        .route("/api/undo", post(undo))
        .route("/api/class", post(add_class))
        .route("/api/ask", post(ask))
        .route("/api/history", get(history))
        .route("/api/why/{sample}", get(why))
        .route("/api/grid", get(grid))
        .route("/api/resolve", get(resolve))
        .route("/image/{sample}", get(preview))
        .route("/image/{sample}/whole", get(whole))
        .layer(from_fn_with_state(server.clone(), known));
    Router::new()
        .route("/", get(async || typed("text/html; charset=utf-8", shell())))
        .route("/page.js", get(async || typed("text/javascript; charset=utf-8", SCRIPT)))
        .route("/page.css", get(async || typed("text/css; charset=utf-8", STYLE)))
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/enter", post(enter))
        .merge(of_people)
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(server.clone(), admitted))
        .with_state(server)
}

fn typed(media_type: &'static str, content: impl Into<axum::body::Body>) -> Response {
    let kind = HeaderValue::from_static(media_type);
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))], content.into())
        .into_response()
}

/// Lets in what the rules allow, and says with every answer what a browser may do with it.
async fn admitted(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let mut response = match server.admission.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => Wrong::Forbidden(why).into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in ANSWERS {
        headers.insert(name, value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets in browsers that came through a link.
async fn known(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    // A script of another origin could not send this header; an image has no script.
    let is_image = request.uri().path().starts_with("/image/");
    if !is_image && !request.headers().contains_key(OURS) {
        return Wrong::Forbidden("this was not sent by the labelling page").into_response();
    }
    match server.annotator(request.headers()) {
        Some(name) => {
            request.extensions_mut().insert(Annotator(name));
            next.run(request).await
        }
        None => Wrong::Stranger.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entrance {
    token: String,
}

async fn enter(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Json(entrance): Json<Entrance>,
) -> Result<Response, Wrong> {
    apart(move || {
        let token = Secret::brought(&entrance.token);
        let session = Secret::new().map_err(|error| Wrong::Failed(error.to_string()))?;
        let failed = |error: tailward_labelling::Error| Wrong::Failed(error.to_string());
        let mut people = locked(&server.people);
        let mut once = locked(&server.once);
        let name = match once.take_if(|(secret, _)| *secret == token) {
            Some((_, name)) => {
                people.begin(&name, &session).map_err(failed)?;
                Some(name)
            }
            None => people.enter(&token, &session).map_err(failed)?,
        };
        drop((people, once));
        match name {
            Some(name) if server.annotators.contains(&name) => {
                let cookie = server.admission.cookie(&session);
                Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
            }
            // The link of before, opened again in the browser that used it.
            _ if server.annotator(&headers).is_some() => Ok(StatusCode::NO_CONTENT.into_response()),
            _ => Err(Wrong::Stranger),
        }
    })
    .await
}

async fn state(server: State<Arc<Server>>, annotator: Extension<Annotator>) -> Result<Response, Wrong> {
    at_desk(server, annotator, |desk, annotator| desk.state(annotator)).await
}

async fn say(
    server: State<Arc<Server>>,
    annotator: Extension<Annotator>,
    Json(presses): Json<Vec<Press>>,
) -> Result<Response, Wrong> {
    at_desk(server, annotator, move |desk, annotator| desk.say(annotator, &presses)).await
}

async fn undo(
    server: State<Arc<Server>>,
    annotator: Extension<Annotator>,
    Json(said): Json<Said>,
) -> Result<Response, Wrong> {
    at_desk(server, annotator, move |desk, annotator| desk.undo(annotator, said)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClass {
    name: String,
}

async fn add_class(
    server: State<Arc<Server>>,
    annotator: Extension<Annotator>,
    Json(class): Json<NewClass>,
) -> Result<Response, Wrong> {
    at_desk(server, annotator, move |desk, annotator| desk.add_class(annotator, &class.name)).await
}

async fn ask(server: State<Arc<Server>>, annotator: Extension<Annotator>) -> Result<Response, Wrong> {
    at_desk(server, annotator, |desk, annotator| {
        desk.ask()?;
        desk.state(annotator)
    })
    .await
}

async fn history(server: State<Arc<Server>>, annotator: Extension<Annotator>) -> Result<Response, Wrong> {
    at_desk(server, annotator, |desk, annotator| Ok(desk.history(annotator))).await
}

#[derive(Serialize)]
struct Why {
    path: String,
    why: Option<String>,
}

async fn why(
    server: State<Arc<Server>>,
    annotator: Extension<Annotator>,
    Path(sample): Path<u32>,
) -> Result<Response, Wrong> {
    at_desk(server, annotator, move |desk, _| {
        let (path, why) = desk.why(SampleId(sample))?;
        Ok(Why { path, why })
    })
    .await
}

#[derive(Serialize)]
struct Group {
    class: u32,
    samples: Vec<SampleId>,
}

async fn grid(server: State<Arc<Server>>, annotator: Extension<Annotator>) -> Result<Response, Wrong> {
    at_desk(server, annotator, |desk, annotator| {
        let group = |(class, samples)| Group { class, samples };
        Ok(desk.grid(annotator)?.into_iter().map(group).collect::<Vec<_>>())
    })
    .await
}

async fn resolve(server: State<Arc<Server>>, annotator: Extension<Annotator>) -> Result<Response, Wrong> {
    at_desk(server, annotator, |desk, _| Ok(desk.questions()?)).await
}

async fn preview(server: State<Arc<Server>>, Path(sample): Path<usize>) -> Result<Response, Wrong> {
    image(server, sample, Some(SIDE)).await
}

async fn whole(server: State<Arc<Server>>, Path(sample): Path<usize>) -> Result<Response, Wrong> {
    image(server, sample, None).await
}

/// An image by its number, written anew. One whose file is another than it was is not shown: its label would be of something
/// else.
async fn image(
    State(server): State<Arc<Server>>,
    sample: usize,
    longest_side: Option<u32>,
) -> Result<Response, Wrong> {
    apart(move || {
        let found = server.images.get(sample);
        let (path, sha256) = found.ok_or_else(|| Wrong::Refused(format!("there is no image {sample}")))?;
        let preview = server.previews.of(path, longest_side);
        let preview = preview.map_err(|why| Wrong::Refused(format!("image {sample} {why}")))?;
        if sha256.as_ref() != Some(&preview.sha256) {
            return Err(Wrong::Refused(format!("image {sample} is another file than it was")));
        }
        let kind = HeaderValue::from_static(preview.media_type);
        let kept = HeaderValue::from_static("private, max-age=3600");
        Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, kept)], preview.bytes).into_response())
    })
    .await
}

/// Does something at the desk, alone, and gives what came of it.
async fn at_desk<T: Serialize + Send + 'static>(
    State(server): State<Arc<Server>>,
    Extension(Annotator(name)): Extension<Annotator>,
    act: impl FnOnce(&mut Desk, &str) -> Result<T, Fault> + Send + 'static,
) -> Result<Response, Wrong> {
    apart(move || Ok(Json(act(&mut locked(&server.desk), &name)?).into_response())).await
}

/// Does what waits for the disk or computes, beside the thread that talks to browsers.
async fn apart<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Wrong> + Send + 'static,
) -> Result<T, Wrong> {
    let done = tokio::task::spawn_blocking(act).await;
    done.unwrap_or_else(|_panic| Err(Wrong::Failed("something went wrong; this is a bug".to_owned())))
}

/// A panic while something was held has been said already; what is on the disk is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Whose browser it is, if it is one of those who label now.
    fn annotator(&self, headers: &HeaderMap) -> Option<String> {
        let session = self.admission.session(headers)?;
        locked(&self.people).of_session(&session).filter(|name| self.annotators.contains(name))
    }
}
