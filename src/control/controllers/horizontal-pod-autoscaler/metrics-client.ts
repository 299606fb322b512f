import { parseGoDuration } from '../../../base/go-duration.js';
import type { CrossVersionObjectReference } from '../../api/gen/autoscaling-v2.js';
import { apiResource, type ControlClient } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import type { KubeObject } from '../../machinery/object.js';
import { Quantity } from '../../machinery/quantity.js';
import { StatusError } from '../../machinery/status.js';
import { parseTime } from '../../machinery/time.js';
import type { ScaleTargets } from '../scale-targets/scale-targets.js';
import { MetricError, type PodSample, type PodSamples } from './samples.js';

/** A list of metrics.k8s.io. */
interface PodMetrics extends KubeObject {
  readonly timestamp?: string;
  /** A duration as Go writes it, as `30s`. */
  readonly window?: string;
  readonly containers?: readonly {
    readonly name?: string;
    readonly usage?: Readonly<Record<string, string>>;
  }[];
}

interface MetricValue {
  readonly describedObject?: { readonly name?: string };
  readonly timestamp?: string;
  readonly windowSeconds?: number;
  readonly value?: string | number;
}

const podMetrics = apiResource<PodMetrics>('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics');
/** Of sources that do not say over how long they measure. */
const windowMsDefault = 60_000;

type Control = { readonly signal: AbortSignal };

/** Reads metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io. Everything rejects with MetricError, and UnreachableError. */
export class MetricsClient {
  readonly #client: ControlClient;
  readonly #targets: ScaleTargets;

  constructor(client: ControlClient, targets: ScaleTargets) {
    this.#client = client;
    this.#targets = targets;
  }

