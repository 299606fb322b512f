import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import {
  type ControlClient,
  type ControlClientOptions,
  connectRest,
  type ServerAccess,
} from '../../control/client/index.js';
import {
  clientElectionStore,
  type ElectionStore,
  LeaderElection,
  type Leadership,
  LeaseMirror,
  LeaseObjectStore,
} from '../../control/election/index.js';
import { entropyPrng } from '../../host/entropy.js';
import type { ParsedFlags } from './flags.js';
import { type LeaderSettings, leaderSettings } from './leader-flags.js';
import type { ProgramMetrics } from './metrics.js';
import { connectStore } from './store-flags.js';

/** What a program that works only while it leads needs. */
export interface AsLeaderOptions {
  readonly flags: ParsedFlags;
  readonly access: ServerAccess;
  /** Of the clients that are made for a leadership. */
  readonly client: ControlClientOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ProgramMetrics;
  /** Makes a client. Default: one that speaks REST. */
  readonly connect?: (access: ServerAccess, options: ControlClientOptions) => ControlClient;
}

/** What a leader does until the signal aborts. */
export type LeadingWork = (client: ControlClient, signal: AbortSignal) => Promise<void>;

/** The leadership went to somebody else: the process ends, and whoever runs it starts it again. */
export class LeaderElectionLostError extends Error {
  override readonly name = 'LeaderElectionLostError';
}

/**
 * Runs `work` while this process leads, as the flags of leader election say, with a client whose writes are refused once it does not;
 * or at once with `--leader-elect=false`. Resolves when the signal aborted and the work has ended. Rejects with
 * {@link LeaderElectionLostError} when the leadership was lost, and UsageError for flags that do not go together. Without
 * `--etcd-servers` a Lease of the API elects, and writes are not refused.
 */
export async function runAsLeader(
  options: AsLeaderOptions,
  work: LeadingWork,
  signal: AbortSignal,
): Promise<void> {
  const { flags, logger, access, connect = connectRest } = options;
  const settings = leaderSettings(flags, randomUUID());
  if (settings === null) {
    await withClient(connect(access, options.client), (client) => work(client, signal));
    return;
  }
  const store = await connectStore(flags, { requestMs: settings.renewDeadlineMs / 2, logger });
  if (store === null) return byLease(options, settings, work, signal);
  try {
    await byStore(options, settings, clientElectionStore(store), work, signal);
  } finally {
    await store.close();
  }
}

/** The store elects: writes are fenced, and a Lease shows who leads. */
function byStore(
  options: AsLeaderOptions,
  settings: LeaderSettings,
  store: ElectionStore,
  work: LeadingWork,
  signal: AbortSignal,
): Promise<void> {
  const { access, clock, logger, connect = connectRest } = options;
  return campaign(
    options,
    settings,
    store,
    async (leadership) => {
      const { fence } = leadership;
      const onFenced = () => leadership.lose('the API server says that somebody else leads');
      const client = connect(access, { ...options.client, fence, onFenced });
      await withClient(client, async () => {
        const mirror = new LeaseMirror({ ...settings, client, clock, logger });
        await Promise.all([work(client, leadership.signal), mirror.run(leadership.signal)]);
        if (!leadership.isLost) await mirror.release();
      });
    },
    signal,
  );
}

/** A Lease of the API elects, as with Kubernetes' components: nothing fences writes. */
async function byLease(
  options: AsLeaderOptions,
  settings: LeaderSettings,
  work: LeadingWork,
  signal: AbortSignal,
): Promise<void> {
  const { access, clock, connect = connectRest } = options;
  options.logger.info('a Lease of the API elects the leader; its writes are not fenced', {
    why: '--etcd-servers is not given',
  });
  // Its requests must not wait behind those of the work.
  const { rate: _, ...own } = options.client;
  await withClient(connect(access, own), async (client) => {
    const store = new LeaseObjectStore({ ...settings, client, clock });
    const lead = ({ signal: untilLost }: Leadership) =>
      withClient(connect(access, options.client), (leading) => work(leading, untilLost));
    await campaign(options, settings, store, lead, signal);
  });
}

async function campaign(
  { clock, logger, metrics }: AsLeaderOptions,
  settings: LeaderSettings,
  store: ElectionStore,
  lead: (leadership: Leadership) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const election = new LeaderElection({ ...settings, store, clock, logger, prng: entropyPrng() });
  metrics.setLeading(settings.name, false);
  const outcome = await election.run(async (leadership) => {
    metrics.setLeading(settings.name, true);
    await lead(leadership);
    metrics.setLeading(settings.name, false);
  }, signal);
  if (outcome === 'lost') throw new LeaderElectionLostError('leader election lost');
}

async function withClient(
  client: ControlClient,
  work: (client: ControlClient) => Promise<void>,
): Promise<void> {
  try {
    await work(client);
  } finally {
    await client.close();
  }
}
