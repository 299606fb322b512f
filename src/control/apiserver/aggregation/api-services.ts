import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { ApiResource } from '../../api/discovery/api-resource.js';
import type { Discovery } from '../../api/discovery/discovery.js';
import type { APIService, APIServiceCondition } from '../../api/gen/apiregistration-v1.js';
import { groupPriority, isBuiltInGroup, versionPriority } from '../../api/group-priority.js';
import type { Scheme } from '../../api/scheme.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { KubeObject } from '../../machinery/object.js';
import { apiVersionOf } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { serviceUnavailable } from '../../machinery/status-errors.js';
import { formatTime } from '../../machinery/time.js';
import type { Exchange } from '../exchange.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { followAll } from '../registry/follow-all.js';
import type { ServerWrites } from '../registry/server-writes.js';
import {
  ApiServiceClient,
  type ApiServiceClientOptions,
  identityHeaders,
} from './api-service-client.js';
import { proxyToApiService } from './api-service-proxy.js';
import { ServiceAddressError } from './service-address.js';

/** What aggregation needs. */
export interface ApiServicesOptions extends ApiServiceClientOptions {
  readonly scheme: Scheme;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
}

const resource = { group: 'apiregistration.k8s.io', resource: 'apiservices' };
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';
/** Between looks at servers that answer, and at those that do not. */
const checkMs = 30_000;
const recheckMs = 2000;
const checkTimeoutMs = 5000;
const checker = { name: 'system:kube-aggregator', uid: '', groups: ['system:masters'], extra: {} };

/** What is known of a server behind an APIService. */
interface External {
  service: APIService;
  isAvailable: boolean;
  resources: readonly ApiResource[];
  nextCheckMs: number;
}

/**
 * The API as the union of what is served here and by other servers: every version of a group has an APIService. Those of versions that
 * are served here are made here; those that name a service are passed on to it, as long as it answers.
 */
export class ApiServices {
  readonly #options: ApiServicesOptions;
  readonly #client: ApiServiceClient;
  readonly #known = new Map<string, APIService>();
  readonly #external = new Map<string, External>();
  #wake: () => void = () => {};

  constructor(options: ApiServicesOptions) {
    this.#options = options;
    this.#client = new ApiServiceClient(options);
  }