  /** What the pods of a selector use of a resource; `container`: '' for all of each pod. */
  async resource(
    of: {
      readonly resource: string;
      readonly namespace: string;
      readonly selector: string;
      readonly container: string;
    },
    control: Control,
  ): Promise<PodSamples> {
    const { namespace, selector, container, resource } = of;
    const list = this.#client.objects(podMetrics).list({
      ...{ namespace, labelSelector: selector, resourceVersion: '0' },
      ...control,
    });
    const { items } = await list.catch(
      toMetricError('unable to fetch metrics from resource metrics API', 'get pods.metrics.k8s.io'),
    );
    if (items.length === 0) throw new MetricError('no metrics returned from resource metrics API');
    const samples = new Map<string, PodSample>();
    for (const item of items) {
      const value =
        container === '' ? podUsage(item, resource) : containerUsage(item, container, resource);
      if (value === null) continue;
      const { timestamp, window = '' } = item;
      samples.set(item.metadata.name ?? '', {
        ...{ value, atMs: parseTime(String(timestamp ?? '')) ?? 0 },
        windowMs: windowMs(String(window)),
      });
    }
    return samples;
  }

  /** A metric of each pod of a selector. */
  async pods(
    of: {
      readonly metric: string;
      readonly namespace: string;
      readonly selector: string;
      readonly metricSelector: string;
    },
    control: Control,
  ): Promise<PodSamples> {
    const { metric, namespace, selector, metricSelector } = of;
    const path = `namespaces/${namespace}/pods/*/${metric}`;
    const items = await this.#custom(
      path,
      { labelSelector: selector, metricLabelSelector: metricSelector },
      control,
    );
    if (items.length === 0) throw new MetricError('no metrics returned from custom metrics API');
    return new Map(
      items.map(({ describedObject, timestamp, windowSeconds, value }) => [
        describedObject?.name ?? '',
        {
          value: milli(value),
          atMs: parseTime(String(timestamp ?? '')) ?? 0,
          windowMs: windowSeconds === undefined ? windowMsDefault : windowSeconds * 1000,
        },
      ]),
    );
  }

  /** A metric of one object, in thousandths. */
  async object(
    of: {
      readonly metric: string;
      readonly namespace: string;
      readonly object: CrossVersionObjectReference;
      readonly metricSelector: string;
    },
    control: Control,
  ): Promise<number> {
    const { metric, namespace, object, metricSelector } = of;
    const items = await this.#custom(
      await this.#objectPath(namespace, object, metric, control),
      { metricLabelSelector: metricSelector },
      control,
    );
    const [first] = items;
    if (first === undefined) throw new MetricError('no metrics returned from custom metrics API');
    return milli(first.value);
  }

  /** A metric of something outside, in thousandths, summed up. */
  async external(
    of: { readonly metric: string; readonly namespace: string; readonly selector: string },
    { signal }: Control,
  ): Promise<number> {
    const { metric, namespace, selector } = of;
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(metric)}`;
    const list = await this.#client
      .document(`${path}${query({ labelSelector: selector })}`, { signal })
      .catch(
        toMetricError(
          'unable to fetch metrics from external metrics API',
          `get ${metric}.external.metrics.k8s.io`,
        ),
      );
    const items = valuesOf(list);
    if (items.length === 0) throw new MetricError('no metrics returned from external metrics API');
    return items.reduce((sum, { value }) => sum + milli(value), 0);
  }

  async #objectPath(
    namespace: string,
    object: CrossVersionObjectReference,
    metric: string,
    control: Control,
  ): Promise<string> {
    const { kind = '', name = '' } = object;
    if (kind === 'Namespace') return `namespaces/${name}/metrics/${metric}`;
    const resource = await this.#targets
      .resourceOf(object, control)
      .catch(toMetricError('unable to fetch metrics from custom metrics API', ''));
    if (resource === null) {
      throw new MetricError(
        `unable to fetch metrics from custom metrics API: no matches for kind "${kind}"`,
      );
    }
    const of = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
    return resource.isNamespaced
      ? `namespaces/${namespace}/${of}/${name}/${metric}`
      : `${of}/${name}/${metric}`;
  }

  async #custom(
    path: string,
    parameters: Readonly<Record<string, string>>,
    { signal }: Control,
  ): Promise<readonly MetricValue[]> {
    const root = '/apis/custom.metrics.k8s.io';
    const fail = toMetricError('unable to fetch metrics from custom metrics API', '');
    const group = await this.#client.document(root, { signal }).catch(fail);
    const preferred = (group as { preferredVersion?: JsonObject }).preferredVersion?.version;
    const version = typeof preferred === 'string' ? preferred : 'v1beta2';
    const document = this.#client.document(`${root}/${version}/${path}${query(parameters)}`, {
      signal,
    });
    return valuesOf(await document.catch(fail));
  }
}

/** For `catch`: what the API says, as a metric that cannot be had. */
function toMetricError(what: string, request: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof StatusError)) throw error;
    const isUnknown = error.message === 'the server could not find the requested resource';
    const about = isUnknown && request !== '' ? ` (${request})` : '';
    throw new MetricError(`${what}: ${error.message}${about}`, { cause: error });
  };
}

function query(parameters: Readonly<Record<string, string>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  if (given.length === 0) return '';
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** Null when a container does not say. */
function podUsage({ containers }: PodMetrics, resource: string): number | null {
  let sum = 0;
  for (const { usage } of containers ?? []) {
    const used = usage?.[resource];
    if (used === undefined) return null;
    sum += milli(used);
  }
  return sum;
}

function containerUsage(
  { metadata, containers }: PodMetrics,
  container: string,
  resource: string,
): number | null {
  const found = containers?.find(({ name }) => name === container);
  if (found === undefined) {
    const { namespace, name } = metadata;
    throw new MetricError(
      `container ${container} not present in metrics for pod ${namespace}/${name}`,
    );
  }
  const used = found.usage?.[resource];
  return used === undefined ? null : milli(used);
}

/** Whoever serves metrics may answer with anything. */
function milli(value: string | number | undefined): number {
  try {
    return Number(Quantity.fromJson(value ?? 0).milliValue());
  } catch (error) {
    throw new MetricError(`the value ${JSON.stringify(value)} is no quantity`, { cause: error });
  }
}

/** The values of a list; none when it is no list of them. */
function valuesOf({ items }: JsonObject): readonly MetricValue[] {
  return Array.isArray(items) ? (items.filter(isObject) as MetricValue[]) : [];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function windowMs(text: string): number {
  return parseGoDuration(text) ?? windowMsDefault;
}
