//! A Slurm of one node that a test starts and ends: munged, slurmctld and slurmd of Debian's packages `munge`, `slurmctld`, `slurmd` and
//! `slurm-client`, without root, systemd or a database, all files in one folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::{IpAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Where it has to be tested: a machine that has no Slurm is a failure then.
const REQUIRED: &str = "TAILWARD_REQUIRE_SLURM";

/// Where Debian has the daemons, which is not on everybody's path.
const PLACES: &str = "/usr/sbin:/sbin";

/// A running Slurm.
pub(crate) struct LocalSlurm {
    /// In `/tmp`, for the path of a socket may not be long.
    folder: tempfile::TempDir,
    path: String,
    daemons: Vec<Child>,
}

impl LocalSlurm {
    /// Starts one whose node claims so many processors; nothing, with a message, where that cannot be.
    pub(crate) fn start(processors: usize) -> Option<Self> {
        match Self::try_start(processors) {
            Ok(slurm) => Some(slurm),
            Err(why) if std::env::var_os(REQUIRED).is_some() => panic!("{REQUIRED} is set, and {why}"),
            Err(why) => {
                // Written past the test harness, which keeps what passing tests print to itself.
                let _ = writeln!(std::io::stderr(), "skipped: {why}");
                None
            }
        }
    }

