import { join } from 'node:path';
import { shellWord, shellWords } from './shell-words.js';

/** Room for an exit code, whether memory was the reason, and what is between and after them. */
const exitBytes = 16;

/** What surrounds a container's first process. */
export interface SupervisorPlan {
  /** Absolute: the container's directory, which has the FIFOs `stdin`, `stdout` and `stderr`. */
  readonly directory: string;
  /** What runs the launch script: with nsenter and unshare in front, or nothing. */
  readonly enter: readonly string[];
  readonly hasTty: boolean;
  readonly hasStdin: boolean;
  readonly cgroups: readonly string[];
  /** Touched at the end. */
  readonly endingFile: string;
}

/**
 * The script that waits for a container, so that no other program has to live for it: a shell in a session of its own. It
 * holds the outputs' FIFOs open, so that the container neither fails nor loses what it writes while nobody reads, and
 * writes down how it ended.
 */
export function supervisorScript(plan: SupervisorPlan): string {
  const launch = [...plan.enter, 'sh', join(plan.directory, 'launch.sh')];
  const command = plan.hasTty
    ? ['sh', '-c', `echo "$$" >script; exec ${shellWords(terminalCommand(launch))}`]
    : launch;
  const input = plan.hasStdin ? 'stdin' : '/dev/null';
  const text = [
    `cd ${shellWord(plan.directory)} || exit 1`,
    'read -r pid rest </proc/self/stat',
    `echo "$pid $rest" >supervisor.new`,
    'mv supervisor.new supervisor',
    // Room for what is written at the end, which is written over this: the disk may be full by then.
    `echo '${' '.repeat(exitBytes)}' >exit.new`,
    'exec 3<>stdout 4<>stderr',
    ...plan.cgroups.map(
      (group) => `echo 0 >${shellWord(join(group, 'cgroup.procs'))} 2>/dev/null || :`,
    ),
    // Who attaches comes and goes; the container's input ends when this writer is gone too.
    ...(plan.hasStdin
      ? ['sleep 2147483647 >stdin 3>&- 4>&- 5>&- &', 'holder=$!', 'echo "$holder" >stdin-holder']
      : []),
    // In a shell of its own, since what this one says of its end is not the container's output.
    `(exec ${shellWords(command)} <${input} >&3 2>&4)`,
    'code=$?',
    'oom=0',
    ...oomCounters(plan.cgroups).map(
      (path) =>
        `while read -r key value; do [ "$key" = oom_kill ] && [ "$value" -gt 0 ] && oom=1; done 2>/dev/null <${shellWord(path)}`,
    ),
    ...(plan.hasStdin ? ['kill "$holder" 2>/dev/null'] : []),
    `printf '%s %s\\n' "$code" "$oom" 1<>exit.new`,
    'mv exit.new exit',
    `: >${shellWord(plan.endingFile)}`,
  ];
  return `${text.join('\n')}\n`;
}

/** `script` opens the terminal; who resizes it finds it by the id of that process. */
function terminalCommand(launch: readonly string[]): string[] {
  return ['script', '-qef', '-E', 'always', '-c', `exec ${shellWords(launch)}`, '/dev/null'];
}

/** The files that count processes killed for memory: one of them is there. */
function oomCounters(cgroups: readonly string[]): string[] {
  return cgroups
    .filter((group) => !/\/sys\/fs\/cgroup\/(cpu|cpuacct|cpuset|pids|blkio)\b/.test(group))
    .map((group) =>
      join(group, group.includes('/memory/') ? 'memory.oom_control' : 'memory.events'),
    );
}
