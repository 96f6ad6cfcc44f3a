#!/usr/bin/env bash
# One task of a submission: some runs, side by side.
#
#   bash task.sh SUBMISSION FIRST [INDEX]
#
# starts the runs of task FIRST + INDEX of the folder SUBMISSION, waits for all of them and ends with the worst of their exit codes.
# Of Slurm it knows three variables and one command; any other engine gives INDEX. Told by USR1 that its time is over, it ends the
# runs and has itself queued again, as long as that gets anywhere: without Slurm it ends with 75 then, and is to be started again.
set -uo pipefail

submission=$1 first=$2
array=${SLURM_ARRAY_JOB_ID:-} index=${SLURM_ARRAY_TASK_ID:-${3:-0}} restart=${SLURM_RESTART_COUNT:-0}
task=$((first + index))
name=${array:+${array}_}$index
cd "$submission" || exit 1
say() { echo "$(date -u +%FT%TZ) task $task: $*"; }

cpus=1 gpus=0
setup() { :; }
# shellcheck source=/dev/null
. ./settings.sh
[ -r "tasks/$task.sh" ] || { say "there is no such task in $submission"; exit 2; }

# Lines that the runs' records have: what is kept whatever happens.
start() { records+=("$2/record.jsonl"); }
records=()
# shellcheck source=/dev/null
. "tasks/$task.sh"
lines() {
  local record sum=0
  for record in "${records[@]}"; do [ ! -r "$record" ] || sum=$((sum + $(wc -l <"$record"))); done
  echo "$sum"
}
before=$(lines)

setup
IFS=, read -r -a devices <<<"${CUDA_VISIBLE_DEVICES:-}"
share=$((cpus / ${#records[@]}))
export RAYON_NUM_THREADS=$((share > 0 ? share : 1))
say "on $(hostname), job $name, restart $restart, $(./tailward --version), ${#records[@]} runs of $RAYON_NUM_THREADS threads, GPUs: ${CUDA_VISIBLE_DEVICES:-none}"
[ -z "${CUDA_VISIBLE_DEVICES:-}" ] || nvidia-smi --list-gpus 2>/dev/null || true

worst=0 pids=() numbers=()
keep() { if [ "$1" -gt "$worst" ]; then worst=$1; fi; }
start() { # NUMBER FOLDER ARGUMENTS…
  local number=$1 folder=$2 ended
  shift 2
  ended=$(cat "state/run-$number.exit" 2>/dev/null)
  # Wrong input, values that are not finite, another run's folder: trying again changes nothing.
  case $ended in 3 | 4 | 5)
    say "run $number ended with $ended before and is not tried again: $folder/log.txt"
    keep "$ended"
    return
    ;;
  esac
  if [ "$gpus" -gt 1 ] && [ "${#devices[@]}" -gt 0 ]; then
    export CUDA_VISIBLE_DEVICES=${devices[$((${#pids[@]} % ${#devices[@]}))]}
  fi
  ./tailward "$@" --job "$name" >>"$folder/log.txt" 2>&1 &
  pids+=($!) numbers+=("$number")
}

over='' told=''
trap 'over=yes told=yes; [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null' USR1
# shellcheck source=/dev/null
. "tasks/$task.sh"
cut=0
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
  echo "$code" >"state/run-${numbers[$place]}.exit"
  say "run ${numbers[$place]} ended with $code"
  keep "$code"
done

if [ "$cut" -gt 0 ]; then
  if [ "$(lines)" -le "$before" ]; then
    say "the time is over, and no record has grown since the start: the limit is below one round; submit again with a longer --time"
    exit 1
  fi
  say "the time is over: $cut runs go on when this task is started again"
  [ -n "$array" ] || exit 75
  scontrol requeue "${array}_$index" || exit 1
fi
exit "$worst"
