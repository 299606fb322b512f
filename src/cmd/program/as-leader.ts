import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import {
  type ControlClient,
  type ControlClientOptions,
  connectRest,
  type ServerAccess,
} from '../../control/client/index.js';
import { clientElectionStore, LeaderElection, LeaseMirror } from '../../control/election/index.js';
import { entropyPrng } from '../../host/entropy.js';
import { UsageError } from '../usage-error.js';
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

/** The leadership went to somebody else: the process ends, and whoever runs it starts it again. */
export class LeaderElectionLostError extends Error {
  override readonly name = 'LeaderElectionLostError';
}

/**
 * Runs `work` while this process leads, as the flags of leader election say, with a client whose writes are refused once it does not;
 * or at once with `--leader-elect=false`. Resolves when the signal aborted and the work has ended. Rejects with
 * {@link LeaderElectionLostError} when the leadership was lost, and UsageError for flags that do not go together.
 */
export async function runAsLeader(
  options: AsLeaderOptions,
  work: (client: ControlClient, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { flags, logger, access, connect = connectRest } = options;
  const settings = leaderSettings(flags, randomUUID());
  if (settings === null) {
    await withClient(connect(access, options.client), (client) => work(client, signal));
    return;
  }
  const store = await connectStore(flags, { requestMs: settings.renewDeadlineMs / 2, logger });
  if (store === null) {
    throw new UsageError(
      'leader election needs the store: give --etcd-servers (and --etcd-cafile and so on), or --leader-elect=false when there is one replica',
    );
  }
  try {
    await campaign(options, settings, clientElectionStore(store), work, signal);
  } finally {
    await store.close();
  }
}

async function campaign(
  options: AsLeaderOptions,
  settings: LeaderSettings,
  store: ReturnType<typeof clientElectionStore>,
  work: (client: ControlClient, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { access, clock, logger, metrics, connect = connectRest } = options;
  const election = new LeaderElection({ ...settings, store, clock, logger, prng: entropyPrng() });
  metrics.setLeading(settings.name, false);
  const outcome = await election.run(async (leadership) => {
    metrics.setLeading(settings.name, true);
    const { fence } = leadership;
    const onFenced = () => leadership.lose('the API server says that somebody else leads');
    const client = connect(access, { ...options.client, fence, onFenced });
    await withClient(client, async () => {
      const mirror = new LeaseMirror({ ...settings, client, clock, logger });
      await Promise.all([work(client, leadership.signal), mirror.run(leadership.signal)]);
      if (!leadership.isLost) await mirror.release();
    });
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
