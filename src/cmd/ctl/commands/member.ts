import { CtlCommand } from '../command.js';
import { badArgs, CtlError } from '../exit.js';
import { parseMemberId } from '../go/integers.js';
import { goQuote } from '../go/quote.js';
import { action, type Run } from '../run.js';

/** `member list | add | remove | update | promote`. */
export function memberCommand(): CtlCommand {
  const member = new CtlCommand('member').description('membership commands');
  member
    .command('list')
    .description('all members: ID, status, name, peer addresses, client addresses, is learner')
    .action(action(async (run) => run.print('memberList', await run.client().cluster.list())));
  member
    .command('add')
    .description('add a member')
    .argument('[name...]')
    .option('--peer-urls <list>', 'peer URLs of the member, comma separated', '')
    .option('--learner', 'as a learner, which does not vote')
    .action(
      action((run, args, command) =>
        add(run, args, command.opts<{ peerUrls: string; learner?: boolean }>()),
      ),
    );
  member
    .command('remove')
    .description('remove a member')
    .argument('[id...]')
    .action(
      action(async (run, args) => {
        const id = readId('member ID is not provided', args);
        run.print('memberRemove', { id, response: await run.client().cluster.remove(id) });
      }),
    );
  member
    .command('update')
    .description("change a member's peer URLs")
    .argument('[id...]')
    .option('--peer-urls <list>', 'new peer URLs, comma separated', '')
    .action(
      action(async (run, args, command) => {
        const id = readId('member ID is not provided', args);
        const urls = readUrls(command.opts<{ peerUrls: string }>().peerUrls);
        run.print('memberUpdate', { id, response: await run.client().cluster.update(id, urls) });
      }),
    );
  member
    .command('promote')
    .description('make a learner a voter')
    .argument('[id...]')
    .action(
      action(async (run, args) => {
        const id = readId('member ID is not provided', args);
        run.print('memberPromote', { id, response: await run.client().cluster.promote(id) });
      }),
    );
  return member;
}

async function add(
  run: Run,
  args: readonly string[],
  flags: { readonly peerUrls: string; readonly learner?: boolean },
): Promise<void> {
  const [name] = args;
  if (name === undefined) throw badArgs('member name not provided');
  if (args.length > 1) throw badArgs('too many arguments');
  const urls = readUrls(flags.peerUrls);
  const client = run.client();
  const response = await client.cluster.add(urls, { isLearner: flags.learner === true });
  run.print('memberAdd', response);
  if (run.settings.format !== 'simple') return;
  const newId = response.member?.ID;
  const { members } = await client.cluster.list();
  const initialCluster = members.flatMap((member) =>
    member.peerURLs.map((url) => `${member.ID === newId ? name : member.name}=${url}`),
  );
  const quote = (text: string) => goQuote(Buffer.from(text));
  run.write(`
ETCD_NAME=${quote(name)}
ETCD_INITIAL_CLUSTER=${quote(initialCluster.join(','))}
ETCD_INITIAL_ADVERTISE_PEER_URLS=${quote(flags.peerUrls)}
ETCD_INITIAL_CLUSTER_STATE="existing"
`);
}

function readUrls(list: string): string[] {
  if (list === '') throw badArgs('member peer urls not provided');
  return list.split(',');
}

function readId(missing: string, args: readonly string[]): bigint {
  if (args.length !== 1) throw badArgs(missing);
  try {
    return parseMemberId(args[0] ?? '');
  } catch (error) {
    if (!(error instanceof CtlError)) throw error;
    throw badArgs(`bad member ID arg (${error.message}), expecting ID in Hex`);
  }
}
