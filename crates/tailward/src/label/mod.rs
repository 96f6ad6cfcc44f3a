//! `tailward label`: a page in the browser, on this computer or for several people, where images are labelled.

mod admission;
mod arguments;
mod desk;
mod links;
mod server;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tailward_datasets::folder::Previews;
use tailward_labelling::Patience;
use tailward_labelling::project::{CACHE_FOLDER, PeopleTable, Project};
use tokio::net::TcpListener;

use crate::Error;
use crate::output::{self, say};
use admission::{Admission, with_port};
use desk::Desk;
use links::links;
use server::{Server, routes};

use arguments::ALONE;
pub(crate) use arguments::Arguments;

/// The file that the port of the last time is in: a page that is still open finds the server again.
const PORT_FILE: &str = "page-port";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let is_open = arguments.listen.is_some_and(|address| !address.ip().is_loopback());
    if is_open && arguments.annotators.is_empty() {
        let words = "others would reach the page without a name; say who labels with --annotator NAME";
        return Err(Error::Usage(words.to_owned()).into());
    }
    let twice = (1..arguments.annotators.len())
        .find(|&place| arguments.annotators[..place].contains(&arguments.annotators[place]));
    if let Some(place) = twice {
        let words =
            format!("--annotator {} is given twice; two people need two names", arguments.annotators[place]);
        return Err(Error::Usage(words).into());
    }
    let project = Project::open(&arguments.project, Patience::Refuse).map_err(Error::from)?;
    let mut people = PeopleTable::open(&project.folder.join(PeopleTable::FILE)).map_err(Error::from)?;
    let annotators = match arguments.annotators.is_empty() {
        true => vec![ALONE.to_owned()],
        false => arguments.annotators.clone(),
    };
    let folder = project.settings.images_in(&project.folder);
    let image = |row: &tailward_labelling::project::ImageRow| {
        (folder.join(row.relative_path().unwrap_or_default()), row.sha256.clone())
    };
    let images = project.images.rows().iter().map(image).collect();
    let previews = Previews::new(project.settings.limits.into());
    let port_file = project.folder.join(CACHE_FOLDER).join(PORT_FILE);
    let batch = arguments.batch.map(|batch| batch as usize);
    let desk = Desk::open(project, annotators.clone(), arguments.overlap, batch)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = listen(arguments.listen, &port_file).await?;
        let address = listener.local_addr()?;
        let names = names(address, &arguments.hosts)?;
        let base = format!("http://{}", names.first().map_or_else(|| address.to_string(), |name| with_port(name, address.port())));
        let (links, once) = links(&mut people, arguments, &base)?;
        output::write(None, links.as_bytes())?;
        say(format_args!("open the link in a browser; every answer is on the disk before the page says \"saved\", and ctrl+C ends the server"));
        if is_open {
            say(format_args!(
                "what is sent can be read by others on the way, links and images too; put an SSH tunnel or a proxy with TLS before it where that matters"
            ));
        }
        let server = Server {
            admission: Admission::new(address.port(), &names),
            desk: Mutex::new(desk),
            people: Mutex::new(people),
            once: Mutex::new(once),
            annotators,
            images,
            previews,
        };
        axum::serve(listener, routes(Arc::new(server))).await?;
        Ok(())
    })
}

/// Listens where it was said; otherwise on this computer alone, at the port of the last time if it is free.
async fn listen(wanted: Option<SocketAddr>, port_file: &Path) -> anyhow::Result<TcpListener> {
    let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let bind = async |address: SocketAddr| {
        let failed = |error: std::io::Error| Error::Usage(format!("cannot listen at {address}: {error}"));
        TcpListener::bind(address).await.map_err(failed)
    };
    let listener = match wanted {
        Some(address) => bind(address).await?,
        None => {
            let before = std::fs::read_to_string(port_file).ok().and_then(|text| text.trim().parse().ok());
            match TcpListener::bind(local(before.unwrap_or(0))).await {
                Ok(listener) => listener,
                Err(_taken) => bind(local(0)).await?,
            }
        }
    };
    // It is a courtesy to pages that are still open.
    if let Err(error) = std::fs::write(port_file, listener.local_addr()?.port().to_string()) {
        tracing::debug!("{}: {error}", port_file.display());
    }
    Ok(listener)
}

/// The names by which others reach the server, the best first; none where nobody else does.
fn names(address: SocketAddr, hosts: &[String]) -> Result<Vec<String>, Error> {
    let mut names = hosts.to_vec();
    if address.ip().is_unspecified() {
        match own_address() {
            Some(own) => names.push(at_ip(own)),
            None if hosts.is_empty() => {
                let words =
                    "it is not known by which address others reach this computer; name it with --host NAME";
                return Err(Error::Usage(words.to_owned()));
            }
            None => {}
        }
    } else if !address.ip().is_loopback() {
        names.push(at_ip(address.ip()));
    }
    Ok(names)
}

/// The address that this computer would send from; nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation (RFC 5737), which belongs to nobody.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

fn at_ip(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
