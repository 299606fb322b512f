import { formatGoDuration } from '../../../base/go-duration.js';
import type { KeyValue, ResponseHeader, ResponseOp } from '../../../wire/index.js';
import { EventType } from '../../../wire/index.js';
import { goQuote } from '../go/quote.js';
import type { Printer } from './printer.js';
import { alarmName } from './simple.js';

type Field = readonly [name: string, value: string | number | bigint | boolean];

/** One `"Name" : value` line for each field of an answer. */
export const fieldsPrinter = {
  put: ({ header, prevKv }) =>
    lines(head(header), prevKv === undefined ? [] : pair('Prev', prevKv)),
  get: ({ header, kvs, more, count }) =>
    lines(head(header), ...kvs.map((kv) => pair('', kv)), [
      ['More', more],
      ['Count', count],
    ]),
  del: ({ header, deleted, prevKvs }) =>
    lines(head(header), [['Deleted', deleted]], ...prevKvs.map((kv) => pair('Prev', kv))),
  txn: ({ header, succeeded, responses }) =>
    lines(head(header), [['Succeeded', succeeded]]) + responses.map(txnResponse).join(''),
  compaction: ({ response }) => lines(head(response.header)),
  watch: ({ header, events }) =>
    lines(
      head(header),
      ...events.flatMap(({ type, kv, prevKv }) => [
        [['Type', type === EventType.DELETE ? 'DELETE' : 'PUT'] as const],
        prevKv === undefined ? [] : pair('Prev', prevKv),
        kv === undefined ? [] : pair('', kv),
      ]),
    ),
  leaseGrant: ({ header, ID, TTL }) => lines(head(header), lease(ID, TTL)),
  leaseRevoke: ({ response }) => lines(head(response.header)),
  leaseKeepAlive: ({ header, ID, TTL }) => lines(head(header), lease(ID, TTL)),
  leaseTimeToLive: ({ response: { header, ID, TTL, grantedTTL, keys } }) =>
    lines(
      head(header),
      lease(ID, TTL),
      [['GrantedTTL', grantedTTL]],
      keys.map((key) => ['Key', goQuote(key)] as const),
    ),
  leaseList: ({ header, leases }) =>
    lines(
      head(header),
      leases.map(({ ID }) => ['ID', ID] as const),
    ),
  memberList: ({ header, members }) =>
    lines(head(header)) +
    members
      .map(({ ID, name, peerURLs, clientURLs, isLearner }) => {
        const fields: Field[] = [
          ['ID', ID],
          ['Name', quoteText(name)],
          ...peerURLs.map((url) => ['PeerURL', quoteText(url)] as const),
          ...clientURLs.map((url) => ['ClientURL', quoteText(url)] as const),
          ['IsLearner', isLearner],
        ];
        return `${lines(fields)}\n`;
      })
      .join(''),
  endpointStatus: (answers) =>
    answers
      .map(({ endpoint, response }) => {
        const fields: Field[] = [
          ['Version', quoteText(response.version)],
          ['DBSize', response.dbSize],
          ['Leader', response.leader],
          ['IsLearner', response.isLearner],
          ['RaftIndex', response.raftIndex],
          ['RaftTerm', response.raftTerm],
          ['RaftAppliedIndex', response.raftAppliedIndex],
          ['Errors', `[${response.errors.join(' ')}]`],
          ['Endpoint', quoteText(endpoint)],
        ];
        return `${lines(head(response.header), fields)}\n`;
      })
      .join(''),
  endpointHashKv: (answers) =>
    answers
      .map(({ endpoint, response }) => {
        const fields: Field[] = [
          ['Endpoint', quoteText(endpoint)],
          ['Hash', response.hash],
        ];
        return `${lines(head(response.header), fields)}\n`;
      })
      .join(''),
  endpointHealth: (answers) =>
    answers
      .map(({ endpoint, isHealthy, tookMs, error }) => {
        const fields: Field[] = [
          ['Endpoint', quoteText(endpoint)],
          ['Health', isHealthy],
          ['Took', formatGoDuration(tookMs)],
          ['Error', error],
        ];
        return `${lines(fields)}\n`;
      })
      .join(''),
  alarm: ({ header, alarms }) =>
    lines(
      head(header),
      ...alarms.map(({ memberID, alarm }): Field[] => [
        ['MemberID', memberID],
        ['AlarmType', quoteText(alarmName(alarm))],
      ]),
    ),
  snapshotStatus: ({ hash, revision, totalKeys, totalBytes }) =>
    lines([
      ['Hash', hash],
      ['Revision', revision],
      ['Keys', totalKeys],
      ['Size', totalBytes],
    ]),
} satisfies Printer;

function txnResponse(response: ResponseOp): string {
  const { responsePut, responseRange, responseDeleteRange, responseTxn } = response;
  if (responsePut !== undefined) return fieldsPrinter.put(responsePut);
  if (responseRange !== undefined) return fieldsPrinter.get(responseRange);
  if (responseDeleteRange !== undefined) return fieldsPrinter.del(responseDeleteRange);
  return responseTxn === undefined ? '' : fieldsPrinter.txn(responseTxn);
}

function lines(...groups: readonly (readonly Field[])[]): string {
  return groups
    .flat()
    .map(([name, value]) => `"${name}" : ${value}\n`)
    .join('');
}

function head(header: ResponseHeader | undefined): Field[] {
  return [
    ['ClusterID', header?.clusterId ?? 0n],
    ['MemberID', header?.memberId ?? 0n],
    ['Revision', header?.revision ?? 0],
    ['RaftTerm', header?.raftTerm ?? 0],
  ];
}

function pair(prefix: string, kv: KeyValue): Field[] {
  return [
    [`${prefix}Key`, goQuote(kv.key)],
    [`${prefix}CreateRevision`, kv.createRevision],
    [`${prefix}ModRevision`, kv.modRevision],
    [`${prefix}Version`, kv.version],
    [`${prefix}Value`, goQuote(kv.value)],
    [`${prefix}Lease`, kv.lease],
  ];
}

function lease(ID: bigint, TTL: number): Field[] {
  return [
    ['ID', ID],
    ['TTL', TTL],
  ];
}

function quoteText(text: string): string {
  return goQuote(Buffer.from(text));
}