  /** Answers what belongs to another server; false when the request is none of its. */
  async answer(exchange: Exchange): Promise<boolean> {
    const [root, group = '', version = ''] = exchange.info.path.split('/').slice(1);
    if (root !== 'apis' || this.#external.size === 0) return false;
    const external = this.#external.get(`${version}.${group}`);
    if (external === undefined) return false;
    if (!external.isAvailable) throw serviceUnavailable('service unavailable');
    await proxyToApiService(exchange, external.service, this.#client);
    return true;
  }

  /** Follows APIServices; resolves once all that there are were told. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, logger, endpoints } = this.#options;
    const follower = {
      upsert: (object: KubeObject) => this.#upsert(object as APIService),
      remove: (object: KubeObject) => this.#remove(object as APIService),
    };
    await followAll(endpoints, [{ resource, follower }], { clock, logger, signal });
  }

  /** Keeps APIServices of what is served here, and looks after the other servers, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, scheme } = this.#options;
    const stopListening = scheme.onChange(() => this.#wake());
    while (!signal.aborted) {
      let isDone = false;
      try {
        await this.#syncLocal();
        isDone = true;
        await this.#checkDue(signal);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (!signal.aborted) logger.debug('APIServices are not settled yet', { error: text });
      }
      await this.#pause(isDone ? recheckMs : 500, signal, clock);
    }
    stopListening();
  }

  async #pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await sleep(clock, ms, AbortSignal.any([signal, woken.signal])).catch(() => {});
  }

  #upsert(service: APIService): void {
    const name = service.metadata.name ?? '';
    this.#known.set(name, service);
    if (service.spec?.service === undefined) {
      if (this.#external.delete(name)) this.#publish();
      return;
    }
    const before = this.#external.get(name);
    if (before === undefined) {
      const isAvailable = conditionOf(service)?.status === 'True';
      this.#external.set(name, { service, isAvailable, resources: [], nextCheckMs: 0 });
      this.#wake();
      return;
    }
    const isChanged = !deepEqual(before.service.spec, service.spec);
    before.service = service;
    if (!isChanged) return;
    before.nextCheckMs = 0;
    this.#wake();
  }

  #remove(service: APIService): void {
    const name = service.metadata.name ?? '';
    this.#known.delete(name);
    if (this.#external.delete(name)) this.#publish();
    this.#wake();
  }

  /** Every version that is served here has its APIService, and those that we made for versions that are gone go. */
  async #syncLocal(): Promise<void> {
    const { scheme, writes } = this.#options;
    const wanted = new Map<string, APIService>();
    for (const { group, versions } of scheme.groups())
      for (const { version } of versions)
        wanted.set(`${version}.${group}`, localService(group, version));
    for (const [name, service] of wanted) {
      if (this.#known.has(name)) continue;
      await writes.ensure(resource, '', service);
    }
    for (const [name, { metadata, spec }] of this.#known) {
      const isOurs = metadata.labels?.[managedLabel] === 'true' && spec?.service === undefined;
      if (isOurs && !wanted.has(name)) await writes.remove({ resource, namespace: '', name });
    }
  }

  async #checkDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const due = [...this.#external].filter(([, { nextCheckMs }]) => nextCheckMs <= clock.now());
    await Promise.all(due.map(([name, external]) => this.#check(name, external, signal)));
  }

  async #check(name: string, external: External, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { group = '', version = '' } = external.service.spec ?? {};
    let verdict: Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;
    try {
      const answer = await this.#client.request(external.service, {
        method: 'GET',
        target: `/apis/${apiVersionOf({ group, version })}`,
        headers: { accept: 'application/json', ...identityHeaders(checker) },
        timeoutMs: checkTimeoutMs,
        signal,
      });
      const text = await textOf(answer.body);
      if (answer.status !== 200) throw new Error(`bad status from it: ${answer.status}`);
      external.resources = resourcesIn(text);
      verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      verdict = {
        status: 'False',
        reason: error instanceof ServiceAddressError ? error.reason : 'FailedDiscoveryCheck',
        message:
          error instanceof ServiceAddressError
            ? text
            : `failing or missing response from the service behind it: ${text}`,
      };
    }
    if (signal.aborted || this.#external.get(name) !== external) return;
    external.isAvailable = verdict.status === 'True';
    external.nextCheckMs = clock.now() + (external.isAvailable ? checkMs : recheckMs);
    this.#publish();
    await this.#report(name, verdict);
  }

  /** Writes what was found into the status, when it is news. */
  async #report(
    name: string,
    verdict: Pick<APIServiceCondition, 'status' | 'reason' | 'message'>,
  ): Promise<void> {
    const { writes, clock } = this.#options;
    const now = this.#known.get(name);
    const before = now && conditionOf(now);
    if (
      before?.status === verdict.status &&
      before?.reason === verdict.reason &&
      before?.message === verdict.message
    )
      return;
    const changedAt = before?.status === verdict.status ? before?.lastTransitionTime : undefined;
    const lastTransitionTime = changedAt ?? formatTime(clock.wallTime());
    const condition = { type: 'Available', ...verdict, lastTransitionTime };
    await writes
      .update(
        { resource, namespace: '', name },
        (current) => ({ ...current, status: { conditions: [condition] } }) as KubeObject,
        'status',
      )
      .catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      });
  }

  #publish(): void {
    const versions = [...this.#external.values()].map(({ service, resources, isAvailable }) => ({
      group: service.spec?.group ?? '',
      version: service.spec?.version ?? '',
      groupPriority: service.spec?.groupPriorityMinimum ?? 0,
      versionPriority: service.spec?.versionPriority ?? 0,
      resources,
      isStale: !isAvailable,
    }));
    this.#options.discovery.setExternal(versions);
  }
}

function localService(group: string, version: string): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { [managedLabel]: isBuiltInGroup(group) ? 'onstart' : 'true' },
    },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: groupPriority(group),
      versionPriority: versionPriority(group, version),
    },
    status: {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    },
  };
}

function conditionOf({ status }: APIService): APIServiceCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Available');
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** What an APIResourceList names; throws when it is none. */
function resourcesIn(text: string): readonly ApiResource[] {
  const document: unknown = JSON.parse(text);
  const list = isJsonObject(document) ? document.resources : undefined;
  if (!Array.isArray(list)) throw new Error('it answered no APIResourceList');
  return list.filter(isJsonObject) as unknown as readonly ApiResource[];
}
