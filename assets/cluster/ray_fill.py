#!/usr/bin/env python3
"""Fills the photos of a manifest on a Ray cluster.

  ray_fill.py JOBS.jsonl OUT [--workers N] [--cpus 2] [--gpus 0] [--program countenance] [-- options of `countenance fill`]

Needs ray, and the program, the photos and OUT under the same paths on every machine. Each worker is an actor that keeps one
`countenance fill --serve-stdin` with its model loaded. A worker that dies is started again, and its job is done again: the
program keeps a job whose output is there already. OUT/results.jsonl gets one line for each job; run the script again to go on.
"""

import argparse, json, os, subprocess, sys
from pathlib import Path
import ray


class Filler:
    """One program that fills photo after photo."""

    def __init__(self, program, out, options, cpus):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(max(1, int(cpus)))}
        command = [program, "fill", "--serve-stdin", "--out", out, *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )

    def fill(self, number, job):
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            # Ends the actor: Ray starts another one and does the job again.
            os._exit(1)
        return {**json.loads(answer), "job": number}


def jobs_of(path, done):
    """The jobs that are not done, each with its number and an id: the program numbers only its own input."""
    for number, line in enumerate(open(path), 1):
        if line.strip() and number not in done:
            job = json.loads(line)
            job.setdefault("id", f"{number:06}-{Path(job['photo']).stem}")
            yield number, job


def done_in(path):
    """Numbers of the jobs that an earlier run has done. An incomplete last line is removed."""
    if not path.exists():
        return set()
    text = path.read_text()
    complete = text[: text.rfind("\n") + 1]
    if complete != text:
        path.write_text(complete)
    results = [json.loads(line) for line in complete.splitlines()]
    return {result["job"] for result in results if result["status"] != "failed"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest")
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=0, help="0: as many as the cluster has room for")
    parser.add_argument("--cpus", type=float, default=2)
    parser.add_argument("--gpus", type=float, default=0)
    parser.add_argument("--program", default="countenance")
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    ray.init(log_to_driver=False)
    workers = options.workers or max(1, int(ray.cluster_resources().get("CPU", 1) // options.cpus))
    actor = ray.remote(num_cpus=options.cpus, num_gpus=options.gpus, max_restarts=-1, max_task_retries=-1)(Filler)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    jobs = jobs_of(options.manifest, done_in(results))
    start = lambda: actor.remote(options.program, str(options.out), arguments[split + 1 :], options.cpus)
    fillers = [start() for _ in range(workers)]
    running, counts = {}, {}
    with open(results, "a") as file:
        while True:
            # One job for each worker: the manifest may be of any length.
            for filler in fillers:
                if filler not in running.values() and (job := next(jobs, None)):
                    running[filler.fill.remote(*job)] = filler
            if not running:
                break
            for finished in ray.wait(list(running))[0]:
                del running[finished]
                result = ray.get(finished)
                counts[result["status"]] = counts.get(result["status"], 0) + 1
                file.write(json.dumps(result) + "\n")
                file.flush()
    print(json.dumps({"summary": counts}))
    sys.exit(1 if counts.get("failed") else 0)


main()
