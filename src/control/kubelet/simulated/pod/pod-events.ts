import type { Clock } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';
import type { Prng } from '../../../../base/prng.js';
import type { Event, Pod } from '../../../api/gen/core-v1.js';
import { apiResource, type ControlClient, UnreachableError } from '../../../client/index.js';
import { StatusError } from '../../../machinery/status.js';
import { formatTime } from '../../../machinery/time.js';
import type { PodNews } from './pod-run.js';

/** Kubelets write the older of the two kinds of events. */
const events = apiResource<Event>('v1', 'events', 'Event');
const waitingMax = 2000;
const writers = 4;

/** What an event says of a container. */
interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes pods' events behind, a few at a time; what comes while too many wait is dropped. */
export class PodEventWriter {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #logger: Logger;
  readonly #waiting: Event[] = [];
  #writing = 0;
  #dropped = 0;

  constructor(parts: {
    readonly client: ControlClient;
    readonly clock: Clock;
    readonly prng: Prng;
    readonly logger: Logger;
  }) {
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#prng = parts.prng;
    this.#logger = parts.logger;
  }

  /** Events of what happened in a pod on a node. */
  write(pod: Pod, node: string, news: readonly PodNews[]): void {
    for (const each of news) {
      for (const text of textsOf(pod, each)) this.#add(this.#eventOf(pod, node, each, text));
    }
  }

  #add(event: Event): void {
    if (this.#waiting.length < waitingMax) this.#waiting.push(event);
    else if (this.#dropped++ === 0) {
      this.#logger.warn('events are dropped: more happens than can be written', { waitingMax });
    }
    while (this.#writing < writers && this.#waiting.length > 0) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#writing++;
    try {
      for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
        await this.#client.objects(events).create(event);
      }
    } catch (error) {
      // An event less: its namespace is going, or the server is away.
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      this.#logger.debug('an event was not written', { error: error.message });
    } finally {
      this.#writing--;
    }
  }

  #eventOf(pod: Pod, node: string, { container }: PodNews, text: EventText): Event {
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = pod.metadata;
    const { plan } = container;
    const list = plan.isInit ? 'initContainers' : 'containers';
    const time = formatTime(this.#clock.wallTime());
    return {
      metadata: { name: `${name}.${this.#prng.uint64().toString(16)}`, namespace },
      involvedObject: {
        ...{ apiVersion: 'v1', kind: 'Pod', name, namespace, uid, resourceVersion },
        fieldPath: `spec.${list}{${plan.name}}`,
      },
      ...text,
      source: { component: 'kubelet', host: node },
      reportingComponent: 'kubelet',
      reportingInstance: node,
      ...{ firstTimestamp: time, lastTimestamp: time, count: 1 },
    };
  }
}

/** What a kubelet says of it. */
function textsOf({ metadata }: Pod, { news, container }: PodNews): EventText[] {
  const { name, image } = container.plan;
  switch (news) {
    case 'started': {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      return [
        { type: 'Normal', reason: 'Pulled', message },
        { type: 'Normal', reason: 'Created', message: 'Container created' },
        { type: 'Normal', reason: 'Started', message: 'Container started' },
      ];
    }
    case 'killing':
      return [{ type: 'Normal', reason: 'Killing', message: `Stopping container ${name}` }];
    case 'backoff': {
      const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
      const message = `Back-off restarting failed container ${name} in pod ${pod}`;
      return [{ type: 'Warning', reason: 'BackOff', message }];
    }
  }
}
