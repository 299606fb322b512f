import { formatId } from '../../../base/ids.js';
import {
  AlarmType,
  type Client,
  type Member,
  type StatusResponse,
  type WithHeader,
} from '../../../client/index.js';
import type { MemberRow, MemberState, StoreStatus } from '../model/store-documents.js';
import { ofStore } from './store-problem.js';

/** Milliseconds that a member has to answer. */
const answerMsMax = 2000;

const alarmNames: ReadonlyMap<number, string> = new Map([
  [AlarmType.NOSPACE, 'NOSPACE'],
  [AlarmType.CORRUPT, 'CORRUPT'],
]);

/** Asks every endpoint of the client what it says of itself, and one of them who the members are. */
export async function readStatus(client: Client, signal: AbortSignal): Promise<StoreStatus> {
  const options = { signal, timeoutMs: answerMsMax };
  const [list, answers, { alarms }] = await Promise.all([
    ofStore(client.cluster.list(options)),
    Promise.all(client.endpoints.map((endpoint) => ask(client, endpoint, options))),
    ofStore(client.maintenance.alarms(options)),
  ]);
  return {
    clusterId: formatId(list.header.clusterId),
    members: list.members.map((member) => rowOf(member, answers)),
    alarms: alarms.map(({ memberID, alarm }) => ({
      member: formatId(memberID),
      alarm: alarmNames.get(alarm) ?? String(alarm),
    })),
  };
}

/** An endpoint, with what it answered or why it did not. */
interface Answer {
  readonly endpoint: string;
  readonly status: WithHeader<StatusResponse> | null;
  readonly problem: string;
}

async function ask(
  client: Client,
  endpoint: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Answer> {
  try {
    const status = await client.maintenance.status(endpoint, options);
    return { endpoint, status, problem: '' };
  } catch (error) {
    return {
      endpoint,
      status: null,
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

function rowOf(member: Member, answers: readonly Answer[]): MemberRow {
  const { name, isLearner, peerURLs: peerUrls, clientURLs: clientUrls } = member;
  const own = answers.find(({ status }) => status?.header.memberId === member.ID)?.status ?? null;
  const failed = answers.find(
    ({ endpoint, status }) => status === null && clientUrls.includes(endpoint),
  );
  const problem = failed?.problem ?? "the API server's --etcd-servers do not name it";
  return {
    ...{ id: formatId(member.ID), name, isLearner, peerUrls, clientUrls },
    state: own === null ? null : stateOf(own),
    problem: own === null ? problem : '',
  };
}

function stateOf(status: WithHeader<StatusResponse>): MemberState {
  return {
    version: status.version,
    leader: status.leader === 0n ? '' : formatId(status.leader),
    term: String(status.raftTerm),
    revision: String(status.header.revision),
    index: String(status.raftIndex),
    appliedIndex: String(status.raftAppliedIndex),
    sizeBytes: String(status.dbSize),
    sizeInUseBytes: String(status.dbSizeInUse),
    quotaBytes: String(status.dbSizeQuota),
    problems: status.errors,
  };
}
