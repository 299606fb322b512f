import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { WebRequest } from '../../../rpc/web.js';
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
  /** Path and query of its document of OpenAPI 3; null: it has none. */
  openApiUrl: string | null;
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
  /** Connections that were taken over end with it. */
  readonly #stopping = new AbortController();

  constructor(options: ApiServicesOptions) {
    this.#options = options;
    this.#client = new ApiServiceClient(options);
  }

  /** Answers what belongs to another server; false when the request is none of its. */
  async answer(exchange: Exchange): Promise<boolean> {
    const external = this.#externalOf(exchange.info.path);
    if (external === undefined) return false;
    await this.#passOn(exchange, external);
    return true;
  }

  /** Whether a request for another protocol is for one of the other servers. */
  takesUpgrade({ path }: Pick<WebRequest, 'path'>): boolean {
    return this.#externalOf(path) !== undefined;
  }

  /** What the index of OpenAPI 3 says of the documents of other servers. */
  openApiPaths(): Readonly<Record<string, { readonly serverRelativeURL: string }>> {
    const known = [...this.#external.values()].flatMap(({ service, openApiUrl }) => {
      const { group = '', version = '' } = service.spec ?? {};
      const name = `apis/${apiVersionOf({ group, version })}`;
      return openApiUrl === null ? [] : [[name, { serverRelativeURL: openApiUrl }] as const];
    });
    return Object.fromEntries(known);
  }

  /** Answers with the document of OpenAPI 3 of another server; false when the index does not name it. */
  async answerOpenApi(exchange: Exchange, name: string): Promise<boolean> {
    const external = this.#externalOf(`/${name}`);
    if (external === undefined || external.openApiUrl === null) return false;
    await this.#passOn(exchange, external);
    return true;
  }

  #externalOf(path: string): External | undefined {
    if (this.#external.size === 0) return undefined;
    const [root, group = '', version = ''] = path.split('/').slice(1);
    return root === 'apis' ? this.#external.get(`${version}.${group}`) : undefined;
  }

  async #passOn(exchange: Exchange, { service, isAvailable }: External): Promise<void> {
    if (!isAvailable) throw serviceUnavailable('service unavailable');
    const stopping = this.#stopping.signal;
    await proxyToApiService(exchange, service, { client: this.#client, stopping });
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
    this.#stopping.abort();
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
      this.#external.set(name, {
        service,
        isAvailable,
        resources: [],
        openApiUrl: null,
        nextCheckMs: 0,
      });
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
      external.openApiUrl = await this.#openApiUrl(external.service, signal);
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

  /** Where the server behind an APIService has the document of OpenAPI 3 of its version; null when it does not say. */
  async #openApiUrl(service: APIService, signal: AbortSignal): Promise<string | null> {
    const { group = '', version = '' } = service.spec ?? {};
    const answer = await this.#client.request(service, {
      ...{ method: 'GET', target: '/openapi/v3', timeoutMs: checkTimeoutMs, signal },
      headers: { accept: 'application/json', ...identityHeaders(checker) },
    });
    const text = await textOf(answer.body);
    return answer.status === 200 ? openApiUrlIn(text, apiVersionOf({ group, version })) : null;
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

/** Where an index of OpenAPI 3 has the document of a version; null when it names none of this server's own. */
function openApiUrlIn(text: string, apiVersion: string): string | null {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return null;
  }
  const paths = isJsonObject(index) ? index.paths : undefined;
  const entry = isJsonObject(paths) ? paths[`apis/${apiVersion}`] : undefined;
  const url = isJsonObject(entry) ? entry.serverRelativeURL : undefined;
  const isOwn = typeof url === 'string' && url.startsWith(`/openapi/v3/apis/${apiVersion}`);
  return isOwn ? url : null;
}

/** What an APIResourceList names; throws when it is none. */
function resourcesIn(text: string): readonly ApiResource[] {
  const document: unknown = JSON.parse(text);
  const list = isJsonObject(document) ? document.resources : undefined;
  if (!Array.isArray(list)) throw new Error('it answered no APIResourceList');
  return list.filter(isJsonObject) as unknown as readonly ApiResource[];
}
