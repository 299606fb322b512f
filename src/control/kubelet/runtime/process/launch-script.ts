import { join } from 'node:path';
import type { SecurityConfig } from '../container-runtime.js';
import { bindLines, guardLines, kernelMounts, type LaunchMount, oldRoot } from './launch-mounts.js';
import { type RunIdentity, setprivOptions } from './run-identity.js';
import { shellWord, shellWords } from './shell-words.js';

/** What a container's first process is made of. */
export interface LaunchPlan {
  readonly argv: readonly string[];
  /** `NAME=value`, all that it gets. */
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly identity: RunIdentity;
  readonly security: SecurityConfig;
  readonly oomScoreAdj: number;
  /** Absolute: the container's directory. */
  readonly directory: string;
  readonly tools: string;
  /** The unpacked image, or `/`. */
  readonly rootfs: string;
  readonly shmSource: string;
  readonly mounts: readonly LaunchMount[];
}

/**
 * The script that becomes a container's first process in namespaces of its own. It gives itself a root (an overlay, so that
 * image and host stay as they are), fills it, lets go of the host's files and turns into the command.
 *
 * Once the old root is gone its programs are still reached by the working directory, which is the directory of tools, and
 * are loaded by a loader of their own with the libraries beside them: no program and no library of an image is run before
 * the privileges are gone. Helpers of mount (`-i`) and preloaded libraries would be such, and are off.
 */
export function isolatedLaunchScript(plan: LaunchPlan): string {
  const root = join(plan.directory, 'root');
  const upper = join(plan.directory, 'upper');
  const work = join(plan.directory, 'work');
  const overlay = (base: string) =>
    `mount -n -t overlay overlay -o ${shellWord(`lowerdir=${plan.rootfs},upperdir=${base}/upper,workdir=${base}/work`)} ${shellWord(root)}`;
  const scratch = join(plan.directory, 'scratch');
  return lines([
    ...prologue(plan),
    `must_here mkdir -p ${shellWords([root, upper, work, scratch])}`,
    // Not every file system can hold an overlay's writes; memory can.
    `if ! ${overlay(plan.directory)} 2>/dev/null; then`,
    `  must_here mount -n -t tmpfs -o mode=755 tmpfs ${shellWord(scratch)}`,
    `  must_here mkdir -p ${shellWords([`${scratch}/upper`, `${scratch}/work`])}`,
    `  must_here ${overlay(scratch)}`,
    'fi',
    `must_here mkdir -p ${shellWord(`${root}${oldRoot}`)}`,
    `cd ${shellWord(plan.tools)} || fail "no tools"`,
    `must pivot_root ${shellWord(root)} ${shellWord(`${root}${oldRoot}`)}`,
    ...kernelMounts({ isPrivileged: plan.security.privileged, shmSource: plan.shmSource }),
    ...plan.mounts.flatMap(bindLines),
    ...(plan.security.privileged
      ? []
      : guardLines(plan.security.maskedPaths, plan.security.readonlyPaths)),
    `[ -d ${shellWord(plan.workingDir)} ] || must mkdir -p ${shellWord(plan.workingDir)}`,
    `must umount -n -i -l ${oldRoot}`,
    `must rmdir ${oldRoot}`,
    ...(plan.security.readOnlyRootFilesystem ? ['must mount -n -i -o remount,ro /'] : []),
    ...findCommand(plan),
    'report started',
    'exec 3>&- 4>&- 5>&-',
    `exec ${insideCommand(plan)}`,
  ]);
}

/** The script of a container whose processes are the host's: where there are no privileges for more, or not the wish. */
export function sharedLaunchScript(plan: LaunchPlan, canChangeUser: boolean): string {
  const become = canChangeUser
    ? ['setpriv', ...setprivOptions(plan.identity, plan.security), '--']
    : [];
  return lines([
    ...prologue(plan),
    ...findCommand(plan),
    `cd ${shellWord(plan.workingDir)} || fail ${shellWord(`chdir to cwd ("${plan.workingDir}") set in config.json failed: no such file or directory`)}`,
    'report started',
    'exec 3>&- 4>&- 5>&-',
    `exec ${shellWords([...become, 'env', '-i', ...plan.env, ...plan.argv])}`,
  ]);
}

/** Turns into a command inside of a container: with the tools' directory as the working directory, and the container's root. */
export function insideCommand(
  plan: Pick<LaunchPlan, 'argv' | 'env' | 'workingDir' | 'identity' | 'security'>,
): string {
  return shellWords([
    ...['./loader', '--library-path', '.', './setpriv'],
    ...setprivOptions(plan.identity, plan.security),
    ...['--', './loader', '--library-path', '.', './env', '-i', '-C', plan.workingDir],
    ...[...plan.env, ...plan.argv],
  ]);
}

function prologue(plan: LaunchPlan): string[] {
  return [
    // The reader of /proc/self is this shell, and /proc is still the host's: these are the ids that the host knows.
    'read -r pid rest </proc/self/stat',
    `printf '%s %s\\n' "$pid" "$rest" >${shellWord(join(plan.directory, 'pid.new'))}`,
    `mv ${shellWords([join(plan.directory, 'pid.new'), join(plan.directory, 'pid')])}`,
    `report() { (trap '' PIPE; printf '%s\\n' "$*" >&5) 2>/dev/null; }`,
    'fail() { report "error $*"; exit 128; }',
    'tool() { name=$1; shift; ./loader --library-path . "./$name" "$@"; }',
    'must() { message=$(tool "$@" 2>&1) || fail "$message"; }',
    'must_here() { message=$("$@" 2>&1) || fail "$message"; }',
    'umask 022',
    `echo ${plan.oomScoreAdj} >/proc/self/oom_score_adj 2>/dev/null || :`,
  ];
}

/** Refuses what is not there before the container counts as started, in the words that people search for. */
function findCommand(plan: LaunchPlan): string[] {
  const command = plan.argv[0] ?? '';
  const path = plan.env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  if (command.includes('/')) {
    const where = command.startsWith('/') ? command : join(plan.workingDir, command);
    const text = (reason: string) => shellWord(`exec: "${command}": stat ${command}: ${reason}`);
    return [
      `[ -e ${shellWord(where)} ] || fail ${text('no such file or directory')}`,
      `{ [ -x ${shellWord(where)} ] && [ ! -d ${shellWord(where)} ]; } || fail ${shellWord(`exec: "${command}": permission denied`)}`,
    ];
  }
  return [
    `search=${shellWord(path)} found=`,
    `set -f; IFS=:; for folder in $search; do [ -f "$folder/"${shellWord(command)} ] && [ -x "$folder/"${shellWord(command)} ] && found=yes; done; unset IFS; set +f`,
    `[ -n "$found" ] || fail ${shellWord(`exec: "${command}": executable file not found in $PATH`)}`,
  ];
}

function lines(text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}
