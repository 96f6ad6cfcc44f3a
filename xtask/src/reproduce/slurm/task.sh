#!/usr/bin/env bash
# One task of a submission: some runs, side by side.
#
#   bash task.sh SUBMISSION FIRST [INDEX]
#
# starts the runs of task FIRST + INDEX of the folder SUBMISSION, waits for all of them and ends with the worst of their exit codes.
# Of Slurm it knows three variables and one command; any other engine gives INDEX. Told by USR1 that its time is over, it ends the
# runs and has itself queued again, as long as that gets anywhere: without Slurm it ends with 75 then, and is to be started again.
set -uo pipefail

over='' told='' worst=0 cut=0 pids=() numbers=() records=()
end_runs() { [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null; }
trap 'over=yes told=yes; end_runs' USR1
trap 'end_runs; wait; exit 143' TERM INT HUP

submission=$1 first=$2
array=${SLURM_ARRAY_JOB_ID:-} index=${SLURM_ARRAY_TASK_ID:-0} restart=${SLURM_RESTART_COUNT:-0}
# Who gives an index means it, also inside of a job.
if [ $# -gt 2 ]; then array='' index=$3; fi
task=$((first + index))
name=${array:+${array}_}$index
say() { echo "$(date -u +%FT%TZ) task $task: $*"; }
give_up() {
  say "$*"
  exit 1
}
cd "$submission" || give_up "there is no folder $submission"

cpus=1 limit=0
setup() { :; }
# shellcheck source=/dev/null
. ./settings.sh || give_up "$submission/settings.sh cannot be read"
[ -r "tasks/$task.sh" ] || { say "there is no such task in $submission"; exit 2; }

# What the runs' records hold beside their first lines: what is kept whatever happens.
start() { records+=("$2/record.jsonl"); }
# shellcheck source=/dev/null
. "tasks/$task.sh"
kept() { cat "${records[@]}" 2>/dev/null | grep -c '^{"line":"\(round\|query\|sweep\)"'; }
before=$(kept)

# Scripts that are not ours may look at variables that are not set.
set +u
setup || give_up "what --setup says failed"
set -u
cd "$submission" || give_up "there is no folder $submission any more"
IFS=, read -r -a devices <<<"${CUDA_VISIBLE_DEVICES:-}"
share=$((cpus / ${#records[@]}))
export RAYON_NUM_THREADS=$((share > 0 ? share : 1))
say "on $(hostname), job $name, restart $restart, $(./tailward --version), ${#records[@]} runs of $RAYON_NUM_THREADS threads, GPUs: ${CUDA_VISIBLE_DEVICES:-none}"
[ -z "${CUDA_VISIBLE_DEVICES:-}" ] || nvidia-smi --list-gpus 2>/dev/null || true

# A task that was given up may still be running when it is started again elsewhere: it has no say any more then.
mark="$(hostname) $$ $(date +%s%N)"
echo "$mark" >"state/task-$task.mark"
is_ours() { [ "$(cat "state/task-$task.mark" 2>/dev/null)" = "$mark" ]; }

keep() { if [ "$1" -gt "$worst" ]; then worst=$1; fi; }
start() { # NUMBER FOLDER ARGUMENTS…
  local number=$1 folder=$2 ended
  shift 2
  if [ -n "$over" ]; then
    cut=$((cut + 1))
    return
  fi
  ended=$(cat "state/run-$number.exit" 2>/dev/null)
  # Wrong input, values that are not finite, another run's folder: trying again changes nothing.
  case $ended in 3 | 4 | 5)
    say "run $number ended with $ended before and is not tried again: $folder/log.txt"
    keep "$ended"
    return
    ;;
  esac
  # Of several GPUs each run gets one.
  if [ "${#devices[@]}" -gt 1 ]; then
    export CUDA_VISIBLE_DEVICES=${devices[$((${#pids[@]} % ${#devices[@]}))]}
  fi
  ./tailward "$@" --job "$name" >>"$folder/log.txt" 2>&1 &
  pids+=($!) numbers+=("$number")
  [ -z "$over" ] || end_runs
}
# shellcheck source=/dev/null
. "tasks/$task.sh"

for place in "${!pids[@]}"; do
  # The signal ends the waiting, not the run; a run that was waited for is no child any more (127).
  code=
  while
    told=
    wait "${pids[$place]}"
    now=$?
    [ "$now" = 127 ] || code=$now
    [ -n "$told" ]
  do :; done
  code=${code:-127}
  if [ -n "$over" ] && [ "$code" = 143 ]; then
    cut=$((cut + 1))
    continue
  fi
  if is_ours; then echo "$code" >"state/run-${numbers[$place]}.exit"; fi
  say "run ${numbers[$place]} ended with $code"
  keep "$code"
done

if [ "$cut" -gt 0 ]; then
  # A warning long before the limit is one of preemption.
  if [ "$(kept)" -le "$before" ] && [ "$SECONDS" -ge $((limit / 2)) ]; then
    give_up "the time is over, and no record has grown since the start: the limit is below one round; submit again with a longer --time"
  fi
  say "the time is over: $cut runs go on when this task is started again"
  [ -n "$array" ] || exit 75
  # Who answers for the queue may be away for a moment.
  for pause in 2 5 10 20 0; do
    if scontrol requeue "${array}_$index"; then exit "$worst"; fi
    sleep "$pause"
  done
  give_up "it could not be queued again; the same command submits it"
fi
exit "$worst"
