import { type Disk, DiskError } from '../../base/disk.js';
import { type ClusterId, clusterId, formatId, type MemberId, memberId } from '../../base/ids.js';

/** Who the data in a data directory belongs to. Written once, before anything else in it. */
export interface StoredIdentity {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** `new`: the ids follow from the command line that began the cluster; `existing`: the cluster gave them. */
  readonly origin: 'new' | 'existing';
}

/** The data directory cannot be used. The message says why and what to do. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

const fileName = 'member.json';
const formatVersion = 1;

/** Reads the identity; undefined for a fresh directory. Throws {@link DataDirError} when the file is not ours. */
export async function readIdentity(disk: Disk): Promise<StoredIdentity | undefined> {
  if (!(await disk.exists(fileName))) return undefined;
  const file = await disk.open(fileName, { create: false });
  try {
    const bytes = await file.read(0, await file.size());
    return parse(new TextDecoder().decode(bytes));
  } finally {
    await file.close();
  }
}

/** Writes the identity durably. */
export async function writeIdentity(disk: Disk, identity: StoredIdentity): Promise<void> {
  const text = JSON.stringify({
    format: formatVersion,
    cluster: formatId(identity.clusterId),
    member: formatId(identity.memberId),
    origin: identity.origin,
  });
  const partial = `${fileName}.tmp`;
  await disk.remove(partial);
  const file = await disk.open(partial, { create: true });
  file.write(0, [new TextEncoder().encode(`${text}\n`)]);
  await file.sync();
  await file.close();
  await disk.rename(partial, fileName);
  await disk.syncDir('.');
}

function parse(text: string): StoredIdentity {
  const bad = (why: string, options?: ErrorOptions) =>
    new DataDirError(`${fileName} in the data directory is unusable: ${why}`, options);
  try {
    const { format, cluster, member, origin } = JSON.parse(text) as Record<string, unknown>;
    if (format !== formatVersion) throw bad(`format ${String(format)} is not ${formatVersion}`);
    if (origin !== 'new' && origin !== 'existing') throw bad(`origin ${String(origin)}`);
    return {
      clusterId: clusterId(parseHex(cluster)),
      memberId: memberId(parseHex(member)),
      origin,
    };
  } catch (error) {
    if (error instanceof DataDirError || error instanceof DiskError) throw error;
    throw bad('it is damaged', { cause: error });
  }
}

function parseHex(value: unknown): bigint {
  if (typeof value !== 'string' || !/^[0-9a-f]{1,16}$/.test(value)) {
    throw new DataDirError(`${String(value)} is not an id`);
  }
  return BigInt(`0x${value}`);
}
