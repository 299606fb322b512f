import dnsPacket from 'dns-packet';
import { type Clock, sleep } from '../../base/clock.js';
import type { Node } from '../../control/api/gen/core-v1.js';
import { type ControlClient, resources, UnreachableError } from '../../control/client/index.js';
import { askOverNetwork } from '../../control/dns/index.js';
import { StatusError } from '../../control/machinery/status.js';
import type { Address } from '../../host/net.js';
import { WebClient, WebClientError } from '../../rpc/index.js';
import type { Console } from './console.js';

/** Something that a cluster is ready with. */
export interface ReadinessCheck {
  /** For the reader, when it is: `node-1 takes pods`. */
  readonly text: string;
  /** Rejects with StatusError, UnreachableError or WebClientError when it cannot be told. */
  isReady(signal: AbortSignal): Promise<boolean>;
}

const pollMs = 150;
const askMs = 2000;

/** Waits until all are ready, and says so of each; false when the signal came first. */
export async function untilReady(
  checks: readonly ReadinessCheck[],
  parts: { readonly clock: Clock; readonly console: Console; readonly signal: AbortSignal },
): Promise<boolean> {
  const { clock, console, signal } = parts;
  const untilOne = async (check: ReadinessCheck) => {
    while (!signal.aborted) {
      if (await asks(check, signal)) {
        console.good(check.text);
        return;
      }
      await sleep(clock, pollMs, signal).catch(() => {}); // The run is over.
    }
  };
  await Promise.all(checks.map(untilOne));
  return !signal.aborted;
}

async function asks(check: ReadinessCheck, signal: AbortSignal): Promise<boolean> {
  try {
    return await check.isReady(signal);
  } catch (error) {
    const isNotYet =
      error instanceof StatusError ||
      error instanceof UnreachableError ||
      error instanceof WebClientError;
    if (isNotYet || signal.aborted) return false;
    throw error;
  }
}

/** A program of which one leads has a leader since then. */
export function leaderCheck(
  client: ControlClient,
  {
    lease,
    text,
    sinceMs,
  }: { readonly lease: string; readonly text: string; readonly sinceMs: number },
): ReadinessCheck {
  return {
    text,
    async isReady(signal) {
      const place = { namespace: 'kube-system', name: lease };
      const { spec } = await client.objects(resources.leases).get(place, { signal });
      return isSince(spec?.renewTime, sinceMs);
    },
  };
}

/** The node has shown a sign of life since then, and takes pods. */
export function nodeCheck(
  client: ControlClient,
  about: {
    readonly name: string;
    readonly sinceMs: number;
    /** Called whenever it was looked at. */
    readonly onNode: (node: Node) => Promise<void>;
  },
): ReadinessCheck {
  const { name, sinceMs, onNode } = about;
  return {
    text: `${name} takes pods`,
    async isReady(signal) {
      const place = { namespace: 'kube-node-lease', name };
      const { spec } = await client.objects(resources.leases).get(place, { signal });
      if (!isSince(spec?.renewTime, sinceMs)) return false;
      const node = await client.objects(resources.nodes).get({ name }, { signal });
      await onNode(node);
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' && isSince(ready.lastHeartbeatTime, sinceMs - secondMs);
    },
  };
}

/** All these nodes take pods. */
export function simulatedCheck(client: ControlClient, names: readonly string[]): ReadinessCheck {
  return {
    text: `${names.length} simulated nodes take pods`,
    async isReady(signal) {
      const { items } = await client.objects(resources.nodes).list({ signal });
      const ready = new Set(items.filter(isNodeReady).map(({ metadata }) => metadata.name));
      return names.every((name) => ready.has(name));
    },
  };
}

function isNodeReady({ status }: Node): boolean {
  return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
}

/** Pods can be made: the account that they have without another is there. */
export function accountCheck(client: ControlClient): ReadinessCheck {
  return {
    text: 'the controllers have made the default account',
    async isReady(signal) {
      const place = { namespace: 'default', name: 'default' };
      await client.objects(resources.serviceAccounts).get(place, { signal });
      return true;
    },
  };
}

/** A page over HTTP is answered with 200. */
export function pageCheck(
  clock: Clock,
  { url, text }: { readonly url: string; readonly text: string },
): ReadinessCheck {
  return {
    text,
    async isReady(signal) {
      const web = new WebClient({ clock });
      try {
        const response = await web.request({ url, timeoutMs: askMs, signal });
        response.cancel();
        return response.status === 200;
      } finally {
        web.close();
      }
    },
  };
}

/** The name server knows the service of the API server. */
export function nameCheck(clock: Clock, server: Address): ReadinessCheck {
  const ask = askOverNetwork(clock, askMs);
  const name = 'kubernetes.default.svc.cluster.local';
  const query = dnsPacket.encode({ type: 'query', id: 1, questions: [{ type: 'A', name }] });
  return {
    text: `the cluster's DNS answers on ${server.host}:${server.port}`,
    async isReady() {
      const answer = await ask(query, server);
      return answer !== null && (dnsPacket.decode(Buffer.from(answer)).answers ?? []).length > 0;
    },
  };
}

/** Times of conditions are whole seconds. */
const secondMs = 1000;

function isSince(time: string | undefined, sinceMs: number): boolean {
  return time !== undefined && Date.parse(time) >= sinceMs;
}
