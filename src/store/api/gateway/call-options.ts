import type { CallOptions } from '../../../rpc/service.js';
import type { WebRequest } from '../../../rpc/web.js';
import { malformed } from './errors.js';

const prefix = 'grpc-metadata-';
/** What gRPC's own header fields are named, or would be taken for. */
const reserved = /^(grpc-.*|content-type|te|user-agent|connection|host)$/;
const metadataName = /^[0-9a-z_.-]+$/;
const metadataValue = /^[\x20-\x7e]*$/;
const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * What a request's header fields say of the call: `Grpc-Timeout`, `Authorization`, and metadata as `Grpc-Metadata-NAME`. Throws
 * `invalidArgument` for a timeout that is none.
 */
export function callOptionsOf({ headers, signal }: WebRequest): CallOptions {
  const metadata: Record<string, string> = {};
  for (const [field, value] of headers) {
    const name = nameOf(field);
    if (name !== null && metadataValue.test(value)) metadata[name] = value;
  }
  const timeout = headers.get('grpc-timeout');
  return { metadata, signal, ...(timeout !== undefined && { timeoutMs: timeoutMsOf(timeout) }) };
}

function nameOf(field: string): string | null {
  if (field === 'authorization') return field;
  if (!field.startsWith(prefix)) return null;
  const name = field.slice(prefix.length);
  return metadataName.test(name) && !reserved.test(name) ? name : null;
}

/** gRPC over HTTP/2, "Timeout": up to eight digits and a unit. */
function timeoutMsOf(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (amount === undefined) throw malformed(`invalid grpc-timeout: ${text.slice(0, 32)}`);
  return Number(amount) * (unitMs[unit] ?? 0);
}
