//! Jobs of a manifest, the job array for Slurm with a stub of `srun`, and the driver for Ray.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::{countenance, folder_with_photo, tiny_model};

/// A folder with a photo, a mask, and a manifest of three jobs.
fn folder_with_jobs() -> tempfile::TempDir {
    let folder = folder_with_photo();
    let jobs =
        [3, 4, 5].map(|seed| format!("{{\"photo\": \"photo.png\", \"mask\": \"mask.png\", \"seed\": {seed}}}\n"));
    fs::write(folder.path().join("jobs.jsonl"), jobs.concat()).unwrap();
    folder
}

/// Options for every job, on the CPU.
fn options(steps: &str) -> Vec<String> {
    let model = tiny_model().display().to_string();
    ["--face", "none", "--device", "cpu", "--steps", steps, "--model", &model].map(str::to_string).to_vec()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_string()
}

#[test]
fn a_manifest_goes_on_where_it_was() {
    let folder = folder_with_jobs();
    let run = || {
        let mut command = countenance();
        command.current_dir(folder.path()).args(["fill", "--manifest", "jobs.jsonl", "--out", "out"]);
        command.args(options("5")).output().unwrap()
    };
    let first = run();
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(last_line(&first), r#"{"summary":{"done":3,"failed":0,"kept":0,"stopped":false}}"#);
    fs::remove_file(folder.path().join("out/000002-photo.png")).unwrap();
    assert_eq!(last_line(&run()), r#"{"summary":{"done":1,"failed":0,"kept":2,"stopped":false}}"#);
    let outputs = ["000001-photo.png", "000002-photo.png", "000003-photo.png", "results.jsonl"];
    assert_eq!(names(&folder.path().join("out")), outputs);
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs one task of the job array.
fn run_task(folder: &Path, task: u32, program: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/cluster/slurm.sh");
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.current_dir(folder).arg(script).args(["jobs.jsonl", "out"]).args(options("5"));
    command.env("PATH", path).env("COUNTENANCE", program).env("SLURM_ARRAY_JOB_ID", "77");
    command.env("SLURM_ARRAY_TASK_ID", task.to_string()).env("SLURM_ARRAY_TASK_COUNT", "2").output().unwrap()
}

#[test]
fn a_slurm_array_does_every_job() {
    let folder = folder_with_jobs();
    fs::create_dir(folder.path().join("bin")).unwrap();
    write_program(&folder.path().join("bin/srun"), "#!/bin/sh\nexec \"$@\"\n");
    for task in [1, 2] {
        let output = run_task(folder.path(), task, env!("CARGO_BIN_EXE_countenance"));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let outputs =
        ["000001-photo.png", "000002-photo.png", "000003-photo.png", "results-1-of-2.jsonl", "results-2-of-2.jsonl"];
    assert_eq!(names(&folder.path().join("out")), outputs);
}

#[test]
fn a_stopped_slurm_task_is_queued_again() {
    let folder = folder_with_jobs();
    fs::create_dir(folder.path().join("bin")).unwrap();
    write_program(&folder.path().join("bin/srun"), "#!/bin/sh\nexec \"$@\"\n");
    write_program(&folder.path().join("bin/scontrol"), "#!/bin/sh\necho \"$@\" > requeued\n");
    write_program(&folder.path().join("stopped"), "#!/bin/sh\nexit 3\n");
    let output = run_task(folder.path(), 2, "./stopped");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(fs::read_to_string(folder.path().join("requeued")).unwrap(), "requeue 77_2\n");
}

/// Ends one of the programs of the cluster as soon as some jobs are done. Their process ids are the lines of `programs`.
fn kill_a_program(folder: &Path, cluster: &mut Child) {
    let lines = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    while cluster.try_wait().unwrap().is_none() {
        let programs = lines("programs");
        if programs.lines().count() == 2 && lines("out/results.jsonl").lines().count() >= 4 {
            let killed = Command::new("kill").args(["-9", programs.lines().next().unwrap()]).status().unwrap();
            return assert!(killed.success());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[ignore = "needs Ray: pip install ray"]
fn a_ray_cluster_survives_a_killed_program() {
    let folder = folder_with_photo();
    let absolute = |name: &str| folder.path().join(name).display().to_string();
    let job =
        |seed: u64| serde_json::json!({ "photo": absolute("photo.png"), "mask": absolute("mask.png"), "seed": seed });
    let jobs: Vec<String> = (0..24).map(|seed| format!("{}\n", job(seed))).collect();
    fs::write(folder.path().join("jobs.jsonl"), jobs.concat()).unwrap();
    let program =
        format!("#!/bin/sh\necho $$ >> {}\nexec {} \"$@\"\n", absolute("programs"), env!("CARGO_BIN_EXE_countenance"));
    write_program(&folder.path().join("program"), &program);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/cluster/ray_fill.py");
    let mut command = Command::new("python3");
    command.env_remove("RAY_ADDRESS").env("RAY_USAGE_STATS_ENABLED", "0").arg(script);
    command.args([absolute("jobs.jsonl"), absolute("out")]).args([
        "--workers",
        "2",
        "--cpus",
        "0.5",
        "--jobs",
        "2",
        "--program",
    ]);
    command.arg(absolute("program")).arg("--").args(options("400"));
    let mut cluster = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    kill_a_program(folder.path(), &mut cluster);
    let output = cluster.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));

    let text = fs::read_to_string(folder.path().join("out/results.jsonl")).unwrap();
    let results: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(results.iter().all(|result| result["status"] != "failed"), "{text}");
    let mut numbers: Vec<u64> = results.iter().map(|result| result["job"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=24).collect::<Vec<u64>>());
    assert_eq!(names(&folder.path().join("out")).len(), 24 + 1, "a picture for each job, and the results");
    let programs = fs::read_to_string(folder.path().join("programs")).unwrap();
    assert_eq!(programs.lines().count(), 3, "two programs, and one for that which was killed");
}
