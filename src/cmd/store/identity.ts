import type { Clock } from '../../base/clock.js';
import type { Disk } from '../../base/disk.js';
import { formatId, type MemberId, memberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import { type ClusterDescription, type Dial, describeCluster } from '../../raft/transport/index.js';
import {
  computeClusterId,
  computeMemberId,
  DataDirError,
  readIdentity,
  type StoredIdentity,
  writeIdentity,
} from '../../store/index.js';
import { MemberListResponse } from '../../wire/gen/etcdserverpb.js';
import { MemberRecord } from '../../wire/gen/store.js';
import type { StoreSettings } from './settings.js';

/** Who this process is, and whom it begins with. */
export interface ResolvedIdentity {
  readonly stored: StoredIdentity;
  /** The members of a new cluster; null for one that joins. */
  readonly bootstrap: readonly MemberRecord[] | null;
  readonly initialPeers: ReadonlyMap<MemberId, readonly string[]>;
}

const askTimeoutMs = 2000;

/**
 * Finds out who this member is: from its data directory, or for a fresh one from the command line (new cluster) or from the
 * running cluster (existing). Throws {@link DataDirError} when the directory belongs to somebody else, or when a fresh
 * directory would make a member forget what it promised.
 */
export async function resolveIdentity(
  settings: StoreSettings,
  options: {
    readonly disk: Disk;
    readonly dial: Dial;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Promise<ResolvedIdentity> {
  const fromFlags = computeFromFlags(settings);
  const stored = await readIdentity(options.disk);
  if (stored !== undefined) {
    if (!settings.forceNewCluster) checkStored(settings, stored, fromFlags.stored);
    const { bootstrap, initialPeers } = fromFlags;
    return { stored, bootstrap: stored.origin === 'new' ? bootstrap : null, initialPeers };
  }
  await refuseForeignData(settings, options.disk);
  const resolved =
    settings.initialState === 'new'
      ? await checkFresh(settings, fromFlags, options)
      : await join(settings, options);
  await writeIdentity(options.disk, resolved.stored);
  return resolved;
}

function computeFromFlags(settings: StoreSettings): ResolvedIdentity {
  const { initialCluster, clusterToken, name } = settings;
  const bootstrap = [...initialCluster].map(([memberName, urls]) =>
    MemberRecord.create({
      id: computeMemberId(urls, clusterToken, null),
      name: memberName,
      peerUrls: [...urls],
    }),
  );
  const ids = bootstrap.map((record) => memberId(record.id));
  const own = bootstrap.find((record) => record.name === name);
  return {
    stored: { clusterId: computeClusterId(ids), memberId: memberId(own?.id ?? 0n), origin: 'new' },
    bootstrap,
    initialPeers: new Map(bootstrap.map((record) => [memberId(record.id), record.peerUrls])),
  };
}

function checkStored(
  settings: StoreSettings,
  stored: StoredIdentity,
  expected: StoredIdentity,
): void {
  if (stored.origin === 'existing' || settings.initialState === 'existing') return;
  const { clusterId, memberId: member } = stored;
  if (clusterId === expected.clusterId && member === expected.memberId) return;
  throw new DataDirError(
    `data directory ${settings.dataDir} belongs to member ${formatId(member)} of cluster ${formatId(clusterId)}, ` +
      `but the flags describe member ${formatId(expected.memberId)} of cluster ${formatId(expected.clusterId)}: ` +
      'give the flags that it was made with, or another --data-dir',
  );
}

/** etcd's own data, or anything else that is not ours, is never written into. */
async function refuseForeignData(settings: StoreSettings, disk: Disk): Promise<void> {
  const names = (await disk.list('.')).filter(
    (name) => !/^(lost\+found|lock.*|\..*|member\.json\.tmp|fixtures)$/.test(name),
  );
  if (names.length === 0) return;
  const what = names.includes('member')
    ? "holds data of etcd's without a database"
    : 'is not empty';
  throw new DataDirError(
    `data directory ${settings.dataDir} ${what} (${names.slice(0, 3).join(', ')}): choose an empty --data-dir`,
  );
}

/**
 * A member that lost its data directory must not come back under its old id: it may have voted and acknowledged. When
 * a peer knows this member as one that has served already, it is refused, as etcd does.
 */
async function checkFresh(
  settings: StoreSettings,
  fromFlags: ResolvedIdentity,
  options: { readonly dial: Dial; readonly clock: Clock },
): Promise<ResolvedIdentity> {
  const peerUrls = otherUrls(settings);
  const answers = await Promise.allSettled(
    peerUrls.map((url) => describeCluster(url, { ...options, timeoutMs: askTimeoutMs })),
  );
  for (const answer of answers) {
    if (answer.status !== 'fulfilled' || answer.value.clusterId !== fromFlags.stored.clusterId)
      continue;
    const { members } = MemberListResponse.decode(answer.value.members);
    const own = members.find((member) => member.ID === fromFlags.stored.memberId);
    if (own !== undefined && own.clientURLs.length === 0) continue;
    throw new DataDirError(
      `member ${formatId(fromFlags.stored.memberId)} has already been bootstrapped, but its data directory ${settings.dataDir} is empty: ` +
        'remove it from the cluster, add it again, and start it with --initial-cluster-state=existing',
    );
  }
  return fromFlags;
}

async function join(
  settings: StoreSettings,
  options: { readonly dial: Dial; readonly clock: Clock; readonly logger: Logger },
): Promise<ResolvedIdentity> {
  const problems: string[] = [];
  for (const url of otherUrls(settings)) {
    let description: ClusterDescription;
    try {
      description = await describeCluster(url, { ...options, timeoutMs: askTimeoutMs });
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    const { members } = MemberListResponse.decode(description.members);
    const wanted = [...settings.advertisePeerUrls].sort().join();
    const own = members.find((member) => [...member.peerURLs].sort().join() === wanted);
    if (own === undefined) {
      throw new DataDirError(
        `cluster ${formatId(description.clusterId)} has no member with the peer URLs ${wanted}: add it first (etcdctl member add ${settings.name} --peer-urls=${wanted})`,
      );
    }
    return {
      stored: { clusterId: description.clusterId, memberId: memberId(own.ID), origin: 'existing' },
      bootstrap: null,
      initialPeers: new Map(members.map((member) => [memberId(member.ID), member.peerURLs])),
    };
  }
  throw new DataDirError(
    `cannot join: no member of --initial-cluster answered (${problems.join('; ') || 'it names nobody else'})`,
  );
}

function otherUrls(settings: StoreSettings): string[] {
  return [...settings.initialCluster]
    .filter(([name]) => name !== settings.name)
    .flatMap(([, urls]) => urls);
}
