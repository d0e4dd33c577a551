#!/usr/bin/env python3
"""Fills the photos of a manifest on a Ray cluster.

  ray_fill.py JOBS.jsonl OUT [--workers N] [--cpus 2] [--gpus 0] [--jobs 1] [--program countenance] [-- options of `countenance fill`]

Needs ray, and the program, the photos and OUT under the same paths on every machine. Each worker is an actor that keeps one
`countenance fill --serve-stdin` with its model loaded, and gives it so many --jobs at once. A worker that dies is started again, and its jobs are done again: the
program keeps a job whose output is there already. OUT/results.jsonl gets one line for each job; run the script again to go on.
"""

import argparse, json, os, queue, subprocess, sys, threading
from pathlib import Path
import ray


class Filler:
    """One program that fills photo after photo."""

    def __init__(self, program, out, options, cpus, jobs):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(max(1, int(cpus)))}
        command = [program, "fill", "--serve-stdin", "--jobs", str(jobs), "--out", out, *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        self.lines, self.lock, self.waiting = 0, threading.Lock(), {}
        threading.Thread(target=self.read_answers, daemon=True).start()

    def read_answers(self):
        """Hands each answer to the job whose line it has."""
        for line in self.process.stdout:
            answer = json.loads(line)
            if "job" in answer:
                self.waiting.pop(answer["job"]).put(answer)
        # The program has died. Ends the actor: Ray starts another one and does the jobs again.
        os._exit(1)

    def fill(self, number, job):
        answer = queue.Queue()
        with self.lock:
            self.lines += 1
            self.waiting[self.lines] = answer
            try:
                self.process.stdin.write(json.dumps(job) + "\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                os._exit(1)
        return {**answer.get(), "job": number}


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
    parser.add_argument("--jobs", type=int, default=1, help="at once in each worker; more for a GPU")
    parser.add_argument("--program", default="countenance")
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    ray.init(log_to_driver=False)
    workers = options.workers or max(1, int(ray.cluster_resources().get("CPU", 1) // options.cpus))
    needs = {"num_cpus": options.cpus, "num_gpus": options.gpus, "max_concurrency": options.jobs}
    actor = ray.remote(max_restarts=-1, max_task_retries=-1, **needs)(Filler)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    jobs = jobs_of(options.manifest, done_in(results))
    start = lambda: actor.remote(options.program, str(options.out), arguments[split + 1 :], options.cpus, options.jobs)
    # Each worker as often as it takes a job.
    free = [filler for filler in [start() for _ in range(workers)] for _ in range(options.jobs)]
    running, counts = {}, {}
    with open(results, "a") as file:
        while True:
            # A few jobs at a time: the manifest may be of any length.
            while free and (job := next(jobs, None)):
                filler = free.pop()
                running[filler.fill.remote(*job)] = filler
            if not running:
                break
            for finished in ray.wait(list(running))[0]:
                free.append(running.pop(finished))
                result = ray.get(finished)
                counts[result["status"]] = counts.get(result["status"], 0) + 1
                file.write(json.dumps(result) + "\n")
                file.flush()
    print(json.dumps({"summary": counts}))
    sys.exit(1 if counts.get("failed") else 0)


main()
