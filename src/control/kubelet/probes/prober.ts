import type { ContainerPort, HTTPGetAction, Pod, Probe } from '../../api/gen/core-v1.js';

/** What came of asking. */
export interface ProbeAnswer {
  readonly result: 'success' | 'failure' | 'unknown';
  /** What was said, for the event. */
  readonly output: string;
}

/** Asks containers how they are. Resolves with the answer, whatever goes wrong. */
export interface Prober {
  probe(target: ProbeTarget, probe: Probe, timeoutMs: number): Promise<ProbeAnswer>;
}

/** A container that is asked. */
export interface ProbeTarget {
  readonly pod: Pod;
  readonly containerId: string;
  readonly ports: readonly ContainerPort[];
  /** Where its ports are; '' when it has no address. */
  readonly host: string;
}

/** The number of a port that a probe or a hook names; null: there is none of that name. Pure. */
export function portNumber(port: string | number | undefined, ports: readonly ContainerPort[]) {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort;
  if (named !== undefined) return named;
  const value = Number(port);
  return Number.isInteger(value) && value > 0 && value < 65_536 ? value : null;
}

/** What an HTTP action asks for; null: its port is not known. Pure. */
export function httpActionUrl(action: HTTPGetAction, target: ProbeTarget): string | null {
  const port = portNumber(action.port, target.ports);
  if (port === null) return null;
  const given = action.host ?? '';
  const host = given === '' ? target.host : given;
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = action.path ?? '/';
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${bracketed}:${port}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** The header fields of an HTTP action, with those that every probe has. Pure. */
export function httpActionHeaders(
  { httpHeaders = [] }: HTTPGetAction,
  agent: string,
): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': agent, accept: '*/*' };
  for (const { name = '', value = '' } of httpHeaders) {
    const key = name.toLowerCase();
    if (value === '' && key in headers) delete headers[key];
    else headers[key] = value;
  }
  return headers;
}
