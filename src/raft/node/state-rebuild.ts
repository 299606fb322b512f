import type { Clock } from '../../base/clock.js';
import { formatId, type MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import { crc32 } from '../../host/crc32.js';
import type { Index, SnapshotMeta } from '../core/types.js';
import type { PeerMessage, PeerTransport, StateMachine } from './contracts.js';
import type { SnapshotFiles, SnapshotIntake } from './snapshot-exchange.js';

/** What {@link rebuildState} works with. */
export interface StateRebuildOptions {
  readonly indexMin: Index;
  readonly peers: readonly MemberId[];
  readonly files: SnapshotFiles;
  readonly transport: PeerTransport;
  /** Messages that arrive meanwhile. */
  readonly receive: (handler: (from: MemberId, message: PeerMessage) => void) => void;
  readonly stateMachine: Pick<StateMachine<unknown>, 'restoreSnapshot'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retryMs: number;
}

type Chunk = Extract<PeerMessage, { kind: 'snapshot-chunk' }>;

/**
 * Fetches a state from a peer for a member that lost its database but not its log, and installs it. The member takes no part
 * in consensus meanwhile; its votes and acknowledged entries are in its log. Any peer's applied state will do: all of
 * it is committed. Waits for peers as long as it takes.
 */
export async function rebuildState(options: StateRebuildOptions): Promise<SnapshotMeta> {
  const { files, peers, logger, indexMin } = options;
  const inbox = new ChunkInbox(options);
  for (let attempt = 0; ; attempt++) {
    const peer = peers[attempt % peers.length];
    if (peer === undefined) {
      throw new Error('the state is lost and this member knows no peer to fetch it from');
    }
    const first = await inbox.ask(peer, { index: 0, term: 0 }, indexMin);
    if (first === undefined || first.totalBytes === 0 || first.index < indexMin) continue;
    logger.info('fetching the lost state', { from: formatId(peer), index: first.index });
    const intake = await files.receive(first);
    const isComplete = await fetchAll(inbox, peer, first, intake);
    if (!isComplete) continue;
    const meta = await files.meta(first);
    if (meta === undefined) continue;
    await options.stateMachine.restoreSnapshot(meta, files.chunks(meta));
    logger.info('state restored from a peer', { from: formatId(peer), index: meta.index });
    return meta;
  }
}

async function fetchAll(
  inbox: ChunkInbox,
  peer: MemberId,
  first: Chunk,
  intake: SnapshotIntake,
): Promise<boolean> {
  for (let failures = 0; failures < 10; ) {
    if (intake.receivedBytes >= first.totalBytes) return intake.finish();
    const chunk = await inbox.ask(peer, first, intake.receivedBytes);
    if (chunk === undefined) failures++;
    else if (chunk.totalBytes === 0) break;
    else await intake.append(chunk.bytes);
  }
  await intake.close();
  return false;
}

/** Asks one question at a time and waits for its answer. */
class ChunkInbox {
  readonly #options: StateRebuildOptions;
  #expect: ((from: MemberId, chunk: Chunk) => void) | null = null;

  constructor(options: StateRebuildOptions) {
    this.#options = options;
    options.receive((from, message) => {
      if (message.kind === 'snapshot-chunk') this.#expect?.(from, message);
    });
  }

  /**
   * The chunk at `offset`; undefined when no sound answer came within the retry time. With index 0: the first chunk of any
   * snapshot of at least index `offset`.
   */
  ask(
    peer: MemberId,
    at: { readonly index: Index; readonly term: number },
    offset: number,
  ): Promise<Chunk | undefined> {
    const { clock, transport, retryMs } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimer(retryMs, () => {
        this.#expect = null;
        resolve(undefined);
      });
      this.#expect = (from, chunk) => {
        if (from !== peer || chunk.offset !== (at.index === 0 ? 0 : offset)) return;
        if (at.index !== 0 && (chunk.index !== at.index || chunk.term !== at.term)) return;
        if (crc32(chunk.bytes) !== chunk.crc) return;
        this.#expect = null;
        clock.clearTimer(timer);
        resolve(chunk);
      };
      transport.send(peer, { kind: 'snapshot-fetch', index: at.index, term: at.term, offset });
    });
  }
}
