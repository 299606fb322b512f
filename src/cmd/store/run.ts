import { noDefects } from '../../base/defect.js';
import { formatId, type MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import { hostClock } from '../../host/clock.js';
import { openHostDisk } from '../../host/disk.js';
import { lockDataDir } from '../../host/disk-lock.js';
import { entropyPrng } from '../../host/entropy.js';
import { openLevelHome } from '../../host/level.js';
import { listenStreams, type StreamListener } from '../../host/net.js';
import { isTlsUrl, peerAddress, peerDial, TcpTransport } from '../../raft/transport/index.js';
import {
  AutoCompactor,
  CommandKind,
  Member,
  removeBackups,
  StoreMetrics,
} from '../../store/index.js';
import {
  CompactionRequest,
  MemberListResponse,
  Member as MemberMessage,
} from '../../wire/gen/etcdserverpb.js';
import { etcdVersion, flotillaVersion } from '../version.js';
import { authSettingsOf } from './auth-settings.js';
import { type ResolvedIdentity, resolveIdentity } from './identity.js';
import { place } from './member-place.js';
import { MemberTls } from './member-tls.js';
import { RejectionLog } from './rejection-log.js';
import { serveClients } from './serve-clients.js';
import type { StoreSettings } from './settings.js';
import { maybeTakeOver } from './take-over.js';

/** A member that serves. */
export interface RunningStore {
  readonly member: Member;
  /** Resolves once the cluster has taken this member up and it can serve requests. */
  readonly ready: Promise<void>;
  /** Drains and stops. */
  close(): Promise<void>;
}

const peerQueueBytesMax = 64 << 20;
const drainMs = 5000;

/**
 * Starts one member: recovers it from its data directory, serves peers and clients. Rejects with a typed error when it cannot;
 * nothing keeps running then.
 */
export async function startStore(
  settings: StoreSettings,
  options: {
    readonly logger: Logger;
    readonly onFatal: (error: Error) => void;
    readonly onRemoved: () => void;
  },
): Promise<RunningStore> {
  const { logger, onFatal, onRemoved } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    const rejected = new RejectionLog(hostClock, logger);
    const tls = await MemberTls.load(settings, { clock: hostClock, logger });
    const dial = peerDial(() => tls.peers);
    const auth = await authSettingsOf(settings.auth, hostClock);
    const disk = openHostDisk(settings.dataDir);
    const walDisk = settings.walDir === '' ? disk : openHostDisk(settings.walDir);
    await disk.makeDir('.');
    const lock = await lockDataDir(settings.dataDir);
    closers.push(() => lock.release());
    await removeBackups(disk);
    await maybeTakeOver(settings, logger);
    const prng = entropyPrng();
    const clock = hostClock;
    const metrics = new StoreMetrics(clock);
    const peerListeners: StreamListener[] = [];
    const securePeerListeners: StreamListener[] = [];
    closers.push(async () => {
      await Promise.all(peerListeners.map((listener) => listener.close()));
    });
    const holder: { transport: TcpTransport | null; member: Member | null } = {
      transport: null,
      member: null,
    };
    for (const url of settings.listenPeerUrls) {
      const isTls = isTlsUrl(url);
      const listener = await listenStreams(
        peerAddress(url),
        isTls ? tls.peers : null,
        (stream) => {
          if (holder.transport !== null) return holder.transport.accept(stream);
          stream.destroy();
          return { onData: () => {}, onClose: () => {} };
        },
        (rejection) => rejected.note('peer', rejection),
      );
      peerListeners.push(listener);
      if (isTls) securePeerListeners.push(listener);
    }
    const identity = await resolveIdentity(settings, { disk, dial, clock, logger });
    const { clusterId, memberId } = identity.stored;
    logger.info('starting member', {
      name: settings.name,
      member: formatId(memberId),
      cluster: formatId(clusterId),
      dataDir: settings.dataDir,
    });
    const member = await Member.open({
      identity: {
        clusterId,
        memberId,
        name: settings.name,
        clientUrls: settings.advertiseClientUrls,
      },
      bootstrap: identity.bootstrap,
      becomesSole: settings.forceNewCluster,
      initialPeers: identity.initialPeers,
      disk,
      walDisk: metrics.disk.logDisk(walDisk),
      walDir: settings.walDir === '' ? place.wal : '.',
      snapshotDir: place.snapshots,
      valuesDir: place.values,
      db: metrics.disk.databaseHome(openLevelHome(`${settings.dataDir}/${place.db}`)),
      transport: (mailbox) => {
        const transport = new TcpTransport({
          clusterId,
          memberId,
          dial,
          clock,
          logger,
          queueBytesMax: peerQueueBytesMax,
          onRemoved,
          isRemoved: (id) => holder.member?.members.isRemoved(id) ?? false,
          describeCluster: () => describe(holder.member, identity),
        });
        transport.attach(mailbox);
        holder.transport = transport;
        return transport;
      },
      clock,
      prng,
      logger,
      limits: settings.limits,
      version: { flotilla: flotillaVersion, etcd: etcdVersion },
      auth,
      tokenTtlSeconds: settings.auth.tokenTtlSeconds,
      defects: noDefects,
      onFatal,
      onRemoved,
    });
    holder.member = member;
    // Until now nobody could tell who was removed.
    holder.transport?.dropRemoved();
    closers.push(() => member.close());
    metrics.addMember(member, () => holder.transport?.traffic() ?? []);
    const compactor = startAutoCompaction(settings, member);
    closers.push(async () => compactor?.close());
    const served = { member, metrics, rejected, logger, tls: tls.clients };
    const clients = await serveClients(settings, served);
    closers.push(() => clients.close({ graceMs: drainMs }));
    const followed = tls.follow({
      onClients: (changed) => clients.setTls(changed),
      onPeers: (changed) => {
        for (const listener of securePeerListeners) listener.setTls(changed);
      },
    });
    closers.push(() => followed.close());
    return { member, ready: member.published, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startAutoCompaction(settings: StoreSettings, member: Member): AutoCompactor | null {
  if (settings.autoCompaction === null) return null;
  return new AutoCompactor({
    policy: settings.autoCompaction,
    clock: hostClock,
    logger: member.logger,
    isLeader: () => member.leadership.isLeader,
    revision: () => member.mvcc.revision,
    compactRevision: () => member.mvcc.compactRevision,
    compact: async (revision) => {
      const result = await member.propose(
        CommandKind.compact,
        CompactionRequest.encode({ revision }),
      );
      if (!result.ok) throw result.error;
    },
  });
}

/** What this member tells somebody who wants to join: the membership as it knows it. */
function describe(member: Member | null, identity: ResolvedIdentity): Uint8Array {
  const known = member?.members.list() ?? [];
  const records = known.length > 0 ? known : (identity.bootstrap ?? []);
  return MemberListResponse.encode({
    members: records.map((record) =>
      MemberMessage.create({
        ID: record.id as MemberId,
        name: record.name,
        peerURLs: record.peerUrls,
        clientURLs: record.clientUrls,
        isLearner: record.isLearner,
      }),
    ),
  });
}
