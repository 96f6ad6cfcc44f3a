//! What the command line says of a cluster.

use clap::{Args, ValueEnum};

/// What starts the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::reproduce) enum Launcher {
    /// Slurm, by arrays of jobs; this command ends once they are submitted.
    Slurm,
}

/// Options for a cluster.
#[derive(Args, Debug)]
#[command(next_help_heading = "On a cluster")]
pub(in crate::reproduce) struct Options {
    /// Hand the runs to a scheduler, in place of running them here. `--backend` has to be given, and `--jobs` is how many tasks run at a time
    /// (without it: as many as there is room for).
    #[arg(long, value_enum, requires = "backend")]
    pub(in crate::reproduce) launcher: Option<Launcher>,
    /// Runs that one task starts side by side; on one GPU they share it [default: 1].
    #[arg(long, value_name = "K", requires = "launcher", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) runs_per_task: Option<u16>,
    /// Processors of a task, shared out among its runs [default: as many as it has runs].
    #[arg(long, value_name = "N", requires = "launcher", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) cpus_per_task: Option<u16>,
    /// GPUs of a task; of several, each run gets one [default: 1, and 0 for a backend on the CPU].
    #[arg(long, value_name = "N", requires = "launcher")]
    pub(super) gpus_per_task: Option<u16>,
    /// The time limit of a task, as sbatch takes it [default: twice what earlier tasks on this backend took].
    #[arg(long, requires = "launcher")]
    pub(super) time: Option<String>,
    /// Anything else that sbatch is to be told, such as `--sbatch-arg=--partition=gpu`.
    #[arg(long = "sbatch-arg", value_name = "ARGUMENT", requires = "launcher", allow_hyphen_values = true)]
    pub(super) sbatch_args: Vec<String>,
    /// A line of a shell that a task begins with, such as `--setup "module load cuda"`.
    #[arg(long, value_name = "LINE", requires = "launcher")]
    pub(super) setup: Vec<String>,
    /// Say how far the runs are, by their records and the queue, and do nothing.
    #[arg(long, conflicts_with = "launcher")]
    pub(in crate::reproduce) status: bool,
}
