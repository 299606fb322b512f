import { join } from 'node:path';
import type { ContainerRecord } from './container-record.js';
import { insideCommand } from './launch-script.js';
import { setprivOptions } from './run-identity.js';
import type { RuntimePaths } from './runtime-paths.js';
import { shellWord, shellWords } from './shell-words.js';

/**
 * The command that runs `argv` in a running container, as its own user and with no more than it may. The working directory
 * of nsenter is opened before the container's files are entered: the tools are found there, and nothing of the container is
 * run with the node's privileges.
 */
export function execCommand(options: {
  readonly paths: RuntimePaths;
  readonly record: ContainerRecord;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly hasTty: boolean;
  readonly canChangeUser: boolean;
}): readonly string[] {
  const { record, pid, argv, hasTty } = options;
  const env = hasTty ? ['TERM=xterm', ...record.env] : record.env;
  const plan = { ...record, argv, env, security: record.config.security };
  const joinGroups = record.cgroups.map(
    (group) => `echo 0 >${shellWord(join(group, 'cgroup.procs'))} 2>/dev/null`,
  );
  const become = record.isIsolated
    ? `exec nsenter --target ${pid} --mount --uts --ipc --net --pid --wd=${shellWord(options.paths.tools)} -- ${insideCommand(plan)}`
    : `cd ${shellWord(record.workingDir)} && exec ${shellWords([
        ...(options.canChangeUser
          ? ['setpriv', ...setprivOptions(record.identity, record.config.security), '--']
          : []),
        ...['env', '-i', ...env, ...argv],
      ])}`;
  const script = [...joinGroups, become].join('\n');
  return hasTty
    ? ['script', '-qef', '-E', 'always', '-c', script, '/dev/null']
    : ['sh', '-c', script];
}
