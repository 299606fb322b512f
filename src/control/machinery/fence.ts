import { StatusError } from './status.js';
import { badRequest } from './status-errors.js';

/**
 * What a leader's writes carry: the key that stands for its leadership in the store, and the revision at which that key was created.
 * Flotilla's API server applies them only while that key is there (docs/election.md). Other servers do not know the header.
 */
export interface Fence {
  /** Visible ASCII; begins with {@link electionPrefix}. */
  readonly key: string;
  readonly createRevision: number;
}

/** Where the store keeps the keys of elections: `/flotilla/elections/NAMESPACE/NAME/LEASE`. */
export const electionPrefix = '/flotilla/elections/';

/** The header of REST, and the metadata of gRPC, that carry a fence. */
export const fenceHeader = 'flotilla-fence';

/** The reason of the cause that a write behind a broken fence is refused with. */
export const leadershipLost = 'LeadershipLost';

const form = /^([1-9]\d{0,15}) ([\x21-\x7e]{1,512})$/;

/** A header's value. */
export function formatFence({ key, createRevision }: Fence): string {
  return `${createRevision} ${key}`;
}

/** Reads a header's value. Throws 400 for what is none: a write that was meant to be fenced is never made without. */
export function parseFence(text: string): Fence {
  const [, revision = '', key = ''] = form.exec(text) ?? [];
  const createRevision = Number(revision);
  if (!key.startsWith(electionPrefix) || !Number.isSafeInteger(createRevision)) {
    throw badRequest(
      `the header ${fenceHeader} is ${JSON.stringify(text)}; it is to be a revision, a space, and a key under ${electionPrefix}`,
    );
  }
  return { key, createRevision };
}

/** Whether a write was refused because its maker does not lead any more: nothing that it knows makes another attempt useful. */
export function isLeadershipLost(error: unknown): error is StatusError {
  if (!(error instanceof StatusError)) return false;
  return error.status.details?.causes?.some(({ reason }) => reason === leadershipLost) ?? false;
}
