import { formatGoDuration } from '../../../base/go-duration.js';
import { formatId } from '../../../base/ids.js';
import type { KeyValue, Member, ResponseHeader, ResponseOp } from '../../../wire/index.js';
import { AlarmType, EventType } from '../../../wire/index.js';
import { leaseHex } from '../go/integers.js';
import type { Output, Printer, PrintStyle } from './printer.js';
import { memberRow, snapshotRow, statusRow } from './rows.js';

/** Lines for people and shell scripts: keys and values as they are. */
export const simplePrinter: Required<Printer> = {
  put: ({ prevKv }, style) => join('OK\n', prevKv === undefined ? '' : keyValue(prevKv, style)),
  get: ({ kvs }, style) => join(...kvs.map((kv) => keyValue(kv, style))),
  del: ({ deleted, prevKvs }, style) =>
    join(`${deleted}\n`, ...prevKvs.map((kv) => keyValue(kv, style))),
  txn: ({ succeeded, responses }, style) =>
    join(
      succeeded ? 'SUCCESS\n' : 'FAILURE\n',
      ...responses.map((response) => join('\n', txnResponse(response, style))),
    ),
  compaction: ({ revision }) => `compacted revision ${revision}\n`,
  watch: ({ events }, style) =>
    join(
      ...events.flatMap(({ type, kv, prevKv }) => [
        type === EventType.DELETE ? 'DELETE\n' : 'PUT\n',
        prevKv === undefined ? '' : keyValue(prevKv, style),
        kv === undefined ? '' : keyValue(kv, style),
      ]),
    ),
  leaseGrant: ({ ID, TTL }) => `lease ${leaseHex(ID)} granted with TTL(${TTL}s)\n`,
  leaseRevoke: ({ id }) => `lease ${leaseHex(id)} revoked\n`,
  leaseKeepAlive: ({ ID, TTL }) => `lease ${leaseHex(ID)} keepalived with TTL(${TTL})\n`,
  leaseTimeToLive({ response: { ID, TTL, grantedTTL, keys }, withKeys }) {
    if (grantedTTL === 0) return `lease ${leaseHex(ID)} already expired\n`;
    const text = `lease ${leaseHex(ID)} granted with TTL(${grantedTTL}s), remaining(${TTL}s)`;
    if (!withKeys) return `${text}\n`;
    const list = keys.flatMap((key, i) => (i === 0 ? [key] : [' ', key]));
    return join(`${text}, attached keys([`, ...list, '])\n');
  },
  leaseList: ({ leases }) =>
    `found ${leases.length} leases\n${leases.map(({ ID }) => `${leaseHex(ID)}\n`).join('')}`,
  memberAdd: ({ header, member }) => memberDone(member?.ID ?? 0n, 'added to', header),
  memberRemove: ({ id, response }) => memberDone(id, 'removed from', response.header),
  memberUpdate: ({ id, response }) => memberDone(id, 'updated in', response.header),
  memberPromote: ({ id, response }) => memberDone(id, 'promoted in', response.header),
  memberList: ({ members }) =>
    members.map((member: Member) => `${memberRow(member).join(', ')}\n`).join(''),
  endpointStatus: (answers) =>
    answers.map((answer) => `${statusRow(answer).join(', ')}\n`).join(''),
  endpointHashKv: (answers) =>
    answers.map(({ endpoint, response }) => `${endpoint}, ${response.hash}\n`).join(''),
  endpointHealth: (answers) =>
    answers
      .filter(({ isHealthy }) => isHealthy)
      .map(({ endpoint, tookMs }) => {
        const took = formatGoDuration(tookMs);
        return `${endpoint} is healthy: successfully committed proposal: took = ${took}\n`;
      })
      .join(''),
  auth: ({ text }) => text,
  alarm: ({ alarms }) =>
    alarms
      .map(({ memberID, alarm }) => `memberID:${memberID} alarm:${alarmName(alarm)} \n`)
      .join(''),
  moveLeader: ({ from, to }) =>
    `Leadership transferred from ${formatId(from)} to ${formatId(to)}\n`,
  snapshotStatus: (status) => `${snapshotRow(status).join(', ')}\n`,
};

/** An alarm's name as protobuf has it. */
export function alarmName(alarm: AlarmType): string {
  const entry = Object.entries(AlarmType).find(([, number]) => number === alarm);
  return entry?.[0] ?? String(alarm);
}

function txnResponse(response: ResponseOp, style: PrintStyle): Output {
  const { responsePut, responseRange, responseDeleteRange, responseTxn } = response;
  if (responsePut !== undefined) return simplePrinter.put(responsePut, style);
  if (responseRange !== undefined) return simplePrinter.get(responseRange, style);
  if (responseDeleteRange !== undefined) return simplePrinter.del(responseDeleteRange, style);
  return responseTxn === undefined ? '' : simplePrinter.txn(responseTxn, style);
}

function keyValue({ key, value }: KeyValue, { isHex, isValueOnly }: PrintStyle): Output {
  const show = (bytes: Uint8Array) => (isHex ? hexEscapes(bytes) : bytes);
  return isValueOnly ? join(show(value), '\n') : join(show(key), '\n', show(value), '\n');
}

function hexEscapes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').replace(/../g, '\\x$&');
}

function memberDone(id: bigint, what: string, header: ResponseHeader | undefined): string {
  const cluster = formatId(header?.clusterId ?? 0n).padStart(16);
  return `Member ${formatId(id).padStart(16)} ${what} cluster ${cluster}\n`;
}

function join(...parts: readonly Output[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
}
