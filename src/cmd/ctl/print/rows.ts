import { formatId } from '../../../base/ids.js';
import type { SnapshotStatus } from '../../../store/index.js';
import type { Member, StatusResponse } from '../../../wire/index.js';
import { humanBytes } from './human-bytes.js';
import type { EndpointAnswer } from './printer.js';

/** The columns of `member list`. */
export const memberHeadings = ['ID', 'Status', 'Name', 'Peer Addrs', 'Client Addrs', 'Is Learner'];

/** A member's row. A member that never started has no name. */
export function memberRow({ ID, name, peerURLs, clientURLs, isLearner }: Member): string[] {
  const status = name === '' ? 'unstarted' : 'started';
  return [formatId(ID), status, name, peerURLs.join(','), clientURLs.join(','), String(isLearner)];
}

/** The columns of `endpoint status`. */
export const statusHeadings = [
  'endpoint',
  'ID',
  'version',
  'db size',
  'is leader',
  'is learner',
  'raft term',
  'raft index',
  'raft applied index',
  'errors',
];

/** An endpoint's row. */
export function statusRow({ endpoint, response }: EndpointAnswer<StatusResponse>): string[] {
  const id = response.header?.memberId ?? 0n;
  return [
    endpoint,
    formatId(id),
    response.version,
    humanBytes(response.dbSize),
    String(response.leader === id),
    String(response.isLearner),
    String(response.raftTerm),
    String(response.raftIndex),
    String(response.raftAppliedIndex),
    response.errors.join(', '),
  ];
}

/** The columns of `snapshot status`. */
export const snapshotHeadings = ['hash', 'revision', 'total keys', 'total size'];

/** A snapshot's row. */
export function snapshotRow({ hash, revision, totalKeys, totalBytes }: SnapshotStatus): string[] {
  return [hash.toString(16), String(revision), String(totalKeys), humanBytes(totalBytes)];
}
