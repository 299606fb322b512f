import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { WebRequest } from '../../../rpc/web.js';
import type { ApiResource } from '../../api/discovery/api-resource.js';
import type { Discovery } from '../../api/discovery/discovery.js';
import type { APIService, APIServiceCondition } from '../../api/gen/apiregistration-v1.js';
import type { Scheme } from '../../api/scheme.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { JsonObject } from '../../machinery/json.js';
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
import { AggregationMetrics, type RegenerationReason } from './aggregation-metrics.js';
import {
  ApiServiceClient,
  type ApiServiceClientOptions,
  identityHeaders,
} from './api-service-client.js';
import { proxyToApiService } from './api-service-proxy.js';
import { localService, managedLabel } from './local-service.js';
import { askForDocuments, noDocuments, type ServerDocuments, textOf } from './server-documents.js';
import { ServiceAddressError } from './service-address.js';

/** What aggregation needs. */
export interface ApiServicesOptions extends ApiServiceClientOptions {
  readonly scheme: Scheme;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly discovery: Discovery;
  /** Is told of the documents of OpenAPI 2 of other servers, those that count most first. */
  readonly openApi: { setOthers(documents: readonly JsonObject[]): void };
  readonly clock: Clock;
  readonly logger: Logger;
}

const resource = { group: 'apiregistration.k8s.io', resource: 'apiservices' };
/** Between looks at servers that answer, and at those that do not. */
const checkMs = 30_000;
const recheckMs = 2000;
const checkTimeoutMs = 5000;
/** Bytes that the discovery of a version may have. */
const discoveryBytesMax = 4 << 20;
const checker = { name: 'system:kube-aggregator', uid: '', groups: ['system:masters'], extra: {} };

/** What is known of a server behind an APIService. */
interface External {
  service: APIService;
  isAvailable: boolean;
  resources: readonly ApiResource[];
  documents: ServerDocuments;
  nextCheckMs: number;
}

/**
 * The API as the union of what is served here and by other servers: every version of a group has an APIService. Those of versions that
 * are served here are made here; those that name a service are passed on to it, as long as it answers.
 */
export class ApiServices {
  readonly metrics = new AggregationMetrics();
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
    const known = [...this.#external.values()].flatMap(({ service, documents }) => {
      const { group = '', version = '' } = service.spec ?? {};
      const name = `apis/${apiVersionOf({ group, version })}`;
      const serverRelativeURL = documents.version3Url;
      return serverRelativeURL === null ? [] : [[name, { serverRelativeURL }] as const];
    });
    return Object.fromEntries(known);
  }

  /** Answers with the document of OpenAPI 3 of another server; false when the index does not name it. */
  async answerOpenApi(exchange: Exchange, name: string): Promise<boolean> {
    const external = this.#externalOf(`/${name}`);
    if (external === undefined || external.documents.version3Url === null) return false;
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
      this.#forget(name);
      return;
    }
    const before = this.#external.get(name);
    if (before === undefined) {
      const isAvailable = conditionOf(service)?.status === 'True';
      this.#external.set(name, {
        service,
        isAvailable,
        resources: [],
        documents: noDocuments,
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
    this.#forget(name);
    this.#wake();
  }

  /** No other server serves it any more. */
  #forget(name: string): void {
    const external = this.#external.get(name);
    if (external === undefined) return;
    this.#external.delete(name);
    this.metrics.onRemoved(name);
    this.#publish();
    if (external.documents.version2 !== null) this.#publishOpenApi(name, 'delete');
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
      const text = await textOf(answer.body, discoveryBytesMax);
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
    this.metrics.onChecked(name, external.isAvailable, verdict.reason ?? '');
    external.nextCheckMs = clock.now() + (external.isAvailable ? checkMs : recheckMs);
    this.#publish();
    await this.#report(name, verdict);
    if (external.isAvailable) await this.#checkDocuments(name, external, signal);
  }

  /** What a server that answers says of itself. That it says nothing makes it no worse. */
  async #checkDocuments(name: string, external: External, signal: AbortSignal): Promise<void> {
    const before = external.documents;
    const documents = await askForDocuments(external.service, before, {
      ...{ client: this.#client, headers: identityHeaders(checker) },
      ...{ timeoutMs: checkTimeoutMs, signal },
    });
    if (signal.aborted || this.#external.get(name) !== external) return;
    external.documents = documents;
    if (deepEqual(before.version2, documents.version2)) return;
    const isNew = before.version2 === null;
    this.#publishOpenApi(name, isNew ? 'add' : documents.version2 === null ? 'delete' : 'update');
  }

  #publishOpenApi(name: string, reason: RegenerationReason): void {
    const weight = ({ service: { spec } }: External) =>
      [spec?.groupPriorityMinimum ?? 0, spec?.versionPriority ?? 0] as const;
    const byWeight = [...this.#external.values()].sort((a, b) => {
      const [[group, version], [otherGroup, otherVersion]] = [weight(a), weight(b)];
      return otherGroup - group || otherVersion - version;
    });
    this.metrics.onRegenerated(name, reason);
    const second = byWeight.map(({ documents }) => documents.version2);
    this.#options.openApi.setOthers(second.filter((document) => document !== null));
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

function conditionOf({ status }: APIService): APIServiceCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Available');
}

/** What an APIResourceList names; throws when it is none. */
function resourcesIn(text: string): readonly ApiResource[] {
  const document: unknown = JSON.parse(text);
  const list = isJsonObject(document) ? document.resources : undefined;
  if (!Array.isArray(list)) throw new Error('it answered no APIResourceList');
  return list.filter(isJsonObject) as unknown as readonly ApiResource[];
}
