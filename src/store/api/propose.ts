import { AlarmAction, AlarmRequest, AlarmType } from '../../wire/gen/etcdserverpb.js';
import { type ApplyResponse, CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/** What etcd wraps around a request before it measures it against --max-request-bytes (3.4.23 measured). */
const envelopeBytes = 17;

/** Bytes that a lease takes in the database, roughly. */
export const leaseBytes = 64;

/**
 * Proposes an encoded request and resolves with its response. Throws StoreError: `request-too-large`, what the context
 * rejects with, or the error that applying the entry came to.
 */
export async function propose<Kind extends ApplyResponse['kind']>(
  context: ApiContext,
  command: { readonly kind: CommandKind; readonly payload: Uint8Array; readonly response: Kind },
  signal: AbortSignal,
): Promise<Extract<ApplyResponse, { kind: Kind }>> {
  const { kind, payload } = command;
  if (payload.length + envelopeBytes > context.limits.requestBytesMax) {
    throw new StoreError('request-too-large');
  }
  const result = await context.propose(kind, payload, signal);
  if (!result.ok) throw result.error;
  if (!isKind(result.response, command.response)) {
    throw new Error(`a ${command.response} command was answered as ${result.response.kind}`);
  }
  return result.response;
}

function isKind<Kind extends ApplyResponse['kind']>(
  response: ApplyResponse,
  kind: Kind,
): response is Extract<ApplyResponse, { kind: Kind }> {
  return response.kind === kind;
}

/** Refuses writes while the CORRUPT alarm of any member is active. */
export function refuseWhenCorrupt(context: ApiContext): void {
  if (hasAlarm(context, AlarmType.CORRUPT)) throw new StoreError('corrupt');
}

/**
 * Refuses what grows the database (by about `bytes`) when there is no space: while the NOSPACE alarm of any member is
 * active, or when it would exceed the quota; then the alarm is raised for all members and stays until disarmed.
 */
export async function refuseWithoutSpace(
  context: ApiContext,
  bytes: number,
  signal: AbortSignal,
): Promise<void> {
  if (bytes === 0) return;
  if (hasAlarm(context, AlarmType.NOSPACE)) throw new StoreError('no-space');
  const { quotaBytes } = context.limits;
  if (quotaBytes <= 0 || context.sizeBytes().inUse + bytes < quotaBytes) return;
  const alarm = {
    action: AlarmAction.ACTIVATE,
    memberID: context.memberId,
    alarm: AlarmType.NOSPACE,
  };
  context.logger.warn('the database has reached its quota; writes are refused', { quotaBytes });
  await propose(
    context,
    { kind: CommandKind.alarm, payload: AlarmRequest.encode(alarm), response: 'alarm' },
    signal,
  );
  throw new StoreError('no-space');
}

function hasAlarm(context: ApiContext, alarm: number): boolean {
  return context.alarms().some((active) => active.alarm === alarm);
}