    fn try_start(processors: usize) -> Result<Self, String> {
        let path = format!("{}:{PLACES}", std::env::var("PATH").unwrap_or_default());
        for program in ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel"] {
            if !path.split(':').any(|folder| Path::new(folder).join(program).is_file()) {
                return Err(format!(
                    "{program} is not installed (Debian: munge slurmctld slurmd slurm-client)"
                ));
            }
        }
        let host = printed("hostname", &["-s"]);
        let addresses =
            (host.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        let Some(address) = addresses.iter().map(std::net::SocketAddr::ip).find(IpAddr::is_ipv4) else {
            return Err(format!(
                "the machine's name {host} has no address; add `127.0.0.1 {host}` to /etc/hosts"
            ));
        };
        let folder = tempfile::Builder::new().prefix("slurm-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["run", "log", "state", "spool"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut slurm = Self { folder, path, daemons: Vec::new() };
        slurm.configure(&host, address, processors);
        slurm.launch("munged", &["--foreground", "--force", "--num-threads=2"], |path| {
            ["key", "socket", "seed", "pid"]
                .map(|name| {
                    let option = if name == "socket" { name.to_owned() } else { format!("{name}-file") };
                    format!("--{option}={}", path.join("run").join(name).display())
                })
                .to_vec()
        });
        let socket = slurm.folder.path().join("run/socket").display().to_string();
        slurm.wait_for("munged", 10, || {
            let options = ["--no-input", "--socket", &socket];
            slurm.command("munge").args(options).output().is_ok_and(|output| output.status.success())
        });
        slurm.launch("slurmctld", &["-D", "-i"], |_| Vec::new());
        slurm.wait_for("slurmctld", 30, || slurm.output("scontrol", &["ping"]).status.success());
        slurm.launch("slurmd", &["-D"], |_| Vec::new());
        slurm.wait_for("slurmd", 30, || slurm.told("sinfo", &["--noheader", "--format=%T"]).contains("idle"));
        Ok(slurm)
    }

    fn configure(&self, host: &str, address: IpAddr, processors: usize) {
        let at = self.folder.path();
        let key: Vec<u8> = (0..64).flat_map(|_| random_bytes()).collect();
        fs::write(at.join("run/key"), key).unwrap();
        fs::set_permissions(at.join("run/key"), fs::Permissions::from_mode(0o600)).unwrap();
        // slurmd loads a plugin for control groups though nothing uses it, and releases before 23.02 know none that does nothing.
        let version = printed_with(&self.path, "slurmd", &["-V"]);
        let is_old = version.split_whitespace().last().is_some_and(|version| version < "23.02");
        let plugin = if is_old { "cgroup/v1" } else { "disabled" };
        fs::write(at.join("cgroup.conf"), format!("CgroupPlugin={plugin}\n")).unwrap();
        // GPUs that are none: they are counted and given out.
        fs::write(at.join("gres.conf"), "Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n").unwrap();
        let user = printed("id", &["-un"]);
        let [controller, node] = [(); 2].map(|()| free_port(address));
        let at = at.display();
        let configuration = format!(
            "ClusterName=test
SlurmctldHost={host}({address})
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={at}/run/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={at}/state
SlurmdSpoolDir={at}/spool
SlurmctldPidFile={at}/run/slurmctld
SlurmdPidFile={at}/run/slurmd
SlurmctldLogFile={at}/log/slurmctld
SlurmdLogFile={at}/log/slurmd
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# The node may claim more than the machine has.
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=3
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu
NodeName={host} NodeAddr={address} Port={node} CPUs={processors} Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES PriorityTier=1
PartitionName=urgent Nodes={host} PriorityTier=2
"
        );
        fs::write(self.configuration(), configuration).unwrap();
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    /// What commands need to find this Slurm and no other.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let configuration = self.configuration().display().to_string();
        BTreeMap::from([("SLURM_CONF".to_owned(), configuration), ("PATH".to_owned(), self.path.clone())])
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(find(&self.path, program));
        command.envs(self.environment());
        command
    }

    fn launch(&mut self, name: &str, options: &[&str], more: impl Fn(&Path) -> Vec<String>) {
        let log = File::create(self.folder.path().join("log").join(format!("{name}.out"))).unwrap();
        let mut command = self.command(name);
        command.args(options).args(more(self.folder.path()));
        // In a group of its own, so that what ends the test from a keyboard does not end it before its jobs.
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.daemons.push(command.spawn().unwrap());
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// What a command of Slurm's prints.
    pub(crate) fn told(&self, program: &str, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.output(program, arguments).stdout).into_owned()
    }

    /// Waits until something holds, for so many seconds at most.
    pub(crate) fn wait_for(&self, what: &str, seconds: u64, holds: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(seconds);
        while !holds() {
            if Instant::now() > until {
                let queue = self.told("squeue", &["--array"]);
                let logs =
                    ["munged.out", "slurmctld.out", "slurmctld", "slurmd"].map(|name| self.end_of_log(name));
                panic!("{what}: not within {seconds} s\n{queue}\n{}", logs.concat());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn end_of_log(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.path().join("log").join(name)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(8).collect();
        lines.into_iter().rev().fold(format!("--- {name}\n"), |text, line| format!("{text}{line}\n"))
    }

    /// Whether nothing is queued and nothing runs.
    pub(crate) fn is_empty(&self) -> bool {
        self.told("squeue", &["--noheader"]).trim().is_empty()
    }

    /// What runs a step: it outlives slurmd, and knows whose it is by its environment.
    fn steps(&self) -> Vec<String> {
        let ours = format!("SLURM_CONF={}", self.configuration().display());
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let is_ours = |process: &String| {
            let at = Path::new("/proc").join(process);
            fs::read_to_string(at.join("comm")).is_ok_and(|name| name.trim() == "slurmstepd")
                && fs::read(at.join("environ")).is_ok_and(|environment| {
                    environment.split(|&byte| byte == 0).any(|variable| variable == ours.as_bytes())
                })
        };
        processes.filter(is_ours).collect()
    }
}

impl Drop for LocalSlurm {
    fn drop(&mut self) {
        let _ = self.output("scancel", &["--user", &printed("id", &["-un"])]);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && !(self.is_empty() && self.steps().is_empty()) {
            std::thread::sleep(Duration::from_millis(200));
        }
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        for step in self.steps() {
            let _ = Command::new("kill").args(["-KILL", &step]).status();
        }
    }
}

/// Sixteen bytes that nobody guesses.
fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    bytes
}

/// A port that nothing listens on now.
fn free_port(address: IpAddr) -> u16 {
    TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port()
}

fn find(path: &str, program: &str) -> PathBuf {
    let places = path.split(':').map(|folder| Path::new(folder).join(program));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

fn printed(program: &str, arguments: &[&str]) -> String {
    printed_with(&std::env::var("PATH").unwrap_or_default(), program, arguments)
}

fn printed_with(path: &str, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(find(path, program)).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
