import { AlarmType, ClientError } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { parseMemberId } from '../go/integers.js';
import { action, type Run } from '../run.js';
import { endpointUrl } from '../settings.js';
import { endpointsOf } from './endpoint.js';

/** `alarm list | disarm`. */
export function alarmCommand(): CtlCommand {
  const alarm = new CtlCommand('alarm').description('alarm commands');
  alarm
    .command('list')
    .description('all alarms')
    .action(action(async (run) => run.print('alarm', await run.client().maintenance.alarms())));
  alarm
    .command('disarm')
    .description('disarm all alarms')
    .action(
      action(async (run) => {
        const { maintenance } = run.client();
        const everything = { member: 0n, alarm: AlarmType.NONE };
        run.print('alarm', await maintenance.disarm(everything));
      }),
    );
  return alarm;
}

/** `defrag`. */
export function defragCommand(): CtlCommand {
  return new CtlCommand('defrag')
    .description('reclaim the disk space that members have freed')
    .option('--cluster', 'all members that the cluster has')
    .action(
      action(async (run, _, command) => {
        const endpoints = await endpointsOf(run, command.opts<{ cluster?: boolean }>());
        let failures = 0;
        for (const endpoint of endpoints) if (!(await defragment(run, endpoint))) failures++;
        if (failures > 0) {
          throw new CtlError(ExitCode.error, `${failures} of ${endpoints.length} members failed`);
        }
      }),
    ) as CtlCommand;
}

async function defragment(run: Run, endpoint: string): Promise<boolean> {
  try {
    await run.client([endpoint]).maintenance.defragment(endpointUrl(endpoint, run.settings));
    run.write(`Finished defragmenting etcd member[${endpoint}]\n`);
    return true;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    run.complain(`Failed to defragment etcd member[${endpoint}] (${error.message})`);
    return false;
  }
}

/** `move-leader MEMBER`. */
export function moveLeaderCommand(): CtlCommand {
  return new CtlCommand('move-leader')
    .description('hand the leadership to another member')
    .argument('[id...]')
    .action(
      action(async (run, args) => {
        if (args.length !== 1) throw badArgs('move-leader command needs 1 argument');
        const to = readTarget(args[0] ?? '');
        const leader = await findLeader(run);
        await leader.move(to);
        run.print('moveLeader', { from: leader.id, to });
      }),
    ) as CtlCommand;
}

function readTarget(text: string): bigint {
  try {
    return parseMemberId(text);
  } catch (error) {
    throw error instanceof CtlError ? badArgs(error.message) : error;
  }
}

async function findLeader(run: Run) {
  for (const endpoint of run.settings.endpoints) {
    const url = endpointUrl(endpoint, run.settings);
    const { maintenance } = run.client([endpoint]);
    const { header, leader } = await maintenance.status(url);
    if (header.memberId !== leader) continue;
    return { id: leader, move: (target: bigint) => maintenance.moveLeader(url, target) };
  }
  throw badArgs(`no leader endpoint given at [${run.settings.endpoints.join(' ')}]`);
}
