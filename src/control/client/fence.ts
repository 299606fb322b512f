import { Buffer } from 'node:buffer';

/**
 * What a leader's writes carry: the key that stands for its leadership in the store, and the revision at which the key was created.
 * Flotilla's API server refuses them once the key is another's (docs/election.md); other servers do not know the header.
 */
export interface Fence {
  /** As text; it begins with the prefix of all elections. */
  readonly key: string;
  readonly createRevision: number;
}

/** The header of REST, and the metadata of gRPC, that carry a fence. */
export const fenceHeader = 'flotilla-fence';

/** The value of the header: the revision, and the key in base64url. */
export function formatFence({ key, createRevision }: Fence): string {
  return `${createRevision} ${Buffer.from(key, 'utf8').toString('base64url')}`;
}
