#!/usr/bin/env bash
# Fills the photos of a manifest as a Slurm job array: each task does its share, and can be run again.
#
#   sbatch --array=1-100 slurm.sh JOBS.jsonl OUT [options of `countenance fill`, for every job]
#
# Two minutes before its time limit a task gets SIGTERM: it finishes the photo at hand, ends with status 3, and is queued
# again. A task on a node that fails is queued again, too. What is done is kept.
#SBATCH --job-name=countenance
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@120
set -uo pipefail

if [ $# -lt 2 ]; then
    echo 'usage: sbatch --array=1-N slurm.sh JOBS.jsonl OUT [options]' >&2
    exit 2
fi
jobs=$1 out=$2
shift 2
export RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-2}"
srun "${COUNTENANCE:-countenance}" fill --manifest "$jobs" --out "$out" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" "$@"
status=$?
if [ $status = 3 ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit $status
