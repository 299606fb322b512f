import { type MemberId, memberId } from '../../src/base/ids.js';
import { silentLogger } from '../../src/base/logger.js';
import { hostClock } from '../../src/host/clock.js';
import { listenStreams } from '../../src/host/net.js';
import { peerAddress, peerDial, TcpTransport } from '../../src/raft/transport/index.js';
import { MemberMailbox } from '../../src/store/member/mailbox.js';
import { type BenchMember, benchCluster, startMember } from './member.js';
import { type ProposerOptions, type ProposerResult, runProposer } from './proposer.js';

/** What a member's process is told. */
export type ToPeer =
  | {
      readonly type: 'start';
      readonly index: number;
      /** Peer URLs of all members, by index. */
      readonly urls: readonly string[];
      readonly dir: string;
    }
  | ({ readonly type: 'propose' } & ProposerOptions)
  | { readonly type: 'cpu' };

/** What it tells. */
export type FromPeer =
  | { readonly type: 'leads' }
  | { readonly type: 'measure' }
  | { readonly type: 'result'; readonly result: ProposerResult }
  | { readonly type: 'cpu'; readonly ms: number };

const queueBytesMax = 64 << 20;

async function start({ index, urls, dir }: Extract<ToPeer, { type: 'start' }>) {
  const voters = urls.map((_, i) => memberId(BigInt(i + 1)));
  const id = voters[index] as MemberId;
  const dial = peerDial(() => null);
  const mailbox = new MemberMailbox();
  const transport = new TcpTransport({
    clusterId: benchCluster,
    memberId: id,
    dial,
    clock: hostClock,
    logger: silentLogger,
    queueBytesMax,
    isRemoved: () => false,
    onRemoved: () => {},
    describeCluster: () => new Uint8Array(0),
  });
  transport.attach(mailbox);
  await listenStreams(peerAddress(urls[index] as string), null, (stream) =>
    transport.accept(stream),
  );
  transport.setPeers(new Map(voters.map((voter, i) => [voter, [urls[i] as string]])));
  const member = await startMember({ id, voters, dir, transport });
  mailbox.open(member.node);
  const timer = setInterval(() => {
    if (!member.node.leadership.isLeader) return;
    clearInterval(timer);
    tell({ type: 'leads' });
  }, 10);
  return member;
}

function tell(message: FromPeer): void {
  process.send?.(message);
}

let member: BenchMember | null = null;
process.on('message', (message: ToPeer) => {
  if (message.type === 'start') {
    void start(message).then((started) => {
      member = started;
    });
  } else if (message.type === 'cpu') {
    const { user, system } = process.cpuUsage();
    tell({ type: 'cpu', ms: (user + system) / 1000 });
  } else if (member !== null) {
    void runProposer(member.node, message, () => tell({ type: 'measure' })).then((result) =>
      tell({ type: 'result', result }),
    );
  }
});
process.on('disconnect', () => process.exit(0));
