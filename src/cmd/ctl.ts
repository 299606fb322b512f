import { CtlCommand } from './ctl/command.js';
import { authCommand } from './ctl/commands/auth.js';
import { compactionCommand } from './ctl/commands/compaction.js';
import { delCommand } from './ctl/commands/del.js';
import { electCommand } from './ctl/commands/elect.js';
import { endpointCommand, statusCommand } from './ctl/commands/endpoint.js';
import { getCommand } from './ctl/commands/get.js';
import { leaseCommand } from './ctl/commands/lease.js';
import { lockCommand } from './ctl/commands/lock.js';
import { alarmCommand, defragCommand, moveLeaderCommand } from './ctl/commands/maintenance.js';
import { memberCommand } from './ctl/commands/member.js';
import { putCommand } from './ctl/commands/put.js';
import { roleCommand } from './ctl/commands/role.js';
import { snapshotCommand } from './ctl/commands/snapshot.js';
import { txnCommand } from './ctl/commands/txn.js';
import { userCommand } from './ctl/commands/user.js';
import { versionCommand } from './ctl/commands/version.js';
import { watchCommand } from './ctl/commands/watch.js';
import { addSettings } from './ctl/settings.js';
import { runAsSubcommand } from './root-command.js';

/** `flotilla ctl`, called by its name. */
export function main(argv: readonly string[]): Promise<void> {
  return runAsSubcommand(ctlCommand(), argv);
}

/** `flotilla ctl`: etcdctl's commands, options, output and exit codes, against any server with etcd's v3 API. */
export function ctlCommand(): CtlCommand {
  const ctl = new CtlCommand('ctl').description('Talk to a store, as etcdctl does.');
  addSettings(ctl, process.env);
  for (const command of [
    getCommand(),
    putCommand(),
    delCommand(),
    txnCommand(),
    compactionCommand(),
    watchCommand(),
    leaseCommand(),
    memberCommand(),
    endpointCommand(),
    statusCommand(),
    alarmCommand(),
    defragCommand(),
    moveLeaderCommand(),
    snapshotCommand(),
    authCommand(),
    userCommand(),
    roleCommand(),
    lockCommand(),
    electCommand(),
    versionCommand(),
  ]) {
    ctl.addCommand(command);
  }
  return ctl;
}
