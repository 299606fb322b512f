import type { Pod } from '../../api/gen/core-v1.js';
import type { JsonValue } from '../../machinery/json.js';
import type { ExtenderConfiguration } from '../config/scheduler-configuration.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { NodeList, PluginStatus } from '../framework/plugin.js';
import type { PreemptionExtender, ProposedVictims } from '../framework/scheduler-handle.js';
import { entriesOf, fieldOf, integerOf, listOf, textOf } from './extender-answers.js';

/** Under this name pods wait that an extender has refused: any change of the cluster lets them be tried again. */
export const extenderName = 'Extender';

/** Posts JSON to an extender. Rejects for what goes wrong on the way. */
export type ExtenderPost = (request: {
  readonly url: string;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** What an extender's filter says. */
export interface ExtenderFiltered {
  readonly passed: readonly NodeInfo[];
  /** Of all that did not pass. */
  readonly refused: ReadonlyMap<NodeInfo, PluginStatus>;
}

/** Nothing was said about a node that did not pass. */
const dropped: PluginStatus = { code: 'unresolvable', reasons: [], plugin: extenderName };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server that is asked about pods besides the plugins (Kubernetes' extender/v1, JSON over HTTP). What it is asked rejects with Error. */
export class Extender implements PreemptionExtender {
  readonly configuration: ExtenderConfiguration;
  readonly #post: ExtenderPost;
  readonly #managed: ReadonlySet<string>;
  readonly #signal: AbortSignal;

  /** What is under way ends when the signal aborts. */
  constructor(configuration: ExtenderConfiguration, post: ExtenderPost, signal: AbortSignal) {
    this.configuration = configuration;
    this.#post = post;
    this.#managed = new Set(configuration.managedResources.map(({ name }) => name));
    this.#signal = signal;
  }

  get name(): string {
    return this.configuration.urlPrefix;
  }

  get isIgnorable(): boolean {
    return this.configuration.ignorable;
  }

  /** Whether it is to be asked about a pod at all: for the sake of its resources. */
  isInterestedIn({ spec }: Pod): boolean {
    if (this.#managed.size === 0) return true;
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
    return containers.some(({ resources }) =>
      [resources?.requests, resources?.limits].some((amounts) =>
        Object.keys(amounts ?? {}).some((name) => this.#managed.has(name)),
      ),
    );
  }

  /** Which of the nodes can do. */
  async filter({ pod }: PodInfo, nodes: readonly NodeInfo[]): Promise<ExtenderFiltered> {
    const answer = await this.#ask(this.configuration.filterVerb, this.#nodeArguments(pod, nodes));
    const error = textOf(answer, 'Error');
    if (error !== '') throw new Error(error);
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const passed = this.#passedNames(answer).map((name) => {
      const node = byName.get(name);
      if (node !== undefined) return node;
      throw new Error(
        `extender ${JSON.stringify(this.name)} claims a filtered node ${JSON.stringify(name)} which is not found in the input node list`,
      );
    });
    const statuses = refusals(answer);
    const kept = new Set(passed);
    const refused = nodes.filter((node) => !kept.has(node));
    return {
      passed,
      refused: new Map(refused.map((node) => [node, statuses.get(node.name) ?? dropped])),
    };
  }

  /** What it gives for nodes, by their names, weighted: to be added to the scores of plugins, which are up to 100 times their weight. */
  async prioritize({ pod }: PodInfo, nodes: readonly NodeInfo[]): Promise<Map<string, number>> {
    const { prioritizeVerb, weight } = this.configuration;
    const answer = await this.#ask(prioritizeVerb, this.#nodeArguments(pod, nodes));
    if (!Array.isArray(answer)) throw new Error('the extender gives no list of scores');
    return new Map(
      answer.map((each) => [textOf(each, 'Host'), integerOf(each, 'Score') * weight * scoreFactor]),
    );
  }

  async bind({ pod }: PodInfo, nodeName: string): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const answer = await this.#ask(this.configuration.bindVerb, {
      ...{ PodName: name, PodNamespace: namespace, PodUID: uid, Node: nodeName },
    });
    const error = textOf(answer, 'Error');
    if (error !== '') throw new Error(error);
  }

  async processPreemption(
    { pod }: PodInfo,
    victims: ReadonlyMap<string, ProposedVictims>,
    nodes: NodeList,
  ): Promise<ReadonlyMap<string, ProposedVictims>> {
    const { nodeCacheCapable, preemptVerb } = this.configuration;
    const proposed = [...victims].map(([nodeName, { pods, budgetViolations }]) => [
      nodeName,
      {
        Pods: pods.map((victim) => (nodeCacheCapable ? { UID: victim.uid } : victim.pod)),
        NumPDBViolations: budgetViolations,
      },
    ]);
    const field = nodeCacheCapable ? 'NodeNameToMetaVictims' : 'NodeNameToVictims';
    const answer = await this.#ask(preemptVerb, {
      ...{ Pod: pod, NodeNameToVictims: null, NodeNameToMetaVictims: null },
      [field]: Object.fromEntries(proposed),
    });
    return new Map(
      entriesOf(answer, 'NodeNameToMetaVictims').map(([nodeName, meta]) => [
        nodeName,
        {
          pods: (listOf(meta, 'Pods') ?? []).map((victim) =>
            this.#victim(textOf(victim, 'UID'), nodeName, nodes),
          ),
          budgetViolations: integerOf(meta, 'NumPDBViolations'),
        },
      ]),
    );
  }

  #victim(uid: string, nodeName: string, nodes: NodeList): PodInfo {
    const victim = nodes.get(nodeName)?.pods.find((pod) => pod.uid === uid);
    if (victim !== undefined) return victim;
    throw new Error(
      `extender: ${this.name} claims to preempt pod (UID: ${uid}) on node: ${nodeName}, but the pod is not found on that node`,
    );
  }

  /** Names, to those that know the nodes; or the nodes. */
  #nodeArguments(pod: Pod, nodes: readonly NodeInfo[]): object {
    if (this.configuration.nodeCacheCapable)
      return { Pod: pod, Nodes: null, NodeNames: nodes.map(({ name }) => name) };
    const items = nodes.map(({ node }) => node);
    return { Pod: pod, Nodes: { metadata: {}, items }, NodeNames: null };
  }

  #passedNames(answer: JsonValue): readonly string[] {
    const names = this.configuration.nodeCacheCapable ? listOf(answer, 'NodeNames') : null;
    if (names !== null) return names.map(String);
    const nodes = listOf(fieldOf(answer, 'Nodes'), 'items') ?? [];
    return nodes.map((node) => textOf(fieldOf(node, 'metadata'), 'name'));
  }

  async #ask(verb: string, what: object): Promise<JsonValue> {
    const url = `${this.name.replace(/\/+$/, '')}/${verb}`;
    const { timeoutMs } = this.configuration;
    const body = encoder.encode(JSON.stringify(what));
    const answer = await this.#post({ url, body, timeoutMs, signal: this.#signal });
    if (answer.status !== 200)
      throw new Error(`failed ${verb} with extender at URL ${url}, code ${answer.status}`);
    return JSON.parse(decoder.decode(answer.body)) as JsonValue;
  }
}

/** Extenders give 10 at most, plugins 100. */
const scoreFactor = 10;

/** What is said of nodes; that nobody who leaves them can help goes before. */
function refusals(answer: JsonValue): ReadonlyMap<string, PluginStatus> {
  const statuses = new Map<string, PluginStatus>();
  const shared = new Map<string, PluginStatus>();
  const say = (field: string, code: PluginStatus['code']) => {
    for (const [name, reason] of entriesOf(answer, field)) {
      const key = `${code} ${String(reason)}`;
      const status = shared.get(key) ?? { code, reasons: [String(reason)], plugin: extenderName };
      shared.set(key, status);
      statuses.set(name, status);
    }
  };
  say('FailedNodes', 'unschedulable');
  say('FailedAndUnresolvableNodes', 'unresolvable');
  return statuses;
}
