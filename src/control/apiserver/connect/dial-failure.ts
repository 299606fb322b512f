import type { WebClientError } from '../../../rpc/web-errors.js';

const dialTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** Why a server was not reached at an address (`host:port`), as users of Kubernetes know it. */
export function dialFailureText(error: WebClientError, address: string): string {
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND') {
    const host = address.slice(0, address.lastIndexOf(':'));
    return `dial tcp: lookup ${host}: no such host`;
  }
  const known = dialTexts[code];
  if (error.code === 'connect' && known !== undefined) return `dial tcp ${address}: ${known}`;
  if (error.code === 'tls' && cause instanceof Error)
    return `tls: failed to verify certificate: x509: ${cause.message}`;
  return cause instanceof Error ? cause.message : error.message;
}
